package pack

import (
	"context"
	_ "embed"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/pack/internal/pyc"
)

// Compile says how to make bytecode.
type Compile struct {
	Python string    // the build's interpreter
	Dir    string    // an empty directory for the .pyc files; it has to stay until Write is done
	Epoch  time.Time // the mtime of every file of the archive, which Python 2.7 and 3.6 compare
	Jobs   int       // processes; 0 is one a core
}

// BytecodeReport says what CompileBytecode did.
type BytecodeReport struct {
	Compiled int      `json:"compiled"`
	AtTarget int      `json:"at_target"` // compiled by bootstrap.py, since their source is relocated
	Skipped  []string `json:"skipped"`   // sources that this Python can't compile: templates, other versions
}

// CompileBytecode gives the plan with a .pyc file for each .py file of
// eggs, parts and packages, so that a read-only install starts without
// compiling. It follows Relocate: a source that is relocated gets a relocation
// of class bytecode instead, and bootstrap.py compiles it.
//
// The bytes depend on the sources and the Python version alone. Files of
// installed distributions are "unchecked" (PEP 552), others "checked" by the
// source's hash, so that a change of a develop package is seen at once.
// Python 2.7 and 3.6 know neither; there it is the source's time and size.
func CompileBytecode(ctx context.Context, plan *Plan, c Compile) (*Plan, *BytecodeReport, error) {
	a := &plan.List
	var todo []int
	for i := range a.Files {
		if compiles(&a.Files[i]) {
			todo = append(todo, i)
		}
	}
	if c.Jobs <= 0 {
		c.Jobs = runtime.GOMAXPROCS(0)
	}
	out := make([]compiled, len(todo))
	if err := c.all(ctx, a, todo, out); err != nil {
		return nil, nil, err
	}
	done, rep := c.collect(plan, todo, out)
	return done, rep, nil
}

// Marshal is what an interpreter shows of its bytecode's format before a build.
type Marshal = pyc.Marshal

// compiles tells whether a file is a source that gets bytecode: not scripts, which are never imported.
func compiles(f *File) bool {
	if f.Type != archive.TypeFile || f.Source == "" || path.Ext(f.Path) != ".py" || strings.HasPrefix(f.Path, archive.Dir+"/") {
		return false
	}
	dir := path.Base(archive.Parent(f.Path))
	return dir != "bin" && dir != "Scripts" && !strings.HasSuffix(archive.Parent(f.Path), "EGG-INFO/scripts")
}

// compiled is what became of one source.
type compiled struct {
	ok     bool
	path   string // of the .pyc, in the archive
	source string // on disk
	size   int64
	sha256 string
}

func (c Compile) all(asked context.Context, a *List, todo []int, out []compiled) error {
	ctx, cancel := context.WithCancel(asked)
	defer cancel()
	next := make(chan int)
	errs := make(chan error, c.Jobs)
	var wg sync.WaitGroup
	for range min(c.Jobs, max(1, len(todo)/16)) {
		wg.Go(func() {
			if err := c.worker(ctx, a, todo, out, next); err != nil {
				errs <- err
				cancel()
			}
		})
	}
feed:
	for k := range todo {
		select {
		case next <- k:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	if err := asked.Err(); err != nil {
		return err // the interpreters ended because they were told to
	}
	select {
	case err := <-errs:
		return err
	default:
		return ctx.Err()
	}
}

// worker runs one interpreter, and gives it one source after the other.
func (c Compile) worker(ctx context.Context, a *List, todo []int, out []compiled, next <-chan int) error {
	p, err := pyc.Start(ctx, c.Python, c.Dir)
	if err != nil {
		return fail(exitSurroundings, "name the build's interpreter with --python", "%w", err)
	}
	for k := range next {
		f := &a.Files[todo[k]]
		code, hash, err := p.Compile(f.Source, f.Path)
		if err == nil && code != nil {
			out[k], err = c.store(f, k, p, code, hash)
		}
		if err != nil {
			p.Stop()
			return fail(exitCheck, "", "compiling %s: %w%s", archive.QuoteName(f.Path), err, p.Said())
		}
	}
	return p.Stop()
}

// store writes one .pyc file into the side directory.
func (c Compile) store(f *File, k int, p *pyc.Compiler, code, hash []byte) (compiled, error) {
	res := compiled{ok: true, path: p.Path(f.Path)}
	if f.Class == archive.ClassText {
		return res, nil
	}
	if p.Major == 3 {
		var err error
		if code, err = pyc.Canonical(code, p.Major, p.Minor); err != nil {
			return res, err
		}
	}
	data := append(p.Header(hash, !fromIndex(f.Path), c.Epoch, f.Size), code...)
	res.source = filepath.Join(c.Dir, strconv.Itoa(k)+".pyc")
	res.size, res.sha256 = int64(len(data)), digest.Of(data)
	return res, os.WriteFile(res.source, data, 0o600)
}

// collect adds what was compiled to a copy of the plan.
func (c Compile) collect(plan *Plan, todo []int, out []compiled) (*Plan, *BytecodeReport) {
	rep := &BytecodeReport{Skipped: []string{}}
	a := *plan
	a.Files, a.Relocations = slices.Clone(plan.Files), slices.Clone(plan.Relocations)
	var files []File
	for k, i := range todo {
		f := &a.Files[i]
		switch {
		case !out[k].ok:
			rep.Skipped = append(rep.Skipped, f.Path)
		case f.Class == archive.ClassText:
			rep.AtTarget++
			a.Relocations = append(a.Relocations, archive.Relocation{Path: out[k].path, Class: archive.ClassBytecode, Mode: uint32(f.Mode.Perm() &^ 0o111)})
		default:
			rep.Compiled++
			files = append(files, File{
				Path: out[k].path, Mode: f.Mode &^ 0o111, Size: out[k].size, SHA256: out[k].sha256,
				Source: out[k].source, Part: f.Part,
			})
		}
	}
	a.Add(files...)
	return &a, rep
}
