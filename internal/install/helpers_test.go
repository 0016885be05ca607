package install

import (
	"github.com/binary-buildout/binary-buildout/internal/fault/faulttest"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"

	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// hello is an archive for this machine's Python.
func hello(t *testing.T, version string) (installtest.Archive, *interpreter.Python) {
	t.Helper()
	p := probed(t, installtest.Python(t, "3.13"))
	return installtest.Archive{
		Name: "hello", Version: version,
		Manifest: archive.Manifest{Target: p.ABI + "-linux_" + p.Machine, Python: archive.Python{ABI: p.ABI, Libc: p.Libc}},
		Files: map[string]string{
			"bin/hello": "#!/bin/sh\necho " + version + " @binary-buildout-root@ @binary-buildout-python@\n",
			"data.txt":  "of " + version,
		},
	}, p
}

// probes are what probed has asked of interpreters.
var probes sync.Map

// probed asks an interpreter what it is, once a process.
func probed(t *testing.T, python string) *interpreter.Python {
	t.Helper()
	if p, ok := probes.Load(python); ok {
		return p.(*interpreter.Python)
	}
	p, err := interpreter.Probe(t.Context(), python, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	probes.Store(python, p)
	return p
}

func options(src, into string) Options {
	// Few interpreters: each takes a while to describe itself. TestProbe and
	// TestCandidates see the others.
	env := append(os.Environ(), "PYENV_ROOT=/no", "HOME=/no", "PATH="+strings.Join([]string{python313(), "/usr/bin", "/bin"}, ":"))
	return Options{
		Source: src, Into: into, Env: env, OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
}

// python313 gives the directory of the interpreter that hello is for.
var python313 = sync.OnceValue(func() string {
	for _, p := range interpreter.Candidates(runtime.GOOS, os.Environ()) {
		if filepath.Base(p) == "python3.13" {
			return filepath.Dir(p)
		}
		if real, err := filepath.EvalSymlinks(p); err == nil && filepath.Base(real) == "python3.13" {
			return filepath.Dir(p)
		}
	}
	return ""
})

func wantError(t *testing.T, err error, code int, words ...string) {
	t.Helper()
	faulttest.Want(t, err, code, words...)
}

// snapshot gives path, mode, size and time of everything below dir.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		out[p] = fmt.Sprint(fi.Mode(), fi.Size(), fi.ModTime())
		if d.IsDir() {
			out[p] = fmt.Sprint(fi.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func onlyThese(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// open opens a file until the test ends.
func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mkfile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string, edit func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		data = edit(data)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
