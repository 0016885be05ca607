package sbom

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// TestAnyDocument: whatever the documents of a wheel say, ours is valid, has
// each reference once and no loop. They are changed at random, by one seed: as
// a fuzz target, the schema's library would be compiled again for it.
func TestAnyDocument(t *testing.T) {
	documents := [][]byte{
		[]byte(`{"bomFormat": "CycloneDX", "specVersion": "1.4", "metadata": {"component": {"type": "library", "bom-ref": "w", "name": "site"}},
		"components": [{"type": "library", "bom-ref": "w", "name": "site"}, {"type": "library", "bom-ref": "a", "name": "a", "purl": "pkg:generic/a", "licenses": [{"license": {"id": "no id"}}],
			"hashes": [{"alg": "SHA-256", "content": "no digest"}]}, {"name": "", "components": [{"bom-ref": "a", "name": "b"}]}],
		"dependencies": [{"ref": "a", "dependsOn": ["a", "w", "", "gone"]}, {"ref": "a", "dependsOn": ["a"]}]}`),
		[]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="x"><name>zlib</name></component></components></bom>`),
		[]byte(`{"spdxVersion": "SPDX-2.3", "packages": [{"name": "a", "licenseDeclared": "Zlib OR", "checksums": [{"algorithm": "SHA256", "checksumValue": "x"}]}, {"name": "a"}]}`),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var contains []Contained
		for n, document := range documents {
			data := slices.Clone(document)
			for range random.IntN(4) {
				i, j := random.IntN(len(data)), random.IntN(len(data))
				data[i] = data[j]
			}
			contains = append(contains, ReadDocument(fmt.Sprint(n), data, "site")...)
		}
		data, err := Application{Name: "site", Version: "1", Archives: []Archive{{File: "a", Eggs: []Egg{{Name: "site", Version: "1", Contains: contains}}}}}.Write()
		if err != nil {
			t.Fatal(err)
		}
		if err := releasetest.CheckSBOM(data); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
	}
}
