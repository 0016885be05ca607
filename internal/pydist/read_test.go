package pydist

import (
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/binary-buildout/binary-buildout/internal/sbom"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

func TestLicense(t *testing.T) {
	for _, c := range []struct {
		headers string
		want    License
	}{
		{"License-Expression: MIT OR Apache-2.0\nLicense: x\nClassifier: License :: OSI Approved :: ISC License (ISCL)", License{Expression: "MIT OR Apache-2.0"}},
		{"License: whatever\nClassifier: License :: OSI Approved :: MIT License", License{IDs: []string{"MIT"}}},
		{"License: ZPL 2.1\nClassifier: License :: OSI Approved :: Zope Public License", License{IDs: []string{"ZPL-2.1"}}},
		{"License: its own\nClassifier: License :: OSI Approved :: BSD License", License{Names: []string{"BSD License"}}},
		{"Classifier: License :: OSI Approved :: GNU General Public License v2 (GPLv2)\nClassifier: License :: Other/Proprietary License",
			License{IDs: []string{"GPL-2.0-only"}, Names: []string{"Other/Proprietary License"}}},
		{"License: The Licence\n        of a whole page", License{Names: []string{"The Licence"}}},
		{"License: UNKNOWN", License{}},
	} {
		if got := parseFields(c.headers).license(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", c.headers, got)
		}
	}
}

// TestLicenseIDs: CycloneDX's schema has an enumeration of them.
func TestLicenseIDs(t *testing.T) {
	var egg sbom.Egg
	for _, table := range []map[string]string{classifiers, licenseNames} {
		for _, id := range table {
			egg.LicenseIDs = append(egg.LicenseIDs, id)
		}
	}
	data, err := sbom.Application{Name: "site", Version: "1", Archives: []sbom.Archive{{File: "a", Eggs: []sbom.Egg{egg}}}}.Write()
	if err != nil {
		t.Fatal(err)
	}
	if err := releasetest.CheckSBOM(data); err != nil {
		t.Error(err)
	}
}

func TestPeople(t *testing.T) {
	f := parseFields("Author: Ann\nAuthor-email: ann@example.org\nMaintainer-email: Bob <bob@example.org>, \"C, D\" <c@example.org>\n")
	if got := f.people("author"); !reflect.DeepEqual(got, []sbom.Person{{Name: "Ann", Email: "ann@example.org"}}) {
		t.Error(got)
	}
	if got := f.people("maintainer"); !reflect.DeepEqual(got, []sbom.Person{{Name: "Bob", Email: "bob@example.org"}, {Name: "C, D", Email: "c@example.org"}}) {
		t.Error(got)
	}
}

// TestRead: an egg of a wheel that auditwheel repaired, with the document that it wrote.
func TestRead(t *testing.T) {
	egg := fstest.MapFS{
		"pillow-12.1.1.dist-info/METADATA": {Data: []byte("Name: pillow\nVersion: 12.1.1\nRequires-Dist: olefile; extra == \"fpx\"\n\nRequires-Dist: no header\n")},
		"pillow-12.1.1.dist-info/sboms/auditwheel.cdx.json": {Data: []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.4", "version": 1,
			"metadata": {"component": {"type": "library", "bom-ref": "pkg:pypi/pillow@12.1.1?file_name=p.whl", "name": "pillow", "version": "12.1.1", "purl": "pkg:pypi/pillow@12.1.1"}},
			"components": [{"type": "library", "bom-ref": "pkg:pypi/pillow@12.1.1?file_name=p.whl", "name": "pillow", "version": "12.1.1"},
				{"type": "library", "bom-ref": "pkg:rpm/almalinux/libXau@1.0.9-3.el8#1", "name": "libXau", "version": "1.0.9-3.el8", "purl": "pkg:rpm/almalinux/libXau@1.0.9-3.el8"}],
			"dependencies": [{"ref": "pkg:pypi/pillow@12.1.1?file_name=p.whl", "dependsOn": ["pkg:rpm/almalinux/libXau@1.0.9-3.el8#1"]}]}`)},
		"pillow.libs/libXau-154567c4.so.6.0.0":   {Data: []byte("elf")},
		"pillow.libs/README":                     {Data: []byte("no library")},
		"PIL/.dylibs/libjpeg.62.4.0.dylib":       {Data: []byte("macho")},
		"PIL/_imaging.cpython-312-x86_64-gnu.so": {Data: []byte("an extension")},
		"EGG-INFO/PKG-INFO":                      {Data: []byte("Name: pillow\nVersion: 12.1.1\n")},
		"EGG-INFO/requires.txt":                  {Data: []byte("made-of-dist-info\n")},
	}
	d, found, err := Read(egg, "Pillow")
	if err != nil || !found || len(d.Requires) != 1 || d.Requires[0].Name != "olefile" {
		t.Fatalf("%+v, %v", d, err)
	}
	var names []string
	for _, c := range d.Contains {
		names = append(names, c.Name+" "+c.From)
	}
	if want := []string{"libXau sboms/auditwheel.cdx.json", "libXau.so.6.0.0 pillow.libs/libXau-154567c4.so.6.0.0", "libjpeg.62.4.0.dylib PIL/.dylibs/libjpeg.62.4.0.dylib"}; !reflect.DeepEqual(names, want) {
		t.Errorf("%q", names)
	}
	if _, found, _ := Read(egg, "other"); found {
		t.Error("another project is found")
	}
}

// TestGraph: extras that a requirement or a part asks for count, and markers do.
func TestGraph(t *testing.T) {
	requires := func(text string) []Requirement { return parseRequiresTxt(text) }
	all := []Distribution{
		{Name: "Site", Version: "1", Requires: requires("web[fast]\nold<2\n[:python_version < \"3\"]\nsix\n[test]\nprobe\n")},
		{Name: "web", Version: "1", Requires: requires("[fast]\nspeed\n[slow]\nsnail\n")},
		{Name: "speed", Version: "1", Requires: requires("site\n")},
		{Name: "snail", Version: "1"}, {Name: "six", Version: "1"}, {Name: "probe", Version: "1"},
		{Name: "old", Version: "1.5"}, {Name: "old", Version: "2.0"},
	}
	env := NewEnvironment("3.12.1", "cpython", "linux_x86_64")
	if got, want := Graph(all, env, nil), [][]int{{1, 6}, {2}, {0}, nil, nil, nil, nil, nil}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	asked, _ := ParseRequirement("site [test]")
	if got := Graph(all, env, []Requirement{asked})[0]; !reflect.DeepEqual(got, []int{1, 5, 6}) {
		t.Errorf("with the extra test: %v", got)
	}
}
