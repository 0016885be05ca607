package release

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVEX: a VEX document goes along under the release's name, in SHA256SUMS
// too, and lies beside the archives the next time. Other files are refused.
func TestVEX(t *testing.T) {
	dir := dist(t, targets)
	file := filepath.Join(t.TempDir(), "vex.json")
	for _, c := range []struct {
		data string
		ok   bool
	}{
		{`{"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}`, true},
		{`{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [{"id": "CVE-1"}]}`, true},
		{`{"document": {"category": "csaf_vex"}}`, true},
		{`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}`, false},
		{`{"document": {"category": "csaf_base"}}`, false},
		{`["vex"]`, false},
		{`no JSON`, false},
	} {
		set, err := Gather(dir, wanted(targets), MaxAssetSize)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(c.data), 0o644); err != nil {
			t.Fatal(err)
		}
		err = set.AddVEX(file)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.data, err)
		}
		if code := (interface{ ExitCode() int })(nil); !c.ok && (!errors.As(err, &code) || code.ExitCode() != exitUsage) {
			t.Errorf("%s: %v", c.data, err)
		}
		if !c.ok {
			continue
		}
		all, err := set.Files()
		if err != nil {
			t.Fatal(err)
		}
		vex := byName(all, "site-1.0.vex.json")
		if string(vex.Data) != c.data || !strings.Contains(string(byName(all, SumsName).Data), vex.SHA256+"  site-1.0.vex.json\n") {
			t.Errorf("%s: %+v", c.data, vex)
		}
		if err := os.WriteFile(filepath.Join(dir, vex.Name), vex.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
