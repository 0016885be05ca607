//go:build unix

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install"
)

// request is what root asks of its own program, started as an application's
// user. It comes on a socket: a command line and an environment are anybody's
// to read, and an address may hold a password.
type request struct {
	Args []string `json:"args"`
	Dir  string   `json:"dir"`
	// Files are the paths of what comes opened, from file descriptor 4 on, and
	// Absent those that aren't there.
	Files  []string `json:"files,omitempty"`
	Absent []string `json:"absent,omitempty"`
}

// hookCall asks root to run its command of --stop or --start; hookAnswer says
// what came of it.
type hookCall struct {
	What string `json:"what"`
}

type hookAnswer struct {
	Error string `json:"error,omitempty"`
	Code  int    `json:"code,omitempty"`
}

// as has the command done by a process of an account, and runs for it what of
// --stop and --start it asks for: these are words of root's, and all else is
// the account's. The first of handed is the archive, if that is local: it may not
// be able to open these files.
func (c *Command) as(ctx context.Context, a *install.Account, handed []string, hook func(what string) error) error {
	ours, theirs, err := socketPair()
	if err != nil {
		return fmt.Errorf("starting a process of %s: %w", a.Name, err)
	}
	defer ours.Close()
	r, files := request{Args: c.args, Dir: c.Dir}, []*os.File{theirs}
	for path, f := range install.HandOver(handed[0], handed[1:]...) {
		if f == nil {
			r.Absent = append(r.Absent, path)
			continue
		}
		r.Files, files = append(r.Files, path), append(files, f)
	}
	cmd, err := ownProgram(ctx)
	if err == nil {
		cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = c.Stdout, c.Stderr, files
		a.Run(cmd)
		err = cmd.Start()
	}
	for _, f := range files {
		f.Close()
	}
	if err != nil {
		return fmt.Errorf("starting a process of %s: %w", a.Name, err)
	}
	serveHooks(ours, r, hook)
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return &reported{exit.ExitCode()}
	}
	return err
}

// ownProgram is this program again, whatever its name leads to by now.
func ownProgram(ctx context.Context) (*exec.Cmd, error) {
	self := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if self, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, self, asArg)
	cmd.Args[0], cmd.Dir = os.Args[0], "/"
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd, nil
}

// serveHooks tells the process its work, and answers it until it ends.
func serveHooks(socket *os.File, r request, hook func(what string) error) {
	if err := json.NewEncoder(socket).Encode(r); err != nil {
		return // it has ended, and said why
	}
	calls := json.NewDecoder(io.LimitReader(socket, 1<<16))
	for {
		var call hookCall
		if err := calls.Decode(&call); err != nil {
			return
		}
		var answer hookAnswer
		if err := hook(call.What); err != nil {
			answer = hookAnswer{Error: err.Error(), Code: exitCode(err)}
		}
		if err := json.NewEncoder(socket).Encode(answer); err != nil {
			return
		}
	}
}

func socketPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	syscall.CloseOnExec(pair[0])
	syscall.CloseOnExec(pair[1])
	return os.NewFile(uintptr(pair[0]), "socket"), os.NewFile(uintptr(pair[1]), "socket"), nil
}

// asked does what root asks this process for. What it starts gets none of its
// open files.
func (c *Command) asked(ctx context.Context) int {
	const first = 3
	syscall.CloseOnExec(first)
	socket := os.NewFile(first, "socket")
	calls := json.NewDecoder(socket)
	var r request
	if err := calls.Decode(&r); err != nil {
		return c.exit(usageError("binary-buildout "+asArg+" is for binary-buildout itself", ""))
	}
	p := &parent{files: map[string]*os.File{}}
	for i, path := range r.Files {
		fd := first + 1 + i
		syscall.CloseOnExec(fd)
		p.files[path] = os.NewFile(uintptr(fd), path)
	}
	for _, path := range r.Absent {
		p.files[path] = nil
	}
	p.hook = func(_ context.Context, what string) error {
		err := json.NewEncoder(socket).Encode(hookCall{what})
		var answer hookAnswer
		if err == nil {
			err = calls.Decode(&answer)
		}
		if err != nil {
			return fmt.Errorf("asking for --%s: the process that started this has ended: %w", what, err)
		}
		if answer.Error != "" {
			return &fault.Error{Err: errors.New(answer.Error), Code: answer.Code}
		}
		return nil
	}
	c.Dir, c.parent = r.Dir, p
	return c.Main(ctx, r.Args)
}
