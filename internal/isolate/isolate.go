// Package isolate runs a command without network, without compilers and with
// directories out of reach, by the strongest means that this machine has.
//
// The means are tried for real: a helper process, the program's own binary
// again, enters the surroundings, checks from within that a routable address
// can't be reached, that loopback works, that no compiler can be executed and
// that the hidden directories are empty, and only then runs the command. So a
// Result is what was seen, not what was asked for.
//
// The program's main calls Child before it looks at its arguments, and the
// TestMain of a test binary that calls New does the same.
package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// Grade says how far something is kept away from a command.
type Grade string

const (
	// Enforced is kept away by the operating system, and was seen to be.
	Enforced Grade = "enforced"
	// ByConvention is kept away from a command that asks in the usual way: by
	// the proxy variables, by PATH and by CC.
	ByConvention Grade = "by-convention"
	// Not is within reach.
	Not Grade = "not"
)

// Method is a way to isolate a command. The package tries them in the order
// of Methods.
type Method string

const (
	Namespaces     Method = "namespaces"      // own mount, network and process namespace; as root
	UserNamespaces Method = "user-namespaces" // the same in an own user namespace
	Sudo           Method = "sudo"            // namespaces by sudo -n, then the user again
	Docker         Method = "docker"          // docker run --network none
	SandboxExec    Method = "sandbox-exec"    // macOS
	Proxy          Method = "refusing-proxy"  // proxy variables, CC and PATH; works everywhere
)

// Methods gives the methods for an operating system in the words of
// runtime.GOOS, strongest first.
func Methods(goos string) []Method {
	switch goos {
	case "linux":
		return []Method{Namespaces, UserNamespaces, Sudo, Docker, Proxy}
	case "darwin":
		return []Method{SandboxExec, Proxy}
	default:
		return []Method{Proxy}
	}
}

// Bind makes the directory or file From appear at To, after the hiding, so
// that From may lie in a hidden directory, and To too. Both are absolute.
type Bind struct {
	From, To string
	ReadOnly bool
}

// Config says what is kept from the commands of a Box.
type Config struct {
	// Hide are directories (or files) out of reach: they are there, empty and
	// not writable. Those that don't exist are ignored.
	Hide []string
	// Binds come back from, or to, hidden places. Where the method can't do
	// it (Result.Binds is false), only those with To equal to From count.
	Binds []Bind
	// Mask are further files that can't be executed.
	Mask []string
	// Python is an interpreter whose sysconfig says what compiler it would
	// use; that is masked too. May be empty.
	Python string
	// Env is the environment whose PATH is searched for compilers, beside
	// that of this process and the usual places.
	Env []string
	// OS is runtime.GOOS.
	OS string
	// Self is the binary whose main calls Child. Default: os.Executable().
	Self string
	// Methods replaces the list of methods that are tried.
	Methods []Method
	// TempDir is where the box keeps its own files; default os.TempDir().
	TempDir string

	oldKernel bool
}

// Command is a command that runs in a Box.
type Command struct {
	// Path is the program. Without a slash it is looked up in PATH of Env, inside.
	Path string
	// Args are the arguments, without the program's name.
	Args []string
	// Env is the whole environment. With Proxy, the variables of that method
	// are added. The process's own environment is never passed on.
	Env []string
	// Dir is the working directory; default "/".
	Dir string
	// Umask is set if it isn't zero.
	Umask int
	// Stdout and Stderr receive the output; nil discards it.
	Stdout, Stderr io.Writer
}

// Attempt is a method that was tried and didn't work, or worked in part.
type Attempt struct {
	Method Method `json:"method"`
	Reason string `json:"reason"`
}

// Result says what a Box keeps from its commands, and by which method.
type Result struct {
	Network  Grade  `json:"network"`
	Compiler Grade  `json:"compiler"`
	OldPlace Grade  `json:"old_place"`
	Method   Method `json:"method"`
	// Binds is whether binds to another place are in effect.
	Binds bool `json:"binds"`
	// Masked is the number of files that can't be executed.
	Masked int `json:"masked"`
	// Failed are the stronger methods, and why they didn't work here.
	Failed []Attempt `json:"failed,omitempty"`
}

// ExitError is a command that ran and didn't exit with 0.
type ExitError struct {
	Path   string
	Code   int    // exit code, or -1
	Signal string // "killed", if a signal ended it
}

func (e *ExitError) Error() string {
	if e.Signal != "" {
		return fmt.Sprintf("running %s: ended by signal: %s", e.Path, e.Signal)
	}
	return fmt.Sprintf("running %s: exit code %d", e.Path, e.Code)
}

// launcher starts the helper process by one method.
type launcher interface {
	// result is what the method promises, if its helper saw no fault.
	result() Result
	// run starts the helper for s and waits for it.
	run(ctx context.Context, s *spec, stdout, stderr io.Writer) (*report, error)
}

// Box is a place to run commands in. It is safe for use by one goroutine.
type Box struct {
	cfg     Config
	dir     string // scratch: sockets, mask, empty directories
	scratch *scratch.Dir
	masks   []string
	found   launcher
	res     Result
	closer  []func() error
}

// nestedVar stops a binary that doesn't call Child from starting itself for ever.
const nestedVar = "BINARY_BUILDOUT_ISOLATE_HELPER"

// New finds the first method that works, by trying it. The caller closes the Box.
func New(ctx context.Context, cfg Config) (*Box, error) {
	if os.Getenv(nestedVar) != "" {
		return nil, fault.Surroundings(errors.New("isolating: this binary doesn't call isolate.Child"), "call it first in main or TestMain")
	}
	b := &Box{cfg: cfg}
	if err := b.prepare(ctx); err != nil {
		b.Close()
		return nil, err
	}
	methods := cfg.Methods
	if methods == nil {
		methods = Methods(cfg.OS)
	}
	for _, m := range methods {
		reason := b.try(ctx, m)
		if reason == nil {
			return b, nil
		}
		if ctx.Err() != nil {
			b.Close()
			return nil, fault.Surroundings(fmt.Errorf("isolating: %w", context.Cause(ctx)), "")
		}
		b.res.Failed = append(b.res.Failed, Attempt{Method: m, Reason: oneLine(reason.Error())})
	}
	failed := b.res.Failed
	b.Close()
	return nil, fault.Surroundings(fmt.Errorf("isolating: no method works here: %s", describe(failed)), "")
}

// prepare makes the scratch directory, and finds the compilers.
func (b *Box) prepare(ctx context.Context) error {
	if b.cfg.Self == "" {
		self, err := os.Executable()
		if err != nil {
			return fault.Surroundings(fmt.Errorf("finding this program's own binary: %w", err), "")
		}
		b.cfg.Self = self
	}
	var err error
	if b.cfg.Hide, err = realDirs(b.cfg.Hide); err != nil {
		return err
	}
	if b.cfg.Binds, err = realBinds(b.cfg.Binds); err != nil {
		return err
	}
	if b.scratch, err = boxDir(b.cfg.TempDir, b.cfg.OS); err != nil {
		return fault.Surroundings(fmt.Errorf("making a directory for the isolation: %w", err), "")
	}
	b.dir = b.scratch.Path
	for _, d := range []string{"tmp", "home", "empty"} {
		if err := os.Mkdir(filepath.Join(b.dir, d), 0o700); err != nil {
			return fault.Surroundings(fmt.Errorf("making a directory for the isolation: %w", err), "")
		}
	}
	if under(b.dir, b.cfg.Hide) {
		b.cfg.Binds = append(b.cfg.Binds, Bind{From: b.dir, To: b.dir})
	}
	b.masks = compilers(ctx, b.cfg)
	if err := os.WriteFile(b.maskFile(), []byte(maskText), 0o444); err != nil {
		return fault.Surroundings(fmt.Errorf("making a directory for the isolation: %w", err), "")
	}
	return nil
}

// maskText is what stands in a masked file.
const maskText = "binary-buildout: masked while it proves that no compiler is needed\n"

func (b *Box) maskFile() string { return filepath.Join(b.dir, "masked") }

// try sets b.found and b.res if the method works.
func (b *Box) try(ctx context.Context, m Method) error {
	l, err := newLauncher(b, m)
	if err != nil {
		return err
	}
	s := b.spec(Command{})
	s.Probe = true
	rep, err := l.run(ctx, s, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	if rep.Error != "" {
		return errors.New(rep.Error)
	}
	failed := b.res.Failed
	b.found, b.res = l, l.result()
	b.res.Failed = failed
	b.res.Masked = len(b.masks)
	if len(b.cfg.Hide) == 0 {
		b.res.OldPlace = Enforced // nothing is left there to find
	}
	return nil
}

// Result says what the box keeps away.
func (b *Box) Result() Result { return b.res }

// Home is an empty directory that is there inside.
func (b *Box) Home() string { return filepath.Join(b.dir, "home") }

// Temp is an empty directory that is there inside, for TMPDIR.
func (b *Box) Temp() string { return filepath.Join(b.dir, "tmp") }

// Run runs a command. An error is an *ExitError if the command ran and
// failed, ctx's if it was cancelled (then the command and all it started are
// gone), and else an error of the surroundings.
func (b *Box) Run(ctx context.Context, c Command) error {
	s := b.spec(c)
	rep, err := b.found.run(ctx, s, orDiscard(c.Stdout), orDiscard(c.Stderr))
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("running %s: %w", c.Path, context.Cause(ctx))
	case err != nil:
		return fault.Surroundings(fmt.Errorf("running %s by %s: %w", c.Path, b.res.Method, err), "")
	case rep.Error != "":
		return fault.Surroundings(fmt.Errorf("running %s by %s: %s", c.Path, b.res.Method, rep.Error), "")
	case rep.Code != 0 || rep.Signal != "":
		return &ExitError{Path: c.Path, Code: rep.Code, Signal: rep.Signal}
	}
	return nil
}

// Close removes what the box made for itself.
func (b *Box) Close() error {
	var errs []error
	for i := len(b.closer) - 1; i >= 0; i-- {
		errs = append(errs, b.closer[i]())
	}
	b.closer = nil
	if b.scratch != nil {
		errs = append(errs, b.scratch.Close())
		b.scratch = nil
	}
	return errors.Join(errs...)
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func describe(failed []Attempt) string {
	var parts []string
	for _, f := range failed {
		parts = append(parts, string(f.Method)+": "+f.Reason)
	}
	return strings.Join(parts, "; ")
}
