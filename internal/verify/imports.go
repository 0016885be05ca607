package verify

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/pymodule"
)

//go:embed importer/importer.py
var importer string

// Import says how to import the extensions of a tree on this machine. Each is
// imported in a process of its own, so that a crash or a hang is a finding.
type Import struct {
	Interpreter string        // absolute path
	Prefix      string        // sys.base_prefix: libraries below it are the interpreter's own
	Root        string        // the tree's directory, absolute
	Paths       [][]string    // groups of sys.path entries, relative to Root or absolute: one a script or part
	Timeout     time.Duration // for one import; 0 is a minute
	Jobs        int           // processes at once; 0 is one a processor

	// Skip tells which extensions are imported otherwise, by path. May be nil.
	Skip func(path string) bool
}

// job is one import, as importer.py reads it.
type job struct {
	ID       int      `json:"id"`
	Paths    []string `json:"paths"`
	Module   string   `json:"module"`
	File     string   `json:"file"`
	Packages []string `json:"packages"` // the top-level modules of its distribution
	Timeout  int      `json:"timeout"`  // seconds
	Script   string   `json:"script"`

	x *extension
}

// result is what importer.py says of one.
type result struct {
	ID      int      `json:"id"`
	Error   string   `json:"error"`
	Type    string   `json:"type"`
	Package string   `json:"package"` // the package of the module whose own import failed
	Missing string   `json:"missing"`
	Other   string   `json:"other"`
	Maps    []string `json:"maps"`
}

// importAll imports every extension that the interpreter would load, and gives the problems by file.
func (c *checker) importAll(ctx context.Context) (map[string][]Problem, error) {
	im := c.in.Import
	var jobs []*job
	for _, x := range c.extensions {
		if im.Skip != nil && im.Skip(x.file.path) {
			continue
		}
		if m, ok := x.file.fitting(c.target); !ok || c.spare(x.file) || !exportsAny(m, pymodule.Entries(x.name.Stem, c.target.version())) {
			continue // judged already
		}
		jobs = append(jobs, &job{ID: len(jobs), Paths: c.paths(x), Module: x.module, File: filepath.Join(im.Root, filepath.FromSlash(x.file.path)), Packages: x.egg.packages(), x: x})
	}
	results, err := runJobs(ctx, *im, jobs)
	if err != nil {
		return nil, err
	}
	problems := map[string][]Problem{}
	m := newMapCheck(c)
	for i, r := range results {
		x := jobs[i].x
		mapped, opened := m.check(r.Maps)
		problems[x.file.path] = append(c.importProblems(jobs[i], r), mapped...)
		if len(opened) > 0 {
			c.warn(x, Problem{Kind: "mapped", Message: "importing it loads libraries of this system that nothing in the tree is linked to: " + strings.Join(opened, ", ")})
		}
	}
	return problems, nil
}

// paths is sys.path for an extension: the first group that has its egg, else
// its egg and then all others.
func (c *checker) paths(x *extension) []string {
	root := c.in.Import.Root
	base := c.scan.guessBase(x.file.path)
	if x.egg != nil {
		base = x.egg.base
	}
	abs := func(p string) string {
		if filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(root, filepath.FromSlash(p))
	}
	for _, group := range c.in.Import.Paths {
		all := make([]string, len(group))
		for i, p := range group {
			all[i] = abs(p)
		}
		if slices.Contains(all, abs(base)) {
			return all
		}
	}
	all := []string{abs(base)}
	seen := map[string]bool{base: true}
	for _, e := range c.eggs {
		if !seen[e.base] {
			seen[e.base] = true
			all = append(all, abs(e.base))
		}
	}
	return all
}

// importProblems judges one result. A Python module that the tree doesn't have is
// the application's choice (an extra that isn't installed), so only a warning.
func (c *checker) importProblems(j *job, r result) []Problem {
	switch {
	case r.Error == "" && r.Other == "":
		return nil
	case r.Other != "":
		c.warn(j.x, Problem{Kind: "import", Message: "importing " + j.Module + " gives another file, " + c.relative(r.Other)})
		return nil
	case r.Missing != "" && !c.inPaths(j.Paths, r.Missing) && !sibling(j.Module, r.Missing):
		where := "isn't in the tree"
		if c.inTheTree(r.Missing) {
			where = "isn't among the eggs of the script that has it"
		}
		c.warn(j.x, Problem{Kind: "import", Message: "it imports " + r.Missing + ", which " + where})
		return nil
	}
	p := Problem{Kind: "import", Message: "importing " + j.Module + " fails: " + r.Type + ": " + oneLine(r.Error), Hint: importHint(r)}
	switch {
	case r.Type == "timeout" || r.Type == "crash":
		p.Message = "importing " + j.Module + ": " + r.Error
	case r.Package != "":
		p.Message = "importing its package " + r.Package + " fails: " + r.Type + ": " + oneLine(r.Error)
	}
	return []Problem{p}
}

// sibling says whether two modules are of one package: a part of the egg itself is missing.
func sibling(a, b string) bool {
	i, j := strings.LastIndex(a, "."), strings.LastIndex(b, ".")
	return i > 0 && j > 0 && a[:i] == b[:j]
}

func (c *checker) warn(x *extension, p Problem) {
	item := c.item(x.file, x)
	item.Problems = []Problem{p}
	c.report.Warnings = append(c.report.Warnings, item)
}

func (c *checker) relative(p string) string {
	if rel, err := filepath.Rel(c.in.Import.Root, p); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return p
}

// inTheTree says whether a module lies in one of the eggs.
func (c *checker) inTheTree(module string) bool {
	return slices.ContainsFunc(c.eggs, func(e *egg) bool { return c.below(e.base, module) })
}

// inPaths says whether a module lies in one of the directories of a sys.path.
func (c *checker) inPaths(paths []string, module string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		rel, err := filepath.Rel(c.in.Import.Root, p)
		return err == nil && c.below(filepath.ToSlash(rel), module)
	})
}

// below says whether a directory of the tree has a module, by its dotted name.
func (c *checker) below(dir, module string) bool {
	q := path.Join(dir, strings.ReplaceAll(module, ".", "/"))
	return c.scan.dirs[q] || c.scan.all[q+".py"] || slices.ContainsFunc(c.extensions, func(x *extension) bool {
		n, ok := pymodule.ParseName(path.Base(x.file.path))
		return ok && path.Join(path.Dir(x.file.path), n.Stem) == q
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func importHint(r result) string {
	switch {
	case strings.Contains(r.Error, "undefined symbol") || strings.Contains(r.Error, "symbol not found"):
		return "it was built against another version of a library or of Python: build it again"
	case strings.Contains(r.Error, "cannot open shared object") || strings.Contains(r.Error, "DLL load failed") || strings.Contains(r.Error, "Library not loaded"):
		return "a library that it needs isn't found; see its other problems"
	case r.Type == "timeout":
		return "import it by hand, and see what it waits for"
	}
	return "import it with the interpreter of one of the buildout's scripts, and read the traceback; --no-import leaves this check out"
}

// runJobs has a pool of interpreters do the imports. Each interpreter does one
// after the other, in a child each.
func runJobs(ctx context.Context, im Import, jobs []*job) ([]result, error) {
	results := make([]result, len(jobs))
	timeout := max(1, int(im.Timeout/time.Second))
	if im.Timeout == 0 {
		timeout = 60
	}
	n := im.Jobs
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	queue := make(chan *job, len(jobs))
	for _, j := range jobs {
		j.Timeout, j.Script = timeout, importer
		queue <- j
	}
	close(queue)
	dir, err := os.MkdirTemp("", "binary-buildout-import")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var group sync.WaitGroup
	errs := make(chan error, n)
	for range min(n, len(jobs)) {
		group.Go(func() { errs <- work(ctx, im, dir, queue, results) })
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, ctx.Err()
}

// work runs one interpreter until the queue is empty; one that dies is started again.
func work(ctx context.Context, im Import, dir string, queue <-chan *job, results []result) error {
	var w *worker
	defer func() { w.stop() }()
	for j := range queue {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w == nil {
			var err error
			if w, err = startWorker(ctx, im, dir); err != nil {
				return fmt.Errorf("importing with %s: %w", im.Interpreter, err)
			}
		}
		r, err := w.do(j)
		if err != nil {
			w.stop()
			w = nil
			r = result{Error: "the interpreter ended: " + err.Error(), Type: "crash"}
		}
		results[j.ID] = r
	}
	return nil
}

type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startWorker(ctx context.Context, im Import, dir string) (*worker, error) {
	cmd := exec.CommandContext(ctx, im.Interpreter, "-sSEB", "-c", importer)
	cmd.Dir, cmd.Env = dir, importEnv(os.Environ())
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &worker{cmd, in, bufio.NewReader(out)}, nil
}

// importEnv leaves out what would have libraries or modules found that the target won't find.
func importEnv(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		for _, p := range []string{"PYTHON", "LD_LIBRARY_PATH=", "LD_PRELOAD=", "DYLD_"} {
			if strings.HasPrefix(e, p) {
				return true
			}
		}
		return false
	})
}

func (w *worker) do(j *job) (result, error) {
	b, err := json.Marshal(j)
	if err == nil {
		_, err = w.in.Write(append(b, '\n'))
	}
	if err != nil {
		return result{}, err
	}
	line, err := w.out.ReadBytes('\n')
	if err != nil {
		return result{}, err
	}
	var r result
	return r, json.Unmarshal(line, &r)
}

func (w *worker) stop() {
	if w == nil {
		return
	}
	_ = w.in.Close()
	_ = w.cmd.Wait()
}
