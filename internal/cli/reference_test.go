package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/release"
)

// TestReferenceExitCodes: docs/reference.md has each exit code with its meaning, and no other.
func TestReferenceExitCodes(t *testing.T) {
	want := "\n| exit code | meaning |\n| --- | --- |\n"
	for _, c := range exitCodes {
		want += fmt.Sprintf("| %d | %s |\n", c.code, c.means)
	}
	if !strings.Contains(text(t, "../../docs/reference.md"), want+"\n") {
		t.Errorf("docs/reference.md lacks%s", want)
	}
}

// own is a constant of a file or directory below the one that is binary-buildout's.
var own = regexp.MustCompile(`\bDir ?\+ ?"/([^"/]+)`)

// TestReferenceFiles: docs/reference.md has each file of a release, and each file
// and directory of an installation, that the code has a name for, and no other.
func TestReferenceFiles(t *testing.T) {
	page := text(t, "../../docs/reference.md")
	_, files, ok := strings.Cut(page, "\n## Files\n")
	if !ok {
		t.Fatal("docs/reference.md has no files")
	}
	named := []string{release.IndexName, release.SumsName, release.AttestationName, release.SBOMAttestationName, release.InstallerName, release.WindowsInstallerName,
		release.InstallProgramName, release.NoPythonInstallerName, release.NoPythonWindowsInstallerName, archive.BootstrapPy}
	for _, pattern := range []string{"../../archive/*.go", "../install/*.go"} {
		sources, err := filepath.Glob(pattern)
		if err != nil || len(sources) < 5 {
			t.Fatalf("%s: %v, %v", pattern, sources, err)
		}
		for _, source := range sources {
			data, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(source, "_test.go") {
				continue
			}
			for _, m := range own.FindAllStringSubmatch(string(data), -1) {
				named = append(named, archive.Dir+"/"+m[1])
			}
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	var rows []string
	for line := range strings.Lines(files) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok && strings.HasPrefix(line, "| `") {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(name, -1) {
				rows = append(rows, strings.TrimSuffix(m[1], "/"))
			}
		}
	}
	for _, name := range named {
		if !slices.Contains(rows, name) {
			t.Errorf("docs/reference.md has no row for %s", name)
		}
	}
	for _, row := range rows {
		others := []string{"bin/buildout", "host.cfg", "var"} // zc.buildout's, the administrator's, the application's
		if !slices.Contains(named, row) && !slices.Contains(others, row) && !strings.HasPrefix(row, "site-1.0") {
			t.Errorf("docs/reference.md has %s, which nothing is called", row)
		}
	}
}
