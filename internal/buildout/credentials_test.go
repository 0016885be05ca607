package buildout

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/pack"
)

// index serves a package index (PEP 503) of the files in dir behind a
// password, and base.cfg without one.
func index(t *testing.T, dir, base string) *httptest.Server {
	t.Helper()
	normal := regexp.MustCompile(`[-_.]+`)
	mux := http.NewServeMux()
	mux.HandleFunc("/base.cfg", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, base) })
	private := func(w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		if user == "joe" && password == "s3cr3t/pw" {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		http.Error(w, "who?", http.StatusUnauthorized)
		return false
	}
	mux.HandleFunc("/simple/{name}/", func(w http.ResponseWriter, r *http.Request) {
		if !private(w, r) {
			return
		}
		entries, _ := os.ReadDir(dir)
		w.Header().Set("Content-Type", "text/html")
		for _, e := range entries {
			name, _, _ := strings.Cut(e.Name(), "-")
			if strings.EqualFold(normal.ReplaceAllString(name, "-"), normal.ReplaceAllString(r.PathValue("name"), "-")) {
				fmt.Fprintf(w, "<a href=\"../../files/%s\">%s</a>\n", e.Name(), e.Name())
			}
		}
	})
	mux.HandleFunc("/files/{name}", func(w http.ResponseWriter, r *http.Request) {
		if private(w, r) {
			http.ServeFile(w, r, filepath.Join(dir, r.PathValue("name")))
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// wheels downloads packages with everything they need.
func wheels(t *testing.T, python string, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"-m", "pip", "download", "-q", "-d", dir}, names...)
	if out, err := exec.Command(python, args...).CombinedOutput(); err != nil {
		t.Fatalf("pip download: %v: %s", err, out)
	}
	return dir
}

// A private index in a default.cfg, a remote configuration, shared
// directories: all of it builds, and none of it is in the tree afterwards.
func TestCredentials(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	py := python(t, "3.13")
	server := index(t, wheels(t, py, "zc.buildout==6.0.1", "zc.recipe.egg==6.0.0", "six==1.16.0"),
		"[buildout]\nparts = py\n\n[versions]\nzc.buildout = 6.0.1\nsix = 1.16.0\n")
	login := strings.Replace(server.URL, "://", "://joe:s3cr3t%2Fpw@", 1)
	shared := filepath.Join(t.TempDir(), "shared")
	home := write(t, map[string]string{".netrc": "machine x login y password netrc-secret\n"})
	defaults := write(t, map[string]string{"my.cfg": "[buildout]\nindex = " + login + "/simple/\neggs-directory = " + shared +
		"/eggs\ndownload-cache = " + shared + "/cache\nextends-cache = " + shared + "/extends\n\n[shop]\nname = fish\n"})
	dir := write(t, map[string]string{
		"buildout.cfg": "[buildout]\nextends = " + server.URL + "/base.cfg\ninstalled = .parts.cfg\n\n[py]\nrecipe = zc.recipe.egg\neggs = six\ninterpreter = py\nx = ${shop:name}\n" +
			"\n[app]\nuser = admin:admin\n",
		"notes.txt": "netrc-secret is quoted here\n"})
	// As on a hosted runner, the commands of before are run by root.
	bin := write(t, map[string]string{"sudo": "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$0.log\"\nshift\n[ \"$1\" != -E ] || shift\nexec \"$@\"\n"})
	if err := os.Chmod(filepath.Join(bin, "sudo"), 0o755); err != nil {
		t.Fatal(err)
	}
	env := environ.Set(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "BINARY_BUILDOUT_BEFORE_BY=sudo", "HOME="+home, "DEPLOY_TOKEN=0123456789abcdef", "PIP_FIND_LINKS")
	tree, err := Run(context.Background(), Options{Dir: dir, Stage: filepath.Join(t.TempDir(), "stage"), Python: py, DefaultCfg: filepath.Join(defaults, "my.cfg"),
		Before: []string{"echo $DEPLOY_TOKEN > leaked"}, Launcher: launcher(t), OS: "linux", Env: env})
	if err != nil {
		fail(t, err)
	}
	t.Cleanup(func() { tree.Close() })
	log, err := os.ReadFile(filepath.Join(bin, "sudo.log"))
	if said := string(log); err != nil || !strings.HasPrefix(said, "-n -E env PATH=") || !strings.Contains(said, " HOME="+home+" /bin/sh -c echo $DEPLOY_TOKEN > leaked\n-n chown -Rh ") || strings.Count(said, "\n") != 2 {
		t.Errorf("sudo was called as %s, %v", said, err)
	}
	if exists(shared) {
		t.Error("the shared directories were touched")
	}
	server.Close()
	if err := Gate(context.Background(), tree, nil, byConvention); err != nil {
		fail(t, err)
	}
	filepath.WalkDir(tree.Root, func(path string, d fs.DirEntry, err error) error {
		if data, _ := os.ReadFile(path); err != nil || bytes.Contains(data, []byte("s3cr3t")) {
			t.Errorf("%s holds the password (%v)", path, err)
		}
		return nil
	})
	checkOptions(t, tree, server.URL)
	want := "[{leaked the variable DEPLOY_TOKEN} {notes.txt a password of .netrc}]"
	if found := leaks(t, tree); fmt.Sprint(found) != want {
		t.Errorf("found %v, want %s", found, want)
	}
	if got := strings.Join(tree.Warnings, "\n"); !strings.Contains(got, "[app] user") {
		t.Errorf("warnings: %s", got)
	}
}

func checkOptions(t *testing.T, tree *Tree, server string) {
	t.Helper()
	want := []string{"buildout:eggs-directory=${buildout:directory}/eggs", "buildout:download-cache=${buildout:directory}/downloads",
		"buildout:installed=.installed.cfg", "buildout:extends-cache=extends-cache", "buildout:index=" + server + "/simple/", "shop:name=fish"}
	if got := strings.Join(tree.Launch.Options, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("options:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	if !exists(filepath.Join(tree.Root, "extends-cache", cacheName(server+"/base.cfg"))) {
		t.Error("the remote configuration isn't in the tree")
	}
	if got := tree.Installed[0].Options["x"]; got != "fish" {
		t.Errorf("default.cfg doesn't count: x = %s", got)
	}
}

// leaks are the credentials that pack finds in a tree.
func leaks(t *testing.T, tree *Tree) []pack.Leak {
	t.Helper()
	list, err := pack.Scan(tree.Root, pack.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pack.Relocate(list, pack.Origin{Secrets: tree.Secrets()}, "3.13.0")
	if err != nil {
		t.Fatal(err)
	}
	return plan.Leaks
}

// What is packed is searched, at any depth, although what isn't packed is not.
func TestSecretsOfWhatIsPacked(t *testing.T) {
	const password = "correct horse"
	root := write(t, map[string]string{"top.txt": password, "src/app/settings.py": "PW = '" + password + "'", "src/app/fine.py": "PW = None", "var/log/x.log": password, ".git/config": password})
	tree := &Tree{Root: root, secrets: secrets.OfHost([]string{"APP_PASSWORD=" + password}, "/nowhere")}
	if found, want := leaks(t, tree), "[{src/app/settings.py the variable APP_PASSWORD} {top.txt the variable APP_PASSWORD}]"; fmt.Sprint(found) != want {
		t.Errorf("found %v, want %s", found, want)
	}
}

// Names of versions, checkouts and eggs aren't names of secrets; their values
// may hold one all the same.
func TestApplicationPasswords(t *testing.T) {
	c := config{Versions: map[string]string{"SecretStorage": "3.3.3", "token": "1.0"}, Raw: map[string]map[string]string{
		"buildout":           {"versions": "pins"},
		"pins":               {"SecretStorage": "3.3.3", "token": "1.0", "tokenize-rt": "6.2.0"},
		"versionannotations": {"SecretStorage": "for keyring"},
		"plone-versions":     {"plone.session-secrets": "1.0"},
		"sources":            {"acme.passwords": "git https://example.org/acme.passwords.git", "acme.other": "git https://joe:pw@example.org/x.git"},
		"branches":           {"acme.passwords": "main", "secretstorage": "main"},
		"app":                {"token": "0123", "secret_storage": "x", "password-file": "secret.txt", "user": "admin:admin", "name": "joe", "api-secret": ""},
	}}
	eggs := []Egg{{Name: "acme.passwords", Version: "1.0", Develop: true}, {Name: "password", Version: "2.0"}}
	var want []string
	for _, option := range []string{"[app] password-file", "[app] secret_storage", "[app] token", "[app] user", "[sources] acme.other"} {
		want = append(want, option+" holds a password of the application; it is in the archive")
	}
	if got := applicationPasswords(c, eggs); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
