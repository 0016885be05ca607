package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// TestShortEnough: Windows takes 259 characters, not bytes; the file that needs
// more is named.
func TestShortEnough(t *testing.T) {
	for _, test := range []struct {
		goos, dir, longest string
		need               string
	}{
		{"windows", `C:\` + strings.Repeat("ü", 96), strings.Repeat("ä", 159), ""},
		{"windows", `C:\` + strings.Repeat("ü", 97), strings.Repeat("ä", 159), "260 are needed, for ää"},
		{"windows", `C:\` + strings.Repeat("\U0001f600", 48), strings.Repeat("a", 160), "260 are needed, for aa"},
		{"linux", "/" + strings.Repeat("x", 300), "a", ""},
	} {
		err := shortEnough(test.goos, "updating", test.dir, units(test.dir), &archive.Manifest{LongestPath: test.longest})
		if (err == nil) != (test.need == "") || err != nil && (!strings.Contains(err.Error(), test.need) || fault.CodeOf(err, 0) != 2) {
			t.Errorf("%s: %v, want %q", test.dir, err, test.need)
		}
	}
}

// TestUpdateTooLong: a version with a path that Windows can't hold there is
// refused before anything is laid or stopped.
func TestUpdateTooLong(t *testing.T) {
	dist := t.TempDir()
	one := packReal(t, dist, "1.0")
	two := packAs(t, dist, "2.0", archive.FormatTarGz, func(stage string) { mkfile(t, filepath.Join(stage, "parts", strings.Repeat("x", 250)), "") })
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	o := realOptions(t, two, into)
	o.OS, o.Stop = "windows", "stop the application"
	if _, err := Update(t.Context(), o); err == nil || !strings.Contains(err.Error(), "Windows takes 259 characters") || !strings.Contains(err.Error(), "parts/xx") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(filepath.Join(into, filepath.FromSlash(archive.IncomingDir))); err == nil || numberIn(t, into) != "1.0" {
		t.Errorf("something was laid; version %s", numberIn(t, into))
	}
}
