package pydist

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// markers as distributions of Plone 5 and 6 have them, and each operator.
var markers = []string{
	`python_version < "3.8"`, `python_version>='3.10'`, `python_version == "3.*"`, `python_version ~= "3.9"`, `python_version != "2.7"`,
	`python_full_version < "3.11.0a6"`, `python_version in "2.6 2.7 3.2"`, `python_version not in "2.7 3.12"`,
	`sys_platform == "win32"`, `sys_platform != 'win32' and os_name == "posix"`, `platform_system == "Windows" or platform_system == "Linux"`,
	`platform_machine == "x86_64"`, `platform_machine in "x86_64 aarch64"`, `platform_python_implementation == "CPython"`, `platform_python_implementation != 'PyPy'`,
	`implementation_name == "cpython"`, `(python_version < "3" or sys_platform == "linux") and extra == "test"`,
	`extra == 'test-one' and python_version >= "3.9"`, `"3.9" <= python_version`, `"linux" in sys_platform`,
	`platform_python_implementation == "PyPy" and extra == "test"`, `python_version >= "3.7" and python_version < "4" and extra == "test"`,
	`os.name == "posix"`, `python_implementation == "CPython"`, `sys.platform != "darwin"`,
}

// TestMarkers: each holds where the packaging library says that it does.
func TestMarkers(t *testing.T) {
	python := testtool.Python(t, "3.12")
	environments := []Environment{
		NewEnvironment("3.12.1", "cpython", "linux_x86_64"), NewEnvironment("3.8.18", "cpython", "linux_aarch64"),
		NewEnvironment("3.13.0", "cpython", "win_amd64"), NewEnvironment("3.10.2", "cpython", "macosx_11_0_arm64"), NewEnvironment("2.7.18", "cpython", "linux_x86_64"),
	}
	extras := []string{"", "test", "test-one"}
	input, err := json.Marshal(map[string]any{"markers": markers, "environments": environments, "extras": extras})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", `
import json, sys
from pip._vendor.packaging.markers import Marker
given = json.load(sys.stdin)
json.dump([[[Marker(m).evaluate(dict(e, extra=x)) for x in given["extras"]] for e in given["environments"]] for m in given["markers"]], sys.stdout)`)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [][][]bool
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, text := range markers {
		for j, e := range environments {
			for k, extra := range extras {
				if got := e.allows(text, extra); got != want[i][j][k] {
					t.Errorf("%s on Python %s, %s, extra %q: %v", text, e["python_full_version"], e["sys_platform"], extra, got)
				}
			}
		}
	}
}

// TestEnvironment: an interpreter's markers are those that it says itself.
func TestEnvironment(t *testing.T) {
	cmd := exec.Command(testtool.Python(t, "3.12"), "-c", `
import json, sysconfig
from pip._vendor.packaging.markers import default_environment
e = default_environment()
e["platform_release"] = e["platform_version"] = ""
json.dump([e, sysconfig.get_platform().replace("-", "_").replace(".", "_")], __import__("sys").stdout)`)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want Environment
	var platform string
	if err := json.Unmarshal(out, &[]any{&want, &platform}); err != nil {
		t.Fatal(err)
	}
	got := NewEnvironment(want["python_full_version"], want["implementation_name"], platform)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, and Python says %q", name, got[name], value)
		}
	}
}

func TestParseRequirement(t *testing.T) {
	for _, c := range []struct {
		text, name string
		extras     int
		fits, not  string
		marker     string
	}{
		{"zope.interface", "zope.interface", 0, "1.0", "", ""},
		{"Foo[a, B_c] (>=1,<2) ; extra == 'x'", "Foo", 2, "1.5", "2.0", "extra == 'x'"},
		{"foo!=1.0,>=0.9;python_version<'3'", "foo", 0, "1.1", "1.0", "python_version<'3'"},
		{"foo @ https://example.org/foo;x.zip ; os_name=='nt'", "foo", 0, "9", "", "os_name=='nt'"},
		{"foo~=1.4.2", "foo", 0, "1.4.9", "1.5", ""},
		{"foo==1.*", "foo", 0, "1.9", "10.0", ""},
	} {
		r, ok := ParseRequirement(c.text)
		if !ok || r.Name != c.name || len(r.Extras) != c.extras || strings.TrimSpace(r.marker) != c.marker || !r.Fits(c.fits) || c.not != "" && r.Fits(c.not) {
			t.Errorf("%s: %+v", c.text, r)
		}
	}
	if _, ok := ParseRequirement(" # a comment"); ok {
		t.Error("a comment is a requirement")
	}
}
