package release

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGather(t *testing.T) {
	dir := dist(t, targets)
	// Artifacts may each come in their own directory; documents of an earlier run and reports for people don't count.
	sub := filepath.Join(dir, "cp313-win_amd64")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"site-1.0-cp313-win_amd64.zip", "site-1.0-cp313-win_amd64.json"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(sub, name)); err != nil {
			t.Fatal(err)
		}
	}
	// Nor does what pack keeps of a proof that failed, or of one that runs.
	const archive = "site-1.0-cp313-manylinux_2_28_x86_64.tar.gz"
	for _, d := range []string{Unproved, "." + archive + ".123"} {
		if err := errors.Join(os.Mkdir(filepath.Join(dir, d), 0o755), os.WriteFile(filepath.Join(dir, d, archive), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{IndexName, SumsName, "site-1.0.cdx.json", "site-1.0-cp313-win_amd64.html"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Gather(dir, wanted(targets), MaxAssetSize)
	if err != nil || len(set.Archives) != 3 {
		t.Fatal(set, err)
	}
}

func TestGatherRefuses(t *testing.T) {
	write := func(name, data string) func(string) {
		return func(dir string) { os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644) }
	}
	const win, winSidecar = "site-1.0-cp313-win_amd64.zip", "site-1.0-cp313-win_amd64.json"
	replace := func(old, new string) func(string) {
		return func(dir string) {
			b, _ := os.ReadFile(filepath.Join(dir, winSidecar))
			os.WriteFile(filepath.Join(dir, winSidecar), []byte(strings.Replace(string(b), old, new, 1)), 0o644)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(dir string)
		want   []string
	}{
		{"archive missing", func(dir string) { os.Remove(filepath.Join(dir, win)) }, []string{"missing: " + win}},
		{"sidecar missing", func(dir string) { os.Remove(filepath.Join(dir, winSidecar)) }, []string{"missing: " + winSidecar}},
		{"surplus", write("site-1.0-cp39-win32.zip", "x"), []string{"surplus: site-1.0-cp39-win32.zip"}},
		{"some other file", write("notes.txt", "x"), []string{"surplus: notes.txt"}},
		{"truncated", write(win, "archive of"), []string{win, "sidecar says"}},
		{"empty", write(win, ""), []string{win}},
		{"no JSON", write(winSidecar, "{"), []string{winSidecar}},
		{"another's sidecar", replace(`"archive":"site-1.0-cp313-win_amd64.zip"`, `"archive":"site-1.0-cp312-win_amd64.zip"`), []string{"not named"}},
		{"a later format", replace(`"format":1`, `"format":2`), []string{"format 2"}},
		{"there twice", func(dir string) {
			os.Mkdir(filepath.Join(dir, "again"), 0o755)
			write("again/"+win, "x")(dir)
		}, []string{"there twice"}},
		{"two at once", func(dir string) {
			os.Remove(filepath.Join(dir, win))
			write("x.zip", "x")(dir)
		}, []string{"missing: " + win, "surplus: x.zip"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := dist(t, targets)
			tt.change(dir)
			_, err := Gather(dir, wanted(targets), MaxAssetSize)
			if err == nil {
				t.Fatal("passes")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not in: %v", w, err)
				}
			}
		})
	}
	if _, err := Gather(filepath.Join(t.TempDir(), "no"), nil, MaxAssetSize); err == nil {
		t.Error("a directory that isn't there passes")
	}
}

// A 3 GiB file (sparse) is refused before anything is sent.
func TestGatherLimits(t *testing.T) {
	set := Set{Archives: []Archive{{File: File{Name: "a.zip", Size: 3 << 30}, Sidecar: File{Name: "a b.json", Size: 1}}}}
	err := set.check()
	if err == nil || !strings.Contains(err.Error(), "2 GiB") || !strings.Contains(err.Error(), "a b.json") {
		t.Error(err)
	}
	for range 500 {
		set.Archives = append(set.Archives, set.Archives[0])
	}
	if err := set.check(); !strings.Contains(err.Error(), "a release holds 1000") {
		t.Error(err)
	}
}
