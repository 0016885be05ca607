//go:build linux

package acceptance

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/release"
)

//go:embed materials.py
var materialsPy string

// checkMaterials holds the bill of materials to what pip inspect says of the
// installed tree's eggs, and to the wheels of some projects.
func checkMaterials(t *testing.T, file, tree, python string, wheels []string) {
	t.Helper()
	set, err := release.Gather(filepath.Dir(file), []string{filepath.Base(file)})
	if err != nil {
		t.Fatal(err)
	}
	sbom, err := set.SBOM()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), sbom.Name)
	if err := os.WriteFile(path, sbom.Data, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, append([]string{"-c", materialsPy, path, tree}, wheels...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil || len(out) > 0 {
		t.Errorf("the bill of materials, and what pip says: %v\n%s", err, out)
	}
}
