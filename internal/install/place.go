package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"syscall"
	"unicode/utf16"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// placing is an archive on its way into a directory.
type placing struct {
	archive  *os.File
	dir      string
	manifest *archive.Manifest
	files    *archive.Files
	python   *interpreter.Python
	record   record
}

// insideName is the staging directory where the parent can't be written, or
// the directory can't be replaced.
const insideName = ".binary-buildout.new"

// entriesName lists, in insideName, what is being moved up. With it there, an
// interrupted install can be told from a stranger's files.
const entriesName = "entries.json"

// place unpacks, bootstraps and renames. What it made it removes if it fails.
func place(ctx context.Context, o Options, p placing) error {
	s, err := newStaging(p.dir)
	if err != nil {
		return err
	}
	defer s.Remove()
	if err := enoughSpace(s.Path, p.files); err != nil {
		return err
	}
	o.tell(fetch.Event{Step: "unpack", Text: "unpacking " + filepath.Base(p.archive.Name()), Total: totalSize(p.files)})
	tree := filepath.Join(s.Path, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return fault.Surroundings(fmt.Errorf("unpacking: %w", err), "")
	}
	if err := extractArchive(ctx, p.archive, tree, func(done, total int64) {
		o.tell(fetch.Event{Step: "unpack", Done: done, Total: total})
	}); err != nil {
		return &fault.Error{Err: fmt.Errorf("unpacking %s: %w", p.archive.Name(), err), Code: fault.CodeOf(err, 3), Text: fault.HintOf(err, "")}
	}
	if tree, err = topOf(tree); err != nil {
		return err
	}
	if err := shortEnough(o.OS, "installing into", p.dir, max(units(tree), units(p.dir)), p.manifest); err != nil {
		return err
	}
	o.tell(fetch.Event{Step: "bootstrap", Text: "running bootstrap.py with " + p.python.Executable})
	python := p.python.Executable
	if p.manifest.BundledPython != nil {
		python = "" // it lies in tree still
	}
	if err := bootstrap(ctx, o, tree, p.dir, python); err != nil {
		return err
	}
	if err := writeRecord(tree, p.record); err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", recordName, err), "")
	}
	if err := ctx.Err(); err != nil {
		return fault.Surroundings(fmt.Errorf("installing: %w", context.Cause(ctx)), "")
	}
	o.tell(fetch.Event{Step: "place", Text: "moving it to " + p.dir})
	return s.commit(tree, p.dir)
}

// enoughSpace checks, before anything is unpacked, that it will fit.
func enoughSpace(dir string, files *archive.Files) error {
	block := int64(4096)
	var need int64
	for _, f := range files.Files {
		need += (f.Size + block - 1) / block * block
	}
	if free, known := scratch.FreeSpace(dir); known && free < need {
		return fault.Surroundings(fmt.Errorf("unpacking into %s: %d MB are free, and %d MB are needed", filepath.Dir(dir), free>>20, need>>20+1), "make room on that disk")
	}
	return nil
}

// shortEnough refuses a directory where paths would be longer than Windows
// takes. length is the directory's, or that of one where it is prepared, if that
// is more: bootstrap.py runs there.
func shortEnough(goos, doing, dir string, length int, m *archive.Manifest) error {
	need := length + 1 + units(m.LongestPath)
	if goos != "windows" || need <= 259 {
		return nil
	}
	return fault.Usage(fmt.Errorf("%s %s: its path is too long: Windows takes 259 characters, and %d are needed, for %s", doing, dir, need, m.LongestPath),
		fmt.Sprintf("give a directory with a path that is %d shorter", need-259))
}

// units is a text's length as Windows counts it.
func units(text string) int { return len(utf16.Encode([]rune(text))) }

// topOf gives the directory that the archive's files lie in.
func topOf(tree string) (string, error) {
	for _, dir := range []string{tree, onlyEntry(tree)} {
		if fi, err := os.Lstat(filepath.Join(dir, archive.BootstrapPy)); dir != "" && err == nil && fi.Mode().IsRegular() {
			return dir, nil
		}
	}
	return "", fault.Failed(errors.New("unpacking: the archive holds no bootstrap.py"), "it isn't an archive of binary-buildout")
}

func onlyEntry(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || !entries[0].IsDir() {
		return ""
	}
	return filepath.Join(dir, entries[0].Name())
}

// bootstrap runs the tree's bootstrap.py for the directory it will lie in.
func bootstrap(ctx context.Context, o Options, tree, root, python string) error {
	if root != tree {
		return runBootstrap(ctx, o, tree, python, "--root", root)
	}
	return runBootstrap(ctx, o, tree, python)
}

// runBootstrap runs the tree's bootstrap.py; its error is that of the program.
func runBootstrap(ctx context.Context, o Options, tree, python string, args ...string) error {
	var out bytes.Buffer
	command := append(starting(tree, o.OS, python), args...)
	err := o.run(ctx, Call{Python: command[0], Args: command[1:], Dir: tree, Env: o.Env, Out: &out})
	if err == nil {
		return nil
	}
	said := lastError(out.String())
	if said.Text == "" {
		return fault.Surroundings(fmt.Errorf("running bootstrap.py with %s: %w", command[0], err), said.Hint)
	}
	return &fault.Error{Err: fmt.Errorf("running bootstrap.py: %w", said), Code: fault.CodeOf(err, 1), Text: said.Hint}
}

// run runs an interpreter as the caller wants it.
func (o Options) run(ctx context.Context, c Call) error {
	c.Env = append(slices.Clone(c.Env), errorsAsJSON)
	if o.Run == nil {
		return runProcess(ctx, c)
	}
	return o.Run(ctx, c)
}

// runProcess is the default Runner.
func runProcess(ctx context.Context, c Call) error {
	cmd := exec.CommandContext(ctx, c.Python, c.Args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, c.Out, c.Out
	return cmd.Run()
}

// staging is a directory on the file system that the tree will lie on.
type staging struct {
	*scratch.Held
	inside bool // in the directory itself, whose parent can't be written
}

// newStaging makes the staging directory, beside dir if that can be. What an
// interrupted install left is removed.
func newStaging(dir string) (*staging, error) {
	beside := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+insideName)
	s, err := openStaging(beside)
	if err == nil && replaceable(dir, beside) {
		return s, nil
	}
	if err == nil {
		s.Remove()
	} else if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return nil, err
	}
	if fi, statErr := os.Stat(dir); statErr != nil || !fi.IsDir() {
		return nil, fault.Surroundings(fmt.Errorf("making %s: %w", dir, err), "install as a user who may write "+filepath.Dir(dir)+
			", or have an empty directory made that you own")
	}
	if err := undoInside(dir); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("clearing up after an interrupted install in %s: %w", dir, err), "")
	}
	s, err = openStaging(filepath.Join(dir, insideName))
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("unpacking into %s: %w", dir, err), "")
	}
	s.inside = true
	return s, nil
}

// replaceable is whether a rename can put a directory in dir's place: it isn't
// there, or is empty and no mount point, which only trying can tell.
func replaceable(dir, staging string) bool {
	probe := filepath.Join(staging, "probe")
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return false // what an install inside left
	}
	err := os.Rename(dir, probe)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && os.Rename(probe, dir) == nil
}

func openStaging(dir string) (*staging, error) {
	// A file system without modes shows 0755, so being readable by others is let pass.
	if err := scratch.Make(dir, 0o022); err != nil {
		hint := ""
		if errors.Is(err, scratch.ErrForeign) {
			hint = "remove it"
		}
		return nil, fault.Surroundings(fmt.Errorf("making a directory to unpack in: %s: %w", dir, err), hint)
	}
	held, err := scratch.Hold(dir)
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("locking %s: %w", dir, err), "another install into the same directory is running; wait for it to end")
	}
	if err := held.Clear(); err != nil {
		held.Release()
		return nil, fault.Surroundings(fmt.Errorf("clearing up after an interrupted install: %w", err), "")
	}
	return &staging{Held: held}, nil
}

// commit is the one step that shows.
func (s *staging) commit(tree, dir string) error {
	if s.inside {
		return s.moveUp(tree, dir)
	}
	// An empty directory may be there; on Windows rename doesn't replace it.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Usage(fmt.Errorf("replacing %s: %w", dir, err), "something was put there while the archive was being unpacked")
	}
	if err := rename(tree, dir); err != nil {
		return fault.Surroundings(fmt.Errorf("renaming into place: %w", err), "")
	}
	return nil
}

// moveUp renames the tree's entries into the directory, .binary-buildout last:
// with it there the install is complete.
func (s *staging) moveUp(tree, dir string) error {
	entries, err := os.ReadDir(tree)
	if err != nil {
		return fault.Surroundings(fmt.Errorf("moving into place: %w", err), "")
	}
	var names []string
	for _, e := range entries {
		if e.Name() != archive.Dir {
			names = append(names, e.Name())
		}
	}
	names = append(names, archive.Dir)
	if err := writeJSON(filepath.Join(s.Path, entriesName), names); err != nil {
		return fault.Surroundings(fmt.Errorf("moving into place: %w", err), "")
	}
	for _, name := range names {
		if err := rename(filepath.Join(tree, name), filepath.Join(dir, name)); err != nil {
			err = fault.Surroundings(fmt.Errorf("moving into place: %w", err), "")
			return errors.Join(err, undoInside(dir))
		}
	}
	_ = scratch.RemoveAll(filepath.Join(dir, downloadInside)) // an earlier run's, too
	return nil
}

// interrupted is whether a directory holds nothing but what an install that
// was killed left.
func interrupted(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	moved, _ := archive.Document[[]string](dir, path.Join(insideName, entriesName))
	known := map[string]bool{insideName: true, downloadInside: true}
	if moved != nil {
		for _, name := range *moved {
			known[name] = name != archive.Dir
		}
	}
	staged := false
	for _, e := range entries {
		if !known[e.Name()] {
			return false
		}
		staged = staged || e.Name() == insideName || e.Name() == downloadInside
	}
	return staged
}

// undoInside removes what an interrupted moveUp left.
func undoInside(dir string) error {
	moved, err := archive.Document[[]string](dir, path.Join(insideName, entriesName))
	if err != nil {
		return nil // nothing was moved yet
	}
	for _, name := range *moved {
		if filepath.Base(name) != name || name == "." || name == ".." {
			return fmt.Errorf("%s names %q", entriesName, name)
		}
		if err := scratch.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func totalSize(files *archive.Files) int64 {
	var n int64
	for _, f := range files.Files {
		n += f.Size
	}
	return n
}
