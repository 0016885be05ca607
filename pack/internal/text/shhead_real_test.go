package text

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestRealShHeads: what today's uv, virtualenv and pip write at a path with a
// space, and at a long one, is known. They come from PyPI once, into the cache.
func TestRealShHeads(t *testing.T) {
	if testing.Short() {
		t.Skip("makes virtualenvs")
	}
	python := testtool.Python(t, "3.12")
	tools := filepath.Join(testcache.Dir(t), "shheads-uv-0.13.9")
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "UV_CACHE_DIR="+filepath.Join(tools, "cache"), "VIRTUAL_ENV=", "PIP_DISABLE_PIP_VERSION_CHECK=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %q: %v: %s", name, args, err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(tools, "ready")); err != nil {
		run(python, "-m", "venv", "--clear", tools)
		run(filepath.Join(tools, "bin", "pip"), "install", "-q", "uv==0.13.9", "virtualenv==21.15.11")
		check(t, os.WriteFile(filepath.Join(tools, "ready"), nil, 0o644))
	}
	uv := filepath.Join(tools, "bin", "uv")
	for _, dir := range []string{"sp ace", strings.Repeat("l", 130)} {
		base := filepath.Join(t.TempDir(), dir)
		check(t, os.Mkdir(base, 0o755))
		for _, kind := range []string{"uv", "relocatable", "virtualenv", "venv"} {
			env := filepath.Join(base, kind)
			interpreter := filepath.Join(env, "bin", "python")
			switch kind {
			case "virtualenv":
				run(filepath.Join(tools, "bin", "virtualenv"), "-q", "-p", python, env)
			case "venv":
				run(python, "-m", "venv", env)
			default:
				args := []string{"venv", "-q", "-p", python, env}
				if kind == "relocatable" {
					args = append(args, "--relocatable")
				}
				run(uv, args...)
				run(uv, "pip", "install", "-q", "-p", interpreter, "pip==25.3")
			}
			script, err := os.ReadFile(filepath.Join(env, "bin", "pip"))
			check(t, err)
			h := ParseShHead(script)
			switch {
			case h == nil:
				t.Errorf("%s at %s: %.300q", kind, dir, script)
			case kind == "relocatable" && (h.Beside != "python" || h.Interpreter != ""), kind != "relocatable" && filepath.Dir(h.Interpreter) != filepath.Dir(interpreter):
				t.Errorf("%s at %s: %+v", kind, dir, h)
			}
		}
	}
}
