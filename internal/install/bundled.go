package install

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
)

// bundled is the interpreter that an archive has in it, as it will lie in dir.
// It refuses a system that can't run it, and --python, which would have no say.
func bundled(ctx context.Context, o Options, m *archive.Manifest, dir string) (*interpreter.Python, error) {
	if o.Python != "" && o.Interpreter == nil {
		return nil, fault.Usage(fmt.Errorf("installing %s %s with --python %s: the archive has an interpreter of its own, Python %s", m.Name, m.Version, o.Python, m.BundledPython.Version),
			"leave --python out")
	}
	n, here := interpreter.Required(m), interpreter.System(ctx, o.search())
	if o.Run == nil { // else it runs elsewhere, and bootstrap says what doesn't fit there
		if misfit := n.Unfit(here); misfit.Rank != 0 {
			return nil, fault.Usage(fmt.Errorf("installing %s: %s; this system is %s", m.Target, misfit.Why, interpreter.SystemWords(here)), "take the archive for this system")
		}
	}
	here.Executable, here.Version, here.ABI = filepath.Join(dir, filepath.FromSlash(m.BundledPython.Executable)), m.BundledPython.Version, m.Python.ABI
	return here, nil
}

// starterLine is how bootstrap and bootstrap.cmd name the interpreter; see
// bundled.py of target, which reads it too.
var starterLine = regexp.MustCompile(`(?m)^(?:@set )?PYTHON=([A-Za-z0-9._+/\\-]+)\r?\n`)

// starter is what starts bootstrap.py under the tree's own interpreter: the
// program and the arguments before bootstrap.py's. Of a tree without one it is
// empty.
func starter(tree, goos string) []string {
	name := "bootstrap"
	if goos == "windows" {
		name = "bootstrap.cmd"
	}
	program := named(filepath.Join(tree, name))
	switch {
	case program == "":
		return nil
	case goos == "windows":
		return []string{filepath.Join(tree, filepath.FromSlash(program)), "-BsSE", filepath.Join(tree, archive.BootstrapPy)}
	}
	return []string{"/bin/sh", filepath.Join(tree, name)}
}

// named is the interpreter that a starter names, with slashes; empty if the file
// is none.
func named(file string) string {
	text, err := os.ReadFile(file)
	found := starterLine.FindSubmatch(text)
	if err != nil || found == nil || !bytes.Contains(text, []byte("binary-buildout: starts")) {
		return ""
	}
	return strings.ReplaceAll(string(found[1]), `\`, "/")
}

// ownInterpreter gives a tree's own interpreter, the directories that it lies in
// and those that it loads from first, as target/src/ownership.py does; of a tree
// without one, nothing.
func ownInterpreter(tree string) []string {
	program := named(filepath.Join(tree, "bootstrap"))
	if program == "" {
		return nil
	}
	top, _, _ := strings.Cut(program, "/")
	paths := []string{top, path.Dir(program), program}
	for _, lib := range []string{"lib", "lib64"} {
		paths = append(paths, path.Join(top, lib), path.Join(top, lib, path.Base(program)))
	}
	return paths
}

// starting is how bootstrap.py of a tree is started: by the interpreter that lies
// in it, unless python is another one, which then becomes that of a version
// without one.
func starting(tree, goos, python string) []string {
	if own := starter(tree, goos); own != nil && (python == "" || strings.HasPrefix(python, tree+string(filepath.Separator))) {
		return own
	}
	return []string{python, "-sE", filepath.Join(tree, archive.BootstrapPy)}
}
