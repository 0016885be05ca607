package updatetest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// late answers each line with the modules that it could import, those of no use to
// bootstrap.py among them, and with what a child of the same interpreter says.
const late = `
import subprocess, sys
for line in iter(sys.stdin.readline, ""):
    __import__(line.strip())
    print(subprocess.check_output([sys.executable, "-c", "import sys; print(sys.prefix)"]).decode().strip())
    sys.stdout.flush()
`

// serving is a process that runs under a tree's interpreter.
type serving struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func serve(t *testing.T, python string) serving {
	t.Helper()
	cmd := exec.Command(python, "-BsSE", "-c", late)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	s := serving{cmd, in, bufio.NewReader(out)}
	t.Cleanup(func() { s.stop() })
	return s
}

// imports fails the test unless it imports a module that it hasn't yet, and starts a child, both of prefix.
func (s serving) imports(t *testing.T, module, prefix string) {
	t.Helper()
	_, err := io.WriteString(s.in, module+"\n")
	must(t, err)
	if line, err := s.out.ReadString('\n'); line != prefix+"\n" {
		t.Fatalf("importing %s: a child says %q, want %s: %v", module, line, prefix, err)
	}
}

func (s serving) stop() {
	s.in.Close()
	_ = s.cmd.Wait()
}

// pythonsIn are the interpreters that lie in a tree.
func pythonsIn(t *testing.T, root string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "python-*"))
	must(t, err)
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

// TestInterpreterOutlives: a process that runs under the interpreter of the version
// before goes on to import modules and to start children, from an update on, and
// after a rollback under that of the version after. What nobody uses any more is
// removed by the next bootstrap.py or bin/buildout; what people added stays.
func TestInterpreterOutlives(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	module := func(number string) func(map[string]string) {
		return func(files map[string]string) {
			for _, name := range []string{"one", "two", "three", "four"} {
				files["python-"+number+"/lib/python3.13/"+name+".py"] = "name = '" + name + "'\n"
			}
		}
	}
	old := packVersion(t, python, "1.0", withPython(t, "3.13", "3.13.9"), module("3.13.9"))
	new := packVersion(t, python, "2.0", withPython(t, "3.13", "3.13.11"), module("3.13.11"))
	root := filepath.Join(t.TempDir(), "a place ü")
	old.install(t, root)
	before := wholeTree(t, root)
	wants := func(what string, want ...string) {
		t.Helper()
		if have := pythonsIn(t, root); !slices.Equal(have, want) {
			t.Fatalf("%s: there are %q, want %q", what, have, want)
		}
	}
	update := func() {
		t.Helper()
		ways["delta"](t, old, new, root)
		old.bootstrap(t, root).Must(t, "update")
		runs(t, root, "2.0")
	}
	first := filepath.Join(root, "python-3.13.9")
	added := filepath.Join(first, "lib/python3.13/added.py")

	s := serve(t, filepath.Join(first, "bin/python3.13"))
	s.imports(t, "one", first)
	update()
	wants("an update while it serves", "python-3.13.11", "python-3.13.9")
	s.imports(t, "two", first)
	new.bootstrap(t, root).Must(t, "again")
	wants("again", "python-3.13.11", "python-3.13.9")
	new.bootstrap(t, root, "--rollback").Must(t, "rollback")
	wants("a rollback", "python-3.13.9")
	s.imports(t, "three", first)
	packtest.SameMap(t, before, wholeTree(t, root))

	update()
	s.imports(t, "four", first)
	s.stop()
	second := filepath.Join(root, "python-3.13.11")
	s = serve(t, filepath.Join(second, "bin/python3.13"))
	s.imports(t, "one", second)
	packtest.WriteFile(t, added, "")
	r := new.bootstrap(t, root).Must(t, "bootstrap.py after its end")
	if !strings.Contains(r.Out, "python-3.13.9 is no longer used, and has files in it") {
		t.Error(r.Out)
	}
	if have := wholeTree(t, first); len(have) != 3 || have["lib/python3.13/added.py"] == "" {
		t.Errorf("of the first there is %v", have)
	}
	must(t, os.RemoveAll(first))
	new.bootstrap(t, root, "--rollback").Must(t, "rollback while the second is used")
	wants("a rollback while it serves", "python-3.13.11", "python-3.13.9")
	s.imports(t, "two", second)
	runs(t, root, "1.0")
	update()
	s.imports(t, "three", second)
	s.stop()
	new.bootstrap(t, root, "--rollback").Must(t, "the last rollback")
	wants("at the end", "python-3.13.9")
	packtest.SameMap(t, before, wholeTree(t, root))
	if _, err := os.Stat(filepath.Join(root, archive.Dir, "outlived.json")); err == nil {
		t.Error("outlived.json is still there")
	}
	t.Run("unseen", func(t *testing.T) { unseen(t, old, new) })
}
