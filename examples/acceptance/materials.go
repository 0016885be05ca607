//go:build linux

package acceptance

import (
	"bytes"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/binary-buildout/binary-buildout/release"
)

//go:embed materials.py
var materialsPy string

// checkMaterials compares the bill of materials with what pip inspect says of the
// installed tree's eggs, and to the wheels of some projects.
func checkMaterials(t *testing.T, file, tree, python string, wheels []string) {
	t.Helper()
	set, err := release.Gather(filepath.Dir(file), []string{filepath.Base(file)}, release.MaxAssetSize)
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

// checkSources sees that each part that was compiled has its source, by its digest.
func checkSources(t *testing.T, sbom []byte) {
	t.Helper()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(sbom), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	for _, part := range *bom.Components {
		if !strings.HasSuffix(part.BOMRef, ":zc.recipe.cmmi") {
			continue
		}
		if part.Components == nil || (*part.Components)[0].Hashes == nil || !strings.Contains((*part.Components)[0].PackageURL, "checksum=sha256:") {
			t.Errorf("the part %s has no source with a digest: %+v", part.Name, part.Components)
		}
	}
}
