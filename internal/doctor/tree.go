package doctor

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/target"
)

// own is the path of one of binary-buildout's documents in the tree.
func (p Patient) own(name string) string { return filepath.Join(p.Dir, filepath.FromSlash(name)) }

// read reads one of them; false if it isn't there, or damaged.
func read[T any](p Patient, name string, into *T) bool {
	v, err := archive.Document[T](p.Dir, name)
	if err == nil {
		*into = *v
	}
	return err == nil
}

// bootstrap is the command that sets the tree up: with the interpreter that lies
// in it, where one does.
func (p Patient) bootstrap() string {
	command := "python bootstrap.py"
	starter := target.Starter{System: p.OS}.Name()
	if _, err := os.Lstat(p.own(starter)); err == nil {
		command = "./" + starter
	}
	return "cd " + install.ShellWord(p.Dir) + " && " + command
}

// settled looks whether bootstrap.py has run, at this place.
func settled(_ context.Context, p Patient) []Finding {
	var s archive.State
	real, err := filepath.EvalSymlinks(p.Dir)
	if err != nil {
		real = p.Dir
	}
	switch {
	case !read(p, archive.StateName, &s) || s.Root == "":
		return missing("place", p.bootstrap(), "bootstrap.py hasn't run")
	case s.Root != real:
		return missing("place", p.bootstrap(), "it was set up at %s, and is at %s now", s.Root, real)
	}
	return good("place", "it is set up for %s", real)
}

// fits looks whether the interpreter is there, and of the right kind.
func fits(ctx context.Context, p Patient) []Finding {
	var s archive.State
	var m archive.Manifest
	if !read(p, archive.ManifestName, &m) {
		return missing("archive", "install it into another directory, and move var/ there", "its manifest can't be read")
	}
	if !read(p, archive.StateName, &s) || s.Interpreter == "" {
		return nil // settled says it
	}
	again := "install it again, or set the tree up for another one of the same version: cd " + install.ShellWord(p.Dir) + " && PYTHON bootstrap.py"
	if m.BundledPython != nil {
		again = "install it again: its interpreter is part of the archive"
	}
	if _, err := os.Stat(s.Interpreter); err != nil {
		return missing("Python", again, "%s, which it was set up for, can't be found: %v", s.Interpreter, err)
	}
	if !ownership.MayRun(s.Interpreter) {
		return odd("Python", "run this as the user that the tree belongs to", "%s can be changed by another user, so root doesn't run it", s.Interpreter)
	}
	py, err := interpreter.Probe(ctx, s.Interpreter, interpreter.CleanEnv(p.Env))
	if err != nil {
		return missing("Python", again, "%s, which it was set up for, doesn't run", s.Interpreter)
	}
	n := interpreter.Required(&m)
	if !n.Fits(py) {
		return missing("Python", "set the tree up for one that fits: cd "+install.ShellWord(p.Dir)+" && PYTHON bootstrap.py", "%s is %s, and the archive is for %s", s.Interpreter, py.Version, m.Target)
	}
	return good("Python", "%s, %s", s.Interpreter, py.Version)
}

// interrupted looks for what a killed run left.
func interrupted(_ context.Context, p Patient) []Finding {
	for _, left := range []struct{ name, what, mend string }{
		{archive.Dir + "/transaction", "an update", p.bootstrap() + " --recover"},
		{archive.Dir + "/journal", "bin/buildout", "cd " + install.ShellWord(p.Dir) + " && bin/buildout"},
	} {
		if _, err := os.Lstat(p.own(left.name)); err == nil {
			return odd("interrupted runs", left.mend, "%s was killed; the next run finishes or undoes it", left.what)
		}
	}
	return good("interrupted runs", "none")
}

// complete has bootstrap.py compare each file with what was installed.
func complete(ctx context.Context, p Patient) []Finding {
	var s archive.State
	if !read(p, archive.StateName, &s) || s.Interpreter == "" {
		return nil
	}
	if _, err := os.Stat(s.Interpreter); err != nil {
		return nil // fits says it
	}
	program := p.own(archive.BootstrapPy)
	if !ownership.MayRun(program) || !ownership.MayRun(s.Interpreter) {
		return odd("files", "run this as the user that the tree belongs to", "not compared: another user can change them, so root runs no program of the tree")
	}
	cmd := exec.CommandContext(ctx, s.Interpreter, "-sE", program, "--check")
	cmd.Dir, cmd.Env = p.Dir, p.Env
	out, err := cmd.CombinedOutput()
	if err == nil {
		return good("files", "each is as it was installed, or as buildout left it")
	}
	first, _, _ := strings.Cut(string(bytes.TrimSpace(out)), "\n")
	return odd("files", p.bootstrap()+" --check (it lists all; bin/buildout makes again what a part made)", "some aren't as they were installed: %s", secrets.LastLines(first, 1))
}

// writers looks who else could change the tree.
func writers(_ context.Context, p Patient) []Finding {
	if _, err := install.Caretaker(p.Dir); err != nil {
		return odd("owner", fault.HintOf(err, "chmod -R go-w "+install.ShellWord(p.Dir)), "%v", err)
	}
	return good("owner", "nobody but its user can change it")
}
