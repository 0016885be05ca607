package prove

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
)

// The grades of an interpreter that lies in the archive. There no other one is
// moved: all that this machine has are kept from what runs.
const (
	bundledEnforced     isolate.Grade = "bundled, enforced"
	bundledByConvention isolate.Grade = "bundled, by-convention"
)

// Enforced tells whether a grade is one that the operating system keeps up.
func Enforced(g isolate.Grade) bool { return g == isolate.Enforced || g == bundledEnforced }

// bundled tells whether the archive has an interpreter of its own.
func (r *run) bundled() bool { return r.manifest.BundledPython != nil }

// ownPython is the archive's interpreter where the tree will lie.
func (r *run) ownPython() *placedPython {
	p := &placedPython{Python: interpreter.Python{
		Executable: inTree(r.tree, r.manifest.BundledPython.Executable), Version: r.manifest.BundledPython.Version,
		Implementation: r.manifest.Python.Implementation, ABI: r.manifest.Python.ABI,
	}}
	p.Base, p.Prefix = p.Executable, inTree(r.tree, r.manifest.BundledPython.Directory)
	return p
}

func inTree(tree, path string) string { return filepath.Join(tree, filepath.FromSlash(path)) }

// others are the interpreters of this machine, without links: nothing that is
// proved may run them. Prefixes that hold more than an interpreter stay.
func (r *run) others() move {
	m := move{executable: r.python.Executable}
	paths := interpreter.Candidates(r.o.OS, r.o.Env)
	if r.o.Python != "" {
		paths = append(paths, r.o.Python)
	}
	for _, p := range paths {
		if real, err := filepath.EvalSymlinks(p); err == nil && !slices.Contains(m.mask, real) {
			m.mask = append(m.mask, real)
		}
	}
	if p := r.o.Origin.Prefix; p != "" && !slices.Contains(systemPrefixes, p) {
		m.hide = append(m.hide, p)
	}
	return m
}

// ownGrade sees, from within, that the installed tree's interpreter finds itself
// there, and that no other one can be run.
func (r *run) ownGrade(ctx context.Context) error {
	// JSON is ASCII: to a pipe, Windows' Python writes in the code page.
	const code = `
import json, os, sys
json.dump([sys.executable, sys.prefix, os.path.dirname(os.__file__)] + [p for p in sys.argv[1:] if os.access(p, os.X_OK)], sys.stdout)
`
	var out, errs strings.Builder
	err := r.box.Run(ctx, isolate.Command{
		Path: r.python.Executable, Args: append([]string{"-sE", "-c", code}, r.others().mask...),
		Env: r.env, Dir: r.work, Umask: 0o077, Stdout: &out, Stderr: &errs,
	})
	if err != nil {
		r.proof.fail("pack it again with another interpreter: --bundle-python=DIR", "the archive's own interpreter doesn't run: %v: %s", err, tellingLine(errs.String()))
		return nil
	}
	var paths []string
	err = json.Unmarshal([]byte(out.String()), &paths)
	switch {
	case err != nil || len(paths) < 3:
		r.proof.fail("", "the archive's own interpreter doesn't say where it is: %s", tellingLine(out.String()+errs.String()))
	case slices.ContainsFunc(paths[:3], func(p string) bool { return !strings.HasPrefix(p, r.python.Prefix) }):
		r.proof.fail("", "the archive's own interpreter finds itself in another place: %s", strings.Join(paths[:3], ", "))
	case len(paths) == 3:
		r.proof.Interpreter = bundledEnforced
	default:
		r.proof.Interpreter = bundledByConvention
	}
	return nil
}

// starter is the command that starts bootstrap.py, and its name for the report.
func (r *run) starter() (name, path string, args []string) {
	if r.bundled() && r.o.OS != "windows" {
		return "./bootstrap", "/bin/sh", []string{inTree(r.tree, "bootstrap")}
	}
	if r.bundled() {
		return "python bootstrap.py", inTree(r.tree, r.manifest.BundledPython.Executable), []string{archive.BootstrapPy}
	}
	return "python bootstrap.py", r.python.Executable, []string{archive.BootstrapPy}
}
