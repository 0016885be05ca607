//go:build linux

package acceptance

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// nobody is the user and group that the archive is installed by, where the
// test may change to it.
const nobody = 65534

// server is a machine without compiler and network, where neither the build's
// directories nor its interpreter are.
type server struct {
	t      *testing.T
	python *python
	box    *isolate.Box
	work   string // all that the server's user owns: home, tmp, places
	tree   string // where the archive is installed

	ownEnv []string // variables of the server's own
}

// newServer gives such a machine. Further files and directories that it has
// not are in absent.
func newServer(t *testing.T, p *python, absent ...string) *server {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	box, err := isolate.New(context.Background(), isolate.Config{
		Hide: append([]string{home, root, "/var/tmp/binary-buildout", p.originalPrefix}, absent...),
		// The Python's copy has a place of its own.
		Python: p.executable(), Env: os.Environ(), OS: runtime.GOOS,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	if r := box.Result(); r.Network != isolate.Enforced || r.Compiler != isolate.Enforced || r.OldPlace != isolate.Enforced {
		t.Fatalf("this machine can't keep network, compilers and directories from a test: %+v", r)
	}
	s := &server{t: t, python: p, box: box, work: tempDir(t)}
	for _, dir := range []string{"home", "tmp", "first"} {
		s.mkdir(dir)
	}
	return s
}

// tempDir is t.TempDir, for other users too.
func tempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mkdir makes a directory below work that belongs to the server's user.
func (s *server) mkdir(name string) string {
	s.t.Helper()
	dir := filepath.Join(s.work, name)
	err := os.MkdirAll(dir, 0o755)
	if err == nil && os.Getuid() == 0 {
		err = os.Chown(dir, nobody, nobody)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// unpack extracts the archive with the system's tar or unzip.
func (s *server) unpack(archive, directory string) {
	s.t.Helper()
	place := s.mkdir(filepath.Join("first", directory))
	s.tree = place
	switch filepath.Ext(archive) {
	case ".gz":
		s.run("tar", "-xzf", archive)
	case ".zst":
		s.run("tar", "--zstd", "-xf", archive)
	default:
		s.run("unzip", "-q", archive)
	}
	found, err := filepath.Glob(filepath.Join(place, "*", "bootstrap.py"))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("bootstrap.py in %s: %v %v", place, found, err)
	}
	s.tree = filepath.Dir(found[0])
}

// move brings the tree and the interpreter to other places.
func (s *server) move() {
	s.t.Helper()
	tree := filepath.Join(s.mkdir("second"), "x")
	if err := os.Rename(s.tree, tree); err != nil {
		s.t.Fatal(err)
	}
	s.tree = tree
	s.python.move(s.t)
}

// run runs a command in the tree, as the server's user, and returns what it
// says on standard output and standard error.
func (s *server) run(name string, args ...string) string {
	s.t.Helper()
	env := append([]string{
		"PATH=/usr/bin:/bin", "LC_ALL=C",
		"HOME=" + filepath.Join(s.work, "home"), "TMPDIR=" + filepath.Join(s.work, "tmp"),
	}, s.ownEnv...)
	if strings.HasPrefix(name, "bin/") {
		name = filepath.Join(s.tree, name)
	}
	if os.Getuid() == 0 {
		user := []string{fmt.Sprintf("--reuid=%d", nobody), fmt.Sprintf("--regid=%d", nobody), "--clear-groups", "--", name}
		name, args = "setpriv", append(user, args...)
	}
	return outputOf(s.t, s.box, isolate.Command{
		Path: name, Args: args, Dir: s.tree, Umask: 0o077, Env: env,
	})
}

// extensions reads what must not change of each shared library below dir:
// digest, inode and time of change.
func extensions(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.Contains(d.Name(), ".so") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		inode := info.Sys().(*syscall.Stat_t).Ino
		found[name] = fmt.Sprintf("%x %d %s", sha256.Sum256(content), inode, info.ModTime())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// python is an interpreter, and a copy of it elsewhere without what was
// installed into it.
type python struct {
	original, originalPrefix string
	prefix                   string // of the copy
	minor                    string
}

// newPython copies the Python of a minor version to a path with a space.
func newPython(t *testing.T, minor string) *python {
	t.Helper()
	testtool.Program(t, "patchelf")
	p := &python{original: findPython(t, minor), minor: minor}
	p.originalPrefix = filepath.Dir(filepath.Dir(p.original))
	p.prefix = filepath.Join(tempDir(t), "Python "+minor)
	const script = `
mkdir "$2" && cd "$1" && tar --exclude='./lib/python*/site-packages/*' --exclude='./lib/python*/test' -cf - . | tar -C "$2" -xf -
# libpython is found from the copy, and not at the old place.
patchelf --set-rpath '$ORIGIN/../lib' "$2/bin/python$3"
chmod -R go+rX "$2"`
	said, err := exec.Command("sh", "-ec", script, "sh", p.originalPrefix, p.prefix, minor).CombinedOutput()
	if err != nil {
		t.Fatalf("copying %s: %v\n%s", p.originalPrefix, err, said)
	}
	return p
}

func (p *python) executable() string {
	return filepath.Join(p.prefix, "bin", "python"+p.minor)
}

// move renames the copy.
func (p *python) move(t *testing.T) {
	t.Helper()
	prefix := filepath.Join(tempDir(t), "py")
	if err := os.Rename(p.prefix, prefix); err != nil {
		t.Fatal(err)
	}
	p.prefix = prefix
}

// findPython gives the path of a CPython of a minor version. A test that lacks one is skipped.
func findPython(t *testing.T, minor string) string {
	t.Helper()
	return testtool.Python(t, minor)
}
