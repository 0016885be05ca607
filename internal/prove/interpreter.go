package prove

import (
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
)

// placedPython is a Python and where its files lie.
type placedPython struct {
	interpreter.Python
	Base   string `json:"base"`   // the executable, without links; of a virtualenv, the one it was made with
	Prefix string `json:"prefix"` // sys.base_prefix, without links
}

// describe asks an interpreter where it lies.
func describe(ctx context.Context, p *interpreter.Python, env []string) (*placedPython, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	const code = `
import json, os, sys
prefix = getattr(sys, "real_prefix", getattr(sys, "base_prefix", sys.prefix))
base = getattr(sys, "_base_executable", None) or sys.executable
sys.stdout.write(json.dumps({"base": os.path.realpath(base), "prefix": os.path.realpath(prefix)}))
`
	cmd := exec.CommandContext(ctx, p.Executable, "-sE", "-c", code)
	cmd.Env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "PYTHON") })
	out, err := cmd.Output()
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("asking %s for its location: %w", p.Executable, err), "")
	}
	i := &placedPython{Python: *p}
	if err := json.Unmarshal(out, i); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("asking %s for its location: %w", p.Executable, err), "")
	}
	return i, nil
}

// move is how an interpreter comes to another path.
type move struct {
	executable string // its new path
	dir        string // the directory that it lies in
	old        string // the path that must not run any more; "" if it still does
	binds      []isolate.Bind
	hide       []string
	mask       []string
}

// systemPrefixes are directories that hold much more than a Python, so they
// can't be hidden.
var systemPrefixes = []string{"/", "/usr", "/usr/local", "/opt", "/opt/homebrew", "/opt/local"}

// moveTo binds the interpreter's prefix to another place, where it finds its
// library by its own location, and takes the old one away. A prefix that the
// system needs stays, and only the executable in it is masked.
func (i *placedPython) moveTo(place string) move {
	rel, err := filepath.Rel(i.Prefix, i.Base)
	if err != nil || strings.HasPrefix(rel, "..") {
		return move{}
	}
	m := move{
		executable: filepath.Join(place, rel), old: i.Base,
		binds: []isolate.Bind{{From: i.Prefix, To: place, ReadOnly: true}},
	}
	m.dir = filepath.Dir(m.executable)
	if slices.Contains(systemPrefixes, i.Prefix) {
		m.mask = append(m.mask, i.Base)
		return m
	}
	m.hide = append(m.hide, i.Prefix)
	// An interpreter that was built --enable-shared finds libpython by a path
	// compiled in, or the linker's cache: the file alone stays in its old place.
	for _, lib := range sharedLibraries(i.Base, i.Prefix) {
		m.binds = append(m.binds, isolate.Bind{From: lib, To: lib, ReadOnly: true})
	}
	return m
}

// sharedLibraries gives the files of libpython in the prefix that an
// executable is linked to.
func sharedLibraries(executable, prefix string) []string {
	f, err := elf.Open(executable)
	if err != nil {
		return nil
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range needed {
		if !strings.HasPrefix(name, "libpython") {
			continue
		}
		for _, lib := range []string{"lib", "lib64"} {
			path := filepath.Join(prefix, lib, name)
			if fi, err := os.Lstat(path); err == nil && fi.Mode().IsRegular() {
				out = append(out, path)
			}
		}
	}
	return out
}

// linkFrom makes the interpreter look as if it were elsewhere: a link, which
// sys.executable then names. On Windows, where links need a privilege, it
// stays where it is.
func (i *placedPython) linkFrom(place, goos string) move {
	m := move{executable: i.Executable, dir: filepath.Dir(i.Executable)}
	dir := filepath.Join(place, "bin")
	link := filepath.Join(dir, filepath.Base(i.Base))
	if goos == "windows" || os.MkdirAll(dir, 0o755) != nil || os.Symlink(i.Base, link) != nil {
		return m
	}
	m.executable, m.dir = link, dir
	return m
}

// checkInterpreter sees, from within, where the interpreter thinks it is.
func (r *run) checkInterpreter(ctx context.Context, m move) (isolate.Grade, error) {
	const code = `
import os, sys
sys.stdout.write("%s\n%s\n" % (sys.executable, os.path.dirname(os.__file__)))
try:
    os.close(os.open(sys.argv[1], os.O_RDONLY))
    sys.stdout.write("%s" % os.access(sys.argv[1], os.X_OK))
except (OSError, IOError):
    sys.stdout.write("False")
`
	var out, errs strings.Builder
	old := m.old
	if old == "" {
		old = r.python.Base
	}
	err := r.box.Run(ctx, isolate.Command{
		Path: m.executable, Args: []string{"-sE", "-c", code, old}, Env: r.env, Dir: r.work, Umask: 0o077, Stdout: &out, Stderr: &errs,
	})
	var exit *isolate.ExitError
	if errors.As(err, &exit) {
		return isolate.Not, fault.Surroundings(fmt.Errorf("running the interpreter at another path: %w: %s", err, tellingLine(errs.String())), "")
	}
	if err != nil {
		return isolate.Not, err
	}
	lines := strings.Split(out.String(), "\n")
	place := filepath.Join(r.work, pythonName)
	switch {
	case len(lines) != 3 || !strings.HasPrefix(lines[0], place):
		return isolate.Not, nil
	case strings.HasPrefix(lines[1], place) && lines[2] == "False":
		return isolate.Enforced, nil
	default:
		return isolate.ByConvention, nil
	}
}

// environment is what the target's commands see: little.
func (r *run) environment(pythonDir string) []string {
	list := []string{"/usr/local/bin", "/usr/bin", "/bin"}
	if pythonDir != "" {
		list = append([]string{pythonDir}, list...)
	}
	env := []string{"HOME=" + r.box.Home(), "TMPDIR=" + r.box.Temp(), "LC_ALL=C"}
	if r.o.OS == "windows" {
		list = list[:len(list)-3]
		env = []string{"USERPROFILE=" + r.box.Home(), "APPDATA=" + r.box.Home(), "TEMP=" + r.box.Temp(), "TMP=" + r.box.Temp()}
		for _, name := range []string{"SystemRoot", "SystemDrive", "COMSPEC", "PATHEXT", "windir", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"} {
			for _, kv := range r.o.Env {
				if k, _, ok := strings.Cut(kv, "="); ok && strings.EqualFold(k, name) {
					env = append(env, kv)
					if strings.EqualFold(k, "SystemRoot") {
						list = append(list, kv[len(k)+1:]+`\System32`, kv[len(k)+1:])
					}
				}
			}
		}
	}
	return append(env, "PATH="+strings.Join(list, string(filepath.ListSeparator)))
}
