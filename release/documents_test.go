package release

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

func byName(all []File, name string) File {
	i := slices.IndexFunc(all, func(f File) bool { return f.Name == name })
	if i < 0 {
		return File{}
	}
	return all[i]
}

// index.json is as docs/index.schema.json says, and the schema refuses what
// isn't.
func TestIndexSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/index.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	data := byName(files(t, gathered(t)), IndexName).Data
	validate := func(s string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	if err := validate(string(data)); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
	for _, change := range [][2]string{{`"format": 1`, `"format": "1"`}, {`"sha256": "`, `"sha256": "x`}, {`"archives"`, `"archive"`}, {`"target": "cp313`, `"target": "py313`}, {`"kind": "glibc"`, `"kind": "libc"`}, {`"tag": "v1.0"`, `"tag": ""`}} {
		if bad := strings.Replace(string(data), change[0], change[1], 1); bad == string(data) || validate(bad) == nil {
			t.Errorf("%s passes", change[1])
		}
	}
	x, err := ReadIndex(data)
	if err != nil || len(x.Archives) != 3 || x.Archives[2].Archive != "site-1.0-cp313-win_amd64.zip" || x.Archives[0].SystemLibraries[0] != "libldap-2.5.so.0" {
		t.Errorf("%+v %v", x, err)
	}
	if _, err := ReadIndex([]byte(`{"format":3}`)); err == nil {
		t.Error("a later format is read")
	}
}

// sha256sum itself accepts SHA256SUMS, and it covers all but itself and the attestation.
func TestSums(t *testing.T) {
	set := gathered(t)
	set.Extra = append(set.Extra, NewFile(AttestationName, []byte("{}")))
	all := files(t, set)
	dir := t.TempDir()
	for _, f := range all {
		data := f.Data
		if f.Path != "" {
			data, _ = os.ReadFile(f.Path)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sha256sum", "--strict", "-c", SumsName)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK") != len(all)-2 {
		t.Errorf("%v\n%s", err, out)
	}
	if all[len(all)-1].Name != SumsName || all[len(all)-2].Name != IndexName {
		t.Error("SHA256SUMS and index.json don't come last")
	}
}

func TestSBOM(t *testing.T) {
	set := gathered(t)
	f, err := set.SBOM()
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(set.Archives)
	if again, _ := set.SBOM(); again.SHA256 != f.SHA256 {
		t.Error("another order gives other bytes")
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(f.Data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	refs := map[string]bool{}
	for _, c := range *bom.Components {
		refs[c.BOMRef] = true
	}
	for _, want := range []string{"pkg:pypi/zope.interface@7.1%2Blocal", "develop:my_site@1.0", "develop:site@1.0", "part:zope:plone.recipe.zope2instance", "checkout:src/x@0123abc", "system:libldap-2.5.so.0", "archive:site-1.0-cp313-win_amd64.zip"} {
		if !refs[want] {
			t.Errorf("%s is missing in %v", want, refs)
		}
	}
	if err := releasetest.CheckSBOM(f.Data); err != nil {
		t.Errorf("%v\n%s", err, f.Data)
	}
	if f.Name != "site-1.0.cdx.json" || bom.SpecVersion != cdx.SpecVersion1_6 || len(bom.SerialNumber) != len("urn:uuid:")+36 {
		t.Error(f.Name, bom.SpecVersion, bom.SerialNumber)
	}
	if _, err := (Set{}).SBOM(); err == nil {
		t.Error("no archives: no error")
	}
}

// TestCheckSBOM: the check sees what it is for.
func TestCheckSBOM(t *testing.T) {
	f, err := gathered(t).SBOM()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, wrong string }{
		{`"type": "library"`, `"type": "egg"`, "value must be one of"},
		{`"bom-ref": "develop:site@1.0"`, `"bom-ref": "develop:my_site@1.0"`, "bom-ref develop:my_site@1.0 is there twice"},
		{`"part:zope:plone.recipe.zope2instance",`, `"application:site@1.0",`, "application:site@1.0 depends on itself"},
		{`"checkout:src/x@0123abc",`, `"checkout:src/y@0123abc",`, "which isn't there"},
	} {
		i := bytes.LastIndex(f.Data, []byte(c.old))
		if i < 0 {
			t.Fatalf("%s isn't there in\n%s", c.old, f.Data)
		}
		bad := slices.Concat(f.Data[:i], []byte(c.new), f.Data[i+len(c.old):])
		if err := releasetest.CheckSBOM(bad); err == nil || !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v", c.new, err)
		}
	}
}

func TestReadSidecarRoundTrip(t *testing.T) {
	a := gathered(t).Archives[0]
	b, err := json.Marshal(a.Info)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadSidecar(bytes.NewReader(b))
	if err != nil || back.FileName() != a.Sidecar.Name || back.Eggs[1].Name != "my_site" {
		t.Error(back, err)
	}
}
