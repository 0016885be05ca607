package main

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// The README's go install: the module, as a proxy would serve it, has all that
// the program is built of, and no file that a module may not have.
func TestGoInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("links binary-buildout")
	}
	const path = "github.com/binary-buildout/binary-buildout"
	// The module's cache keeps what it got, so each run has a version of its own.
	version := fmt.Sprintf("v0.0.%d%d", time.Now().Unix(), os.Getpid())
	t.Cleanup(func() { forgetModule(t, path, version) })
	dir := t.TempDir()
	served := filepath.Join(dir, "proxy", path, "@v")
	if err := os.MkdirAll(served, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"list": version + "\n", version + ".info": `{"Version":"` + version + `"}`, version + ".mod": string(mod)} {
		if err := os.WriteFile(filepath.Join(served, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	zipModule(t, filepath.Join(served, version+".zip"), path+"@"+version+"/")

	upstream, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "install", path+"@latest")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=file://"+filepath.Join(dir, "proxy")+","+strings.TrimSpace(string(upstream)),
		"GONOSUMDB="+path, "GOBIN="+filepath.Join(dir, "bin"), "GOFLAGS=-modcacherw")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command(filepath.Join(dir, "bin", "binary-buildout"), "--version").Output(); err != nil || !strings.HasPrefix(string(out), "binary-buildout ") {
		t.Errorf("%v: %s", err, out)
	}
}

// forgetModule removes a version of a module from go's cache.
func forgetModule(t *testing.T, path, version string) {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := strings.TrimSpace(string(cache))
	left, err := filepath.Glob(filepath.Join(root, "cache", "download", path, "@v", version+".*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(left, filepath.Join(root, path+"@"+version)) {
		if err := os.RemoveAll(name); err != nil {
			t.Error(err)
		}
	}
}

// zipModule writes what git has of this checkout, each name with a prefix.
func zipModule(t *testing.T, to, prefix string) {
	t.Helper()
	out, err := exec.Command(testtool.Program(t, "git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		entry, err := w.Create(prefix + name)
		if err == nil {
			_, err = entry.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
