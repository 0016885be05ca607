package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

func inode(os.FileInfo) uint64 { return 0 }

func childMain(string, string) int { return 3 }

func newLauncher(b *Box, m Method) (launcher, error) {
	if m != Proxy {
		return nil, errors.New("not a method of Windows")
	}
	p, err := newRefuser()
	if err != nil {
		return nil, err
	}
	b.closer = append(b.closer, p.listener.Close)
	return &direct{proxy: p}, nil
}

// direct starts the command itself.
type direct struct{ proxy *refuser }

func (d *direct) result() Result {
	return Result{Network: ByConvention, Compiler: ByConvention, OldPlace: Not, Method: Proxy}
}

func (d *direct) run(ctx context.Context, s *spec, stdout, stderr io.Writer) (*report, error) {
	if s.Probe {
		return &report{}, nil
	}
	env := d.proxy.env(s.Env, "", "binary-buildout-masked-compiler")
	// MSVC is found through the registry; this is how setuptools is told that
	// the environment is all there is.
	env = environ.Set(env, "DISTUTILS_USE_SDK=1", "MSSdk=1")
	path := lookPath(s.Path, env, func(p string) bool { fi, err := os.Stat(p); return err == nil && !fi.IsDir() })
	if path == "" {
		return nil, fmt.Errorf("looking up %s in PATH: not found", s.Path)
	}
	cmd := exec.CommandContext(ctx, path, s.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, s.Dir, stdout, stderr
	cmd.WaitDelay = 10 * time.Second
	cmd.Cancel = func() error {
		// Kill what it started too.
		if exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run() == nil {
			return nil
		}
		return cmd.Process.Kill()
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &report{Code: exit.ExitCode()}, nil
	}
	if err != nil {
		return nil, err
	}
	return &report{}, nil
}
