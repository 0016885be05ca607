//go:build linux

package published

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

// large has those that take less than 90 s of processor take turns.
func large(t *testing.T) {
	t.Helper()
	acceptance.Turn(t, "BINARY_BUILDOUT_PUBLISHED", "TestOdoo", "TestZODB", "TestZeo")
}

func TestModWSGI(t *testing.T) {
	acceptance.Run(t, acceptance.Case{Example: "published/modwsgi", Others: []string{"waitress==3.0.0", "PasteDeploy==3.0.1"}, Python: "3.13", Buildout: "6.0.1", Smoke: []string{
		"bin/portal", "grep -q workers.=.2 production.ini", "grep -q assets build/assets.txt", `grep -q "$PWD/production.ini" parts/production-indexer/wsgi`}})
}

// TestCleaning: the part that removes bin and eggs is named, and says what to do.
func TestCleaning(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a whole buildout")
	}
	cmd := exec.Command("go", "run", ".", "pack", "examples/published/modwsgi", "--config", "cleaning.cfg", "--name", "portal", "--version", "1",
		"--python", testtool.Python(t, "3.13"), "--stage", filepath.Join(t.TempDir(), "stage"), "--out", t.TempDir())
	cmd.Dir = "../../.."
	said, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "error: building part clean: it removed eggs/") || !strings.Contains(string(said), "leave the eggs of the buildout alone") {
		t.Errorf("%v\n%s", err, said)
	}
}

// coverage can't live below a directory that isn't ASCII, under Python 2.7 in the C locale.
func TestNose(t *testing.T) {
	acceptance.Run(t, acceptance.Case{Example: "published/nose", Others: []string{"six==1.15.0", "pyflakes==2.2.0"}, Python: "2.7", Buildout: "2.13.8", Place: "a place", Smoke: []string{
		"bin/test demo", "bin/cover demo", "bin/flake8 demo"}})
}

// TestOdoo has Odoo's sources from git, as docs/odoo.md says, which the recipe
// then makes a directory of.
func TestOdoo(t *testing.T) {
	large(t)
	acceptance.Run(t, acceptance.Case{Example: "published/odoo", Others: []string{"pytz==2021.1"}, Python: "2.7", Buildout: "2.13.8",
		Tools: []string{"pip==20.3.4", "setuptools==44.1.1", "zc.buildout==2.13.8"}, Prepare: extracted,
		Flags: []string{"--config", "release.cfg", "--name", "odoo", "--version", "8.0"},
		Smoke: []string{
			`grep -q "^addons_path = .*$PWD/parts/odoo/addons,$PWD/addons" etc/odoo.cfg`,
			`bin/buildout -c host.cfg && grep -q "^xmlrpc_port = 8169" etc/odoo.cfg && grep -q "^db_name = production" etc/odoo.cfg`,
			"bin/buildout",
		}})
}

// extracted puts Odoo into a git repository, and makes what the recipe extracts
// of that the directory to pack.
func extracted(t *testing.T, dir, python string) {
	t.Helper()
	cmd := exec.Command("sh", "-euc", `
commit() { git init -q -b 8.0 "$1" && git -C "$1" add -A && git -C "$1" -c user.name=x -c user.email=x@example.org commit -qm x; }
mv odoo ../odoo
commit ../odoo
sed -i "s|^version = local odoo|version = git file://$(realpath ../odoo) odoo 8.0\nrevisions = $(git -C ../odoo rev-parse HEAD)|" buildout.cfg
commit .
"$1" -c 'from zc.buildout.buildout import main; main(["bootstrap"])'
bin/buildout
bin/buildout -o odoo:extract-downloads-to=../release
git archive HEAD | tar -xC ../release
cd ..
mv "$2" built
mv release "$2"
printf '%s' "$3" >"$2/host.cfg"
`, "sh", python, dir, odooHost)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

const odooHost = "[buildout]\nextends = release.cfg\n\n[odoo]\noptions.xmlrpc_port = 8169\noptions.db_name = production\n"

func TestZODB(t *testing.T) {
	large(t)
	acceptance.Run(t, acceptance.Case{Example: "published/zodb", Others: []string{"transaction==4.0"}, Python: "3.13", Buildout: "6.0.1", Config: "own.cfg", Prepare: sdist("ZODB==6.4"),
		Flags: []string{"--name", "zodb", "--version", "6.4"}, Smoke: []string{"bin/test -t testTimeStamp", "bin/py -c 'import ZODB.FileStorage'"}})
}

// A part of it runs ${buildout:directory}/bin/zopepy, without quotes.
func TestZope(t *testing.T) {
	large(t)
	acceptance.Run(t, acceptance.Case{Example: "published/zope", Others: []string{"waitress==3.0.0"}, Python: "3.13", Buildout: "6.0.1", Config: "own.cfg", Place: "Straße", Prepare: sdist("Zope==6.3"),
		Flags: []string{"--name", "zope", "--version", "6.3"}, Smoke: []string{"bin/zopepy -c 'import Zope2'", "bin/test -s OFS -t testCopySupport"}})
}

// sdist puts what a project publishes beside the example's own.cfg.
func sdist(requirement string) func(t *testing.T, dir, python string) {
	return func(t *testing.T, dir, python string) {
		t.Helper()
		name, _, _ := strings.Cut(requirement, "==")
		to := t.TempDir()
		output(t, exec.Command(python, "-m", "pip", "-q", "download", "--no-deps", "--no-binary", name, "-d", to, requirement))
		found, err := filepath.Glob(filepath.Join(to, "*.tar.gz"))
		if err != nil || len(found) != 1 {
			t.Fatalf("sdists of %s: %v %v", requirement, found, err)
		}
		output(t, exec.Command("tar", "-xzf", found[0], "-C", dir, "--strip-components=1"))
	}
}

// TestZeo packs as plone.ansible's user does, with the system's own Python, and
// installs for that user; the clients and the server's scripts find their data
// outside of the tree.
func TestZeo(t *testing.T) {
	large(t)
	if os.Getuid() != 0 {
		t.Skip("another user than this one is needed")
	}
	const user, python = 1, "/usr/bin/python3" // daemon
	if _, err := os.Stat(python); err != nil {
		testtool.Lacks(t, python)
	}
	work, err := os.MkdirTemp("/var/tmp", "published-zeo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(work) })
	binary, data := filepath.Join(work, "binary-buildout"), filepath.Join(work, "data")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = "../../.."
	output(t, build)
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, text := range map[string]string{
		"app/zeo/buildout.cfg": strings.ReplaceAll(read("../../published/zeo/buildout.cfg"), "/srv/plone", data),
		"app/zeo/versions.cfg": read("../../zope/versions.cfg"), "app/buildout-cache/eggs/.keep": "", "app/buildout-cache/downloads/.keep": "", "data/.keep": "", "home/.keep": "", "place/with a space/.keep": "",
	} {
		path := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	output(t, exec.Command("chown", "-R", "daemon:daemon", work))
	as := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = filepath.Join(work, dir)
		cmd.Env = append(os.Environ(), "HOME="+filepath.Join(work, "home"), "TMPDIR=/var/tmp")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
		return output(t, cmd)
	}
	as("app", binary, "pack", "zeo", "--python", python, "--stage", filepath.Join(work, "stage"), "--out", filepath.Join(work, "out"))
	archives, err := filepath.Glob(filepath.Join(work, "out", "*.tar.gz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("archives %v %v", archives, err)
	}
	const place = "place/with a space/zeo-1.0"
	as("place/with a space", "tar", "-xzf", archives[0])
	as(place, python, "bootstrap.py")
	said := as(place, "bin/buildout")
	for _, part := range []string{"zeoserver", "client1", "client2", "client_reserved", "backup", "zopepy", "precompiler", "setpermissions"} {
		if !strings.Contains(said, "Updating "+part+".") {
			t.Errorf("bin/buildout doesn't say that it updates %s:\n%s", part, said)
		}
	}
	as(place, "bin/zopepy", "-c", "import Zope2, ZEO")
	if conf := read(filepath.Join(work, place, "parts/client1/etc/zope.conf")); !strings.Contains(conf, data+"/var") {
		t.Errorf("client1 has its data elsewhere:\n%s", conf)
	}
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, said.String())
	}
	return said.String()
}
