package pack

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
)

//go:embed compile.py
var compilePy string

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

// CompileBytecode adds a .pyc file to the archive for each .py file of
// eggs, parts and packages, so that a read-only install starts without
// compiling. It follows Relocate: a source that is relocated gets a relocation
// of class bytecode instead, and bootstrap.py compiles it.
//
// The bytes depend on the sources and the Python version alone. Files of
// installed distributions are "unchecked" (PEP 552), others "checked" by the
// source's hash, so that a change of a develop package is seen at once.
// Python 2.7 and 3.6 know neither; there it is the source's time and size.
func CompileBytecode(ctx context.Context, a *Archive, c Compile) (*BytecodeReport, error) {
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
		return nil, err
	}
	return c.collect(a, todo, out), nil
}

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

func (c Compile) all(asked context.Context, a *Archive, todo []int, out []compiled) error {
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
func (c Compile) worker(ctx context.Context, a *Archive, todo []int, out []compiled, next <-chan int) error {
	p, err := startCompiler(ctx, c.Python, c.Dir)
	if err != nil {
		return err
	}
	for k := range next {
		f := &a.Files[todo[k]]
		code, hash, err := p.compile(f.Source, f.Path)
		if err == nil && code != nil {
			out[k], err = c.store(f, k, p, code, hash)
		}
		if err != nil {
			p.stop()
			return fail(exitCheck, "", "compiling %s: %w%s", archive.QuoteName(f.Path), err, p.said())
		}
	}
	return p.stop()
}

// store writes one .pyc file into the side directory.
func (c Compile) store(f *File, k int, p *compiler, code, hash []byte) (compiled, error) {
	res := compiled{ok: true, path: p.pyc(f.Path)}
	if f.Class == archive.ClassText {
		return res, nil
	}
	if p.major == 3 {
		var err error
		if code, err = canonicalMarshal(code, p.major, p.minor); err != nil {
			return res, err
		}
	}
	data := append(p.header(f, hash, c.Epoch), code...)
	sum := sha256.Sum256(data)
	res.source = filepath.Join(c.Dir, strconv.Itoa(k)+".pyc")
	res.size, res.sha256 = int64(len(data)), hex.EncodeToString(sum[:])
	return res, os.WriteFile(res.source, data, 0o600)
}

func (c Compile) collect(a *Archive, todo []int, out []compiled) *BytecodeReport {
	rep := &BytecodeReport{Skipped: []string{}}
	var files []File
	for k, i := range todo {
		f := &a.Files[i]
		switch {
		case !out[k].ok:
			rep.Skipped = append(rep.Skipped, f.Path)
		case f.Class == archive.ClassText:
			rep.AtTarget++
			a.Manifest.Relocations = append(a.Manifest.Relocations, archive.Relocation{Path: out[k].path, Class: archive.ClassBytecode, Mode: uint32(f.Mode.Perm() &^ 0o111)})
		default:
			rep.Compiled++
			files = append(files, File{
				Path: out[k].path, Mode: f.Mode &^ 0o111, Size: out[k].size, SHA256: out[k].sha256,
				Source: out[k].source, Part: f.Part,
			})
		}
	}
	a.Add(files...)
	return rep
}

// compiler is a running compile.py.
type compiler struct {
	cmd    *exec.Cmd
	in     *bufio.Writer
	closer io.Closer
	out    *bufio.Reader
	errs   *bytes.Buffer

	magic        []byte
	tag          string
	major, minor int
}

// maxFrame bounds an answer, bytes.
const maxFrame = 1 << 30

func startCompiler(ctx context.Context, python, dir string) (*compiler, error) {
	p := &compiler{errs: &bytes.Buffer{}}
	p.cmd = exec.CommandContext(ctx, python, "-sS", "-c", compilePy)
	p.cmd.Dir = dir
	// The order of names and sets can hang on the hash seed, which -E would
	// ignore. Names of files are UTF-8 whatever the locale.
	p.cmd.Env = append(withoutPython(os.Environ()), "PYTHONHASHSEED=0", "PYTHONUTF8=1", "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1")
	p.cmd.Stderr = p.errs
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fail(exitSurroundings, "name the build's interpreter with --python", "compiling bytecode: %w", err)
	}
	p.in, p.closer, p.out = bufio.NewWriter(in), in, bufio.NewReaderSize(out, 1<<20)
	if err := p.hello(); err != nil {
		p.stop()
		return nil, fail(exitSurroundings, "name the build's interpreter with --python", "compiling bytecode with %s: %w%s", python, err, p.said())
	}
	return p, nil
}

// withoutPython leaves out the variables that change what an interpreter does.
func withoutPython(env []string) []string {
	return slices.DeleteFunc(env, func(s string) bool { return strings.HasPrefix(s, "PYTHON") })
}

func (p *compiler) hello() error {
	var frames [4][]byte
	var err error
	for i := range frames {
		if frames[i], err = p.frame(); err != nil {
			return err
		}
	}
	p.magic, p.tag = frames[0], string(frames[1])
	if p.major, err = strconv.Atoi(string(frames[2])); err != nil {
		return err
	}
	p.minor, err = strconv.Atoi(string(frames[3]))
	return err
}

// compile gives the marshalled code and the source's hash; no code if it can't be compiled.
func (p *compiler) compile(source, name string) (code, hash []byte, err error) {
	p.send(source)
	p.send(name)
	if err := p.in.Flush(); err != nil {
		return nil, nil, err
	}
	ok, err := p.frame()
	if err != nil {
		return nil, nil, err
	}
	if code, err = p.frame(); err != nil {
		return nil, nil, err
	}
	if hash, err = p.frame(); err != nil || string(ok) != "1" {
		return nil, nil, err
	}
	return code, hash, nil
}

func (p *compiler) send(s string) {
	p.in.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	p.in.WriteString(s)
}

func (p *compiler) frame() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(p.out, head[:]); err != nil {
		return nil, errors.New("the interpreter ended")
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxFrame {
		return nil, errors.New("the interpreter's answer makes no sense")
	}
	b := make([]byte, n)
	_, err := io.ReadFull(p.out, b)
	return b, err
}

// stop ends the interpreter.
func (p *compiler) stop() error {
	p.closer.Close()
	io.Copy(io.Discard, p.out)
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("compiling bytecode: %w", err)
	}
	return nil
}

// said is the last of what the interpreter wrote to standard error.
func (p *compiler) said() string {
	s := strings.TrimSpace(p.errs.String())
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	if s == "" {
		return ""
	}
	return ": " + s
}

// pyc is where Python looks for a source's bytecode (PEP 3147; beside it for Python 2).
func (p *compiler) pyc(source string) string {
	if p.major == 2 {
		return source + "c"
	}
	name := strings.TrimSuffix(path.Base(source), ".py") + "." + p.tag + ".pyc"
	return path.Join(archive.Parent(source), "__pycache__", name)
}

// header is what stands before the code in a .pyc file.
func (p *compiler) header(f *File, hash []byte, epoch time.Time) []byte {
	h := append([]byte(nil), p.magic...)
	le := binary.LittleEndian
	switch {
	case p.major == 2:
		return le.AppendUint32(h, uint32(epoch.Unix()))
	case len(hash) == 0:
		h = le.AppendUint32(h, uint32(epoch.Unix()))
		return le.AppendUint32(h, uint32(f.Size))
	}
	flags := uint32(0b11) // checked by hash
	if fromIndex(f.Path) {
		flags = 0b01
	}
	return append(le.AppendUint32(h, flags), hash...)
}
