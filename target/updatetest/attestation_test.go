package updatetest

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestUpdateKeepsAttestation: what was asked of the attestation at install is
// there after each way in which another version comes, and after the way back.
func TestUpdateKeepsAttestation(t *testing.T) {
	const asked = `{"require": true, "source_repo": "acme/site", "trusted_root": "{\"ü\": 1}\n", "deny_self_hosted_runners": true}`
	for _, minor := range packtest.ShortPythons() {
		python := packtest.FindPython(t, minor)
		old, new := packVersion(t, python, "1.0", withoutTurns), packVersion(t, python, "2.0", withoutTurns)
		for way, lay := range ways {
			t.Run(minor+" "+way, func(t *testing.T) {
				root := filepath.Join(t.TempDir(), "app")
				record := filepath.Join(root, archive.Dir, "install.json")
				remembered := func(when string) {
					t.Helper()
					var r, want struct {
						Format      int
						Attestation map[string]any
					}
					must(t, json.Unmarshal([]byte(`{"format": 1, "attestation": `+asked+`}`), &want))
					if err := json.Unmarshal([]byte(packtest.ReadFile(t, record)), &r); err != nil || !reflect.DeepEqual(r, want) {
						t.Errorf("%s: %v, %s", when, err, packtest.ReadFile(t, record))
					}
				}
				old.install(t, root)
				packtest.WriteFile(t, record, `{"format": 1, "archive": "a", "sha256": "b", "source": "acme/site", "attestation": `+asked+`}`)
				lay(t, old, new, root)
				old.bootstrap(t, root).Must(t, "update")
				runs(t, root, "2.0")
				remembered("updated")
				if way == "archive over it" {
					return
				}
				old.bootstrap(t, root, "--rollback").Must(t, "rollback")
				remembered("back")
			})
		}
	}
}
