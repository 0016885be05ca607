package pyc

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed compile.py
var compilePy string

// Compiler is a running compile.py.
type Compiler struct {
	cmd    *exec.Cmd
	in     *bufio.Writer
	closer io.Closer
	out    *bufio.Reader
	errs   *bytes.Buffer

	magic        []byte
	tag          string
	Major, Minor int // the version of its Python
}

// maxFrame bounds an answer, bytes.
const maxFrame = 1 << 30

// Start runs compile.py in an interpreter, in a directory that is empty.
func Start(ctx context.Context, python, dir string) (*Compiler, error) {
	p := &Compiler{errs: &bytes.Buffer{}}
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
		return nil, fmt.Errorf("compiling bytecode: %w", err)
	}
	p.in, p.closer, p.out = bufio.NewWriter(in), in, bufio.NewReaderSize(out, 1<<20)
	if err := p.hello(); err != nil {
		p.Stop()
		return nil, fmt.Errorf("compiling bytecode with %s: %w%s", python, err, p.Said())
	}
	return p, nil
}

// withoutPython leaves out the variables that change what an interpreter does.
func withoutPython(env []string) []string {
	return slices.DeleteFunc(env, func(s string) bool { return strings.HasPrefix(s, "PYTHON") })
}

func (p *Compiler) hello() error {
	var frames [4][]byte
	var err error
	for i := range frames {
		if frames[i], err = p.frame(); err != nil {
			return err
		}
	}
	p.magic, p.tag = frames[0], string(frames[1])
	if p.Major, err = strconv.Atoi(string(frames[2])); err != nil {
		return err
	}
	p.Minor, err = strconv.Atoi(string(frames[3]))
	return err
}

// Compile gives the marshalled code and the source's hash; no code if it can't be compiled.
func (p *Compiler) Compile(source, name string) (code, hash []byte, err error) {
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

func (p *Compiler) send(s string) {
	p.in.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	p.in.WriteString(s)
}

func (p *Compiler) frame() ([]byte, error) {
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

// Stop ends the interpreter.
func (p *Compiler) Stop() error {
	p.closer.Close()
	io.Copy(io.Discard, p.out)
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("compiling bytecode: %w", err)
	}
	return nil
}

// Said is the last of what the interpreter wrote to standard error.
func (p *Compiler) Said() string {
	s := strings.TrimSpace(p.errs.String())
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	if s == "" {
		return ""
	}
	return ": " + s
}

// Path is where Python looks for a source's bytecode (PEP 3147; beside it for Python 2).
func (p *Compiler) Path(source string) string {
	if p.Major == 2 {
		return source + "c"
	}
	name := strings.TrimSuffix(path.Base(source), ".py") + "." + p.tag + ".pyc"
	return path.Join(path.Dir(source), "__pycache__", name)
}

// Header is what stands before the code in a .pyc file. A file of an installed
// distribution isn't checked again; any other is, by its hash. Without a hash, it
// is the source's time and size.
func (p *Compiler) Header(hash []byte, checked bool, epoch time.Time, size int64) []byte {
	h := append([]byte(nil), p.magic...)
	le := binary.LittleEndian
	switch {
	case p.Major == 2:
		return le.AppendUint32(h, uint32(epoch.Unix()))
	case len(hash) == 0:
		h = le.AppendUint32(h, uint32(epoch.Unix()))
		return le.AppendUint32(h, uint32(size))
	}
	flags := uint32(0b11)
	if !checked {
		flags = 0b01
	}
	return append(le.AppendUint32(h, flags), hash...)
}
