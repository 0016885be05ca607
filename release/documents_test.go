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
	"unicode/utf8"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
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
	for _, change := range [][2]string{{`"format": 1`, `"format": "1"`}, {`"sha256": "`, `"sha256": "x`}, {`"archives"`, `"archive"`}, {`"target": "cp313`, `"target": "py313`}, {`"kind": "glibc"`, `"kind": "libc"`}} {
		if bad := strings.Replace(string(data), change[0], change[1], 1); bad == string(data) || validate(bad) == nil {
			t.Errorf("%s passes", change[1])
		}
	}
	x, err := ReadIndex(data)
	if err != nil || len(x.Archives) != 3 || x.Archives[2].Archive != "site-1.0-cp313-win_amd64.zip" || x.Archives[0].SystemLibraries[0] != "libldap-2.5.so.0" {
		t.Errorf("%+v %v", x, err)
	}
	if _, err := ReadIndex([]byte(`{"format":2}`)); err == nil {
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
	refs := map[string]bool{bom.Metadata.Component.BOMRef: true}
	for _, c := range *bom.Components {
		if refs[c.BOMRef] {
			t.Errorf("%s is there twice", c.BOMRef)
		}
		refs[c.BOMRef] = true
	}
	for _, want := range []string{"pkg:pypi/zope-interface@7.1%2Blocal", "pkg:generic/my_site@1.0", "part:zope:plone.recipe.zope2instance", "checkout:src/x@0123abc", "system:libldap-2.5.so.0", "archive:site-1.0-cp313-win_amd64.zip"} {
		if !refs[want] {
			t.Errorf("%s is missing in %v", want, refs)
		}
	}
	for _, d := range *bom.Dependencies {
		for _, on := range append(*d.Dependencies, d.Ref) {
			if !refs[on] {
				t.Errorf("%s depends on %s, which isn't there", d.Ref, on)
			}
		}
	}
	if f.Name != "site-1.0.cdx.json" || bom.SpecVersion != cdx.SpecVersion1_6 || len(bom.SerialNumber) != len("urn:uuid:")+36 {
		t.Error(f.Name, bom.SpecVersion, bom.SerialNumber)
	}
	if _, err := (Set{}).SBOM(); err == nil {
		t.Error("no archives: no error")
	}
}

func TestMergeNotes(t *testing.T) {
	table := gathered(t).Notes()
	block := notesBegin + "\n" + table + notesEnd
	for _, tt := range []struct{ name, body, want string }{
		{"empty", "", block + "\n"},
		{"a person's", "Hello.", "Hello.\n\n" + block + "\n"},
		{"again", "Hello.\n\n" + notesBegin + "old" + notesEnd + "\nBye.", "Hello.\n\n" + block + "\nBye."},
		{"a begin without end", "x " + notesBegin, "x " + notesBegin + "\n\n" + block + "\n"},
	} {
		got := MergeNotes(tt.body, table)
		if got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
		if twice := MergeNotes(got, table); tt.name != "a begin without end" && twice != got {
			t.Errorf("%s: twice is %q", tt.name, twice)
		}
	}
	long := strings.Repeat("ü", maxBody-200)
	if got := MergeNotes(long, table); utf8.RuneCountInString(got) > maxBody || !strings.Contains(got, IndexName) {
		t.Error("too long, and no short table")
	}
	full := strings.Repeat("ü", maxBody)
	if MergeNotes(full, table) != full {
		t.Error("a full text is changed")
	}
	if !strings.Contains(table, "| site-1.0-cp312-manylinux_2_28_x86_64.tar.gz | manylinux_2_28_x86_64 | 3.13.0 | glibc 2.28 | 0 KiB | `") || !strings.Contains(table, "libldap-2.5.so.0 (libldap-2.5-0 (Debian))") {
		t.Error(table)
	}
	if cell("a|b\n<x") != `a\|b &lt;x` {
		t.Error(cell("a|b\n<x"))
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
