package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// openldap unpacks the distribution's OpenLDAP into the cache, without installing it.
func openldap(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(verifytest.Cache(t), "openldap")
	root := filepath.Join(dir, "root")
	if _, err := os.Stat(root); err == nil {
		return root
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := `set -e
deps=$(apt-cache depends libldap2-dev libldap-dev 2>/dev/null | sed -n 's/.*Depends: \(libldap[^ ]*\).*/\1/p' | sort -u)
apt-get download -q libldap2-dev libsasl2-dev libsasl2-2 $deps
for f in *.deb; do dpkg -x $f new; done
mv new root`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fetching OpenLDAP from the distribution: %v\n%s", err, out)
	}
	return root
}

// TestPythonLDAP: a real python-ldap, built against the distribution's OpenLDAP.
func TestPythonLDAP(t *testing.T) {
	if testing.Short() {
		t.Skip("builds python-ldap from PyPI")
	}
	testtool.Program(t, "apt-get") // OpenLDAP comes from Debian's packages
	root := openldap(t)
	libs, _ := filepath.Glob(filepath.Join(root, "usr", "lib", "*-linux-gnu"))
	if len(libs) != 1 {
		t.Fatalf("libraries of OpenLDAP in %q", libs)
	}
	out := t.TempDir()
	env := append(os.Environ(), "CFLAGS=-I"+root+"/usr/include -I"+root+"/usr/include/sasl", "LDFLAGS=-L"+libs[0]+" -Wl,-rpath-link,"+libs[0], "LIBRARY_PATH="+libs[0])
	ds := watched(t, out, env, verifytest.Python(t, "3.11"), "-m", "pip", "install", "-q", "--no-deps", "--no-binary=python-ldap", "--target", filepath.Join(out, "eggs/python_ldap.egg"), "python-ldap==3.4.5")
	in := Input{Source: Dir(out), Python: archive.Python{Version: "3.11.7", ABI: "cp311", Platform: "linux_x86_64"}, Witnessed: true, Declared: ds}

	r := check(t, in)
	if len(r.Foreign) != 1 || r.Foreign[0].Module != "_ldap" || !strings.Contains(messages(r.Foreign), "libldap") || len(r.Missing) != 0 {
		t.Fatalf("missing %s\nforeign %s", messages(r.Missing), messages(r.Foreign))
	}
	for _, p := range r.Foreign[0].Problems {
		if p.Kind != "library" || p.Package == "" || !strings.Contains(p.Hint, "system-libraries = "+p.Library) {
			t.Errorf("%+v", p)
		}
	}
	in.SystemLibraries = []string{"libldap*", "liblber*"}
	r = check(t, in)
	if r.Err() != nil || len(r.Compiled) != 1 || len(r.SystemLibraries) == 0 {
		t.Errorf("%v, system %+v", r.Err(), r.SystemLibraries)
	}
}
