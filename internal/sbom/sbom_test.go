package sbom

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

func site() Application {
	digest := strings.Repeat("0a", 32)
	return Application{Name: "site", Version: "1.0", Archives: []Archive{{
		File: "site-1.0-cp313-linux_x86_64.tar.gz", SHA256: digest, Target: "cp313-linux_x86_64", Python: "3.13.0",
		Eggs: []Egg{
			{Name: "Products.CMFPlone", Version: "6.1", LicenseIDs: []string{"GPL-2.0-only"}, Requires: []string{"plone.api 2.0"}},
			{Name: "plone.api", Version: "2.0", LicenseNames: []string{"its own"}, Authors: []Person{{Name: "Ann", Email: "ann@example.org"}}, Requires: []string{"Products.CMFPlone 6.1"}},
			{Name: "cryptography", Version: "50.0.2", LicenseExpression: "Apache-2.0 OR BSD-3-Clause", Supplier: &Person{Name: "Team", Email: "team@example.org"},
				Contains: []Contained{{Ref: "pkg:cargo/asn1@0.2", Name: "asn1", Version: "0.2", PURL: "pkg:cargo/asn1@0.2", Licenses: []string{"BSD-3-Clause"}, SHA256: digest, From: "sboms/x.json", Requires: []string{"pkg:cargo/b@1"}},
					{Ref: "pkg:cargo/b@1", Name: "b", From: "sboms/x.json", Licenses: []string{"Some text, of a page"}, Requires: []string{"pkg:cargo/asn1@0.2"}}}},
			{Name: "site", Version: "1.0", Develop: true},
		},
		Parts: []Part{{Name: "instance", Recipe: "plone.recipe.zope2instance", Requires: []string{"cryptography 50.0.2", "Products.CMFPlone 6.1"}}, {Name: "nginx", Recipe: "zc.recipe.cmmi"}},
		Downloads: []Download{{Project: "plone-api", Version: "2.0", File: "plone.api-2.0.tar.gz", SHA256: digest},
			{Part: "nginx", File: "nginx-1.24.0.tar.gz", URL: "https://example.org/nginx-1.24.0.tar.gz", SHA256: digest}},
	}}}
}

func write(t *testing.T, a Application) cdx.BOM {
	t.Helper()
	data, err := a.Write()
	if err != nil {
		t.Fatal(err)
	}
	if err := releasetest.CheckSBOM(data); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(strings.NewReader(string(data)), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	return bom
}

// TestInterpreter: an archive's own interpreter is a component, with the
// libraries that were taken from the system that built it.
func TestInterpreter(t *testing.T) {
	app := site()
	app.Archives[0].Interpreter = &Interpreter{Version: "3.13.9", Libraries: []BundledLibrary{
		{Name: "libssl.so.3", Path: "python-3.13.9/lib/libssl.so.3", SHA256: strings.Repeat("0b", 32), System: "debian", Package: "libssl3", Version: "3.0.19-1~deb12u2", Licenses: []string{"Apache-2.0"}},
		{Name: "libpython3.13.so.1.0", Path: "python-3.13.9/lib/libpython3.13.so.1.0", SHA256: strings.Repeat("0c", 32)},
	}}
	bom := write(t, app)
	by, on := map[string]cdx.Component{}, map[string][]string{}
	for _, c := range *bom.Components {
		by[c.BOMRef] = c
	}
	for _, d := range *bom.Dependencies {
		on[d.Ref] = orNone(d.Dependencies)
	}
	python, ssl := by["interpreter:cpython@3.13.9"], by["bundled:libssl.so.3:0b0b0b0b0b0b"]
	if python.Name != "CPython" || (*python.Licenses)[0].License.ID != "PSF-2.0" || !slices.Contains(on["archive:"+app.Archives[0].File], python.BOMRef) {
		t.Errorf("%+v, of %v", python, on["archive:"+app.Archives[0].File])
	}
	if ssl.PackageURL != "pkg:deb/debian/libssl3@3.0.19-1~deb12u2" || (*ssl.Licenses)[0].License.Name != "Apache-2.0" || len(on[python.BOMRef]) != 2 {
		t.Errorf("%+v, of %v", ssl, on[python.BOMRef])
	}
}

// TestWrite: what eggs and parts are, and what depends on what, without loops.
func TestWrite(t *testing.T) {
	bom := write(t, site())
	by := map[string]cdx.Component{}
	for _, c := range *bom.Components {
		by[c.BOMRef] = c
	}
	on := map[string][]string{}
	for _, d := range *bom.Dependencies {
		on[d.Ref] = orNone(d.Dependencies)
	}
	if got := on["pkg:pypi/products.cmfplone@6.1"]; !slices.Equal(got, []string{"pkg:pypi/plone.api@2.0"}) {
		t.Errorf("Products.CMFPlone depends on %q", got)
	}
	// The way back would be a loop; it is said all the same.
	api := by["pkg:pypi/plone.api@2.0"]
	if got := orNone(api.Properties); len(on["pkg:pypi/plone.api@2.0"]) > 0 || len(got) != 1 || got[0].Value != "pkg:pypi/products.cmfplone@6.1" {
		t.Errorf("plone.api depends on %q, %v", on["pkg:pypi/plone.api@2.0"], got)
	}
	if len(*api.Hashes) != 1 || (*api.ExternalReferences)[0].URL != "plone.api-2.0.tar.gz" || (*api.Authors)[0].Email != "ann@example.org" {
		t.Errorf("%+v", api)
	}
	// What a part asks for isn't the archive's own.
	if got := on["archive:site-1.0-cp313-linux_x86_64.tar.gz"]; !slices.Equal(got, []string{"develop:site@1.0", "part:instance:plone.recipe.zope2instance", "part:nginx:zc.recipe.cmmi"}) {
		t.Errorf("the archive depends on %q", got)
	}
	nginx := (*by["part:nginx:zc.recipe.cmmi"].Components)[0]
	if nginx.Version != "1.24.0" || nginx.PackageURL != "pkg:generic/nginx@1.24.0?checksum=sha256:"+strings.Repeat("0a", 32)+"&download_url=https://example.org/nginx-1.24.0.tar.gz" {
		t.Errorf("%+v", nginx)
	}
	if inside := *by["pkg:pypi/cryptography@50.0.2"].Components; len(inside) != 2 || inside[0].PackageURL != "pkg:cargo/asn1@0.2" {
		t.Errorf("%+v", inside)
	}
}

// TestWriteTwo: what two archives share is there once, with the files of both.
func TestWriteTwo(t *testing.T) {
	a := site()
	second := site().Archives[0]
	second.File = "site-1.0-cp313-win_amd64.zip"
	second.Downloads = []Download{{Project: "plone.api", Version: "2.0", File: "plone.api-2.0-py3-none-any.whl", SHA256: strings.Repeat("1b", 32)}}
	second.Eggs = append(second.Eggs, Egg{Name: "pywin32", Version: "311"})
	a.Archives = append(a.Archives, second)
	for _, c := range *write(t, a).Components {
		if c.BOMRef == "pkg:pypi/plone.api@2.0" && (len(orNone(c.ExternalReferences)) != 2 || len(orNone(c.Hashes)) != 0) {
			t.Errorf("%+v", c)
		}
	}
}

func TestReadDocument(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       []Contained
	}{
		{"no.json", `{"spec": 1}`, []Contained{{Ref: fmt.Sprintf("no.json:%.6x", sha256.Sum256([]byte(`{"spec": 1}`))), Name: "no.json", From: "no.json", SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(`{"spec": 1}`)))}}},
		{"x.spdx.json", `{"spdxVersion": "SPDX-2.3", "packages": [{"name": "my_site"}, {"name": "zlib", "versionInfo": "1.3", "licenseDeclared": "Zlib", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:generic/zlib@1.3"}]}]}`,
			[]Contained{{Ref: "x.spdx.json:pkg:generic/zlib@1.3", Name: "zlib", Version: "1.3", PURL: "pkg:generic/zlib@1.3", Licenses: []string{"Zlib"}, From: "x.spdx.json"}}},
		{"c.xml", `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library"><name>zlib</name><version>1.3</version></component></components></bom>`,
			[]Contained{{Ref: "c.xml:zlib@1.3", Name: "zlib", Version: "1.3", From: "c.xml"}}},
		// One of cargo: the crate is not the project, and refs are paths of a machine.
		{"c.json", `{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"type": "application", "bom-ref": "path+file:///home/x", "name": "my-crate", "version": "1", "purl": "pkg:cargo/my-crate@1"}},
			"components": [{"type": "library", "bom-ref": "registry+a", "name": "a", "version": "2"}, {"type": "library", "bom-ref": "registry+b", "name": "a", "version": "2"}],
			"dependencies": [{"ref": "path+file:///home/x", "dependsOn": ["registry+b", "registry+a", "registry+gone"]}]}`,
			[]Contained{{Ref: "c.json:pkg:cargo/my-crate@1", Name: "my-crate", Version: "1", PURL: "pkg:cargo/my-crate@1", From: "c.json", Requires: []string{"c.json:a@2", "c.json:a@2:2"}},
				{Ref: "c.json:a@2", Name: "a", Version: "2", From: "c.json"}, {Ref: "c.json:a@2:2", Name: "a", Version: "2", From: "c.json"}}},
	} {
		got := ReadDocument(c.name, []byte(c.data), "my-site")
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v\n%+v", c.name, got, c.want)
		}
	}
}

// TestPurls: they are those that packageurl-python makes.
func TestPurls(t *testing.T) {
	python, site := testtool.Python(t, "3.12"), t.TempDir()
	if out, err := exec.Command(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--target", site, "packageurl-python==0.17.6").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	type given struct {
		Kind, Name, Version string
		Qualifiers          map[string]string
	}
	list := []given{
		{"pypi", "zc.buildout", "5.2.0", nil}, {"pypi", "My_Site", "1.0", nil}, {"pypi", "Zope.Interface", "7.1+local", nil}, {"pypi", "a--b__c", "1!2.0", nil},
		{"generic", "my_site", "1.0", nil}, {"generic", "Name With", "1:0~ü*", nil}, {"generic", "nginx", "", nil},
		{"generic", "nginx", "1.24.0", map[string]string{"download_url": "https://example.org/a b/nginx-1.24.0.tar.gz?x=1&y=ü", "checksum": "sha256:0a"}},
	}
	input, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", `
import json, sys
from packageurl import PackageURL
json.dump([str(PackageURL(type=p["Kind"], name=p["Name"], version=p["Version"] or None, qualifiers=p["Qualifiers"] or None)) for p in json.load(sys.stdin)], sys.stdout)`)
	cmd.Env = append(cmd.Environ(), "PYTHONPATH="+site)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, g := range list {
		got := purl(g.Kind, g.Name, g.Version, g.Qualifiers)
		if g.Kind == "pypi" {
			got = pypi(g.Name, g.Version)
		}
		if got != want[i] {
			t.Errorf("%+v: %s, and packageurl-python says %s", g, got, want[i])
		}
	}
}
