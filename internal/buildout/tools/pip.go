package tools

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Python is what of an interpreter matters for its pip.
type Python struct {
	Executable string
	Version    string // "3.13.0"
	Stdlib     string // the directory of the standard library, which may bring a wheel of pip
}

// Pip is a way to call pip under the build's interpreter.
type Pip struct {
	Python string
	Wheel  string // a wheel of pip to run it from; "" for the interpreter's own
	Env    []string

	works bool // it was started already
}

// With is the pip of an interpreter, by its path, in an environment.
func With(python string, env []string) Pip { return Pip{Python: python, Env: env} }

// runWheel runs pip from a wheel, which needs no installation.
const runWheel = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'pip'; runpy.run_module('pip', run_name='__main__')"

func (p Pip) args(args ...string) []string {
	if p.Wheel == "" {
		return append([]string{"-sE", "-m", "pip"}, args...)
	}
	return append([]string{"-sE", "-c", runWheel, p.Wheel}, args...)
}

// Call runs pip in dir, and gives the end of what it said if it fails.
func (p Pip) Call(ctx context.Context, dir string, args ...string) error {
	return p.run(ctx, dir, p.args(args...)...)
}

// run runs p's interpreter as call does.
func (p Pip) run(ctx context.Context, dir string, argv ...string) error {
	cmd := exec.CommandContext(ctx, p.Python, argv...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, p.Env, 10*time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, Reasons(out.String()))
	}
	return nil
}

// imported is what py/egg.py needs of pip.
const imported = "import pip._vendor.packaging.requirements"

// startOwn imports that, and starts pip, in one process.
const startOwn = imported + "; import runpy, sys; sys.argv = ['pip', '--version']; runpy.run_module('pip', run_name='__main__', alter_sys=True)"

// Find gives the interpreter's own pip if that can be imported, else one
// that works.
func Find(ctx context.Context, in Python, env []string, dir string) (Pip, error) {
	own := Pip{Python: in.Executable, Env: env}
	if own.run(ctx, dir, "-sE", "-c", startOwn) == nil {
		own.works = true
		return own, nil
	}
	if own.run(ctx, dir, "-sE", "-c", imported) == nil {
		return own, nil
	}
	return wheelOfPip(ctx, in, env, dir, fetchPip)
}

// Working gives p, or another pip if p is the interpreter's own and can be
// imported alone: one that is too old for its Python.
func (p Pip) Working(ctx context.Context, in Python, dir string) (Pip, error) {
	if p.Wheel != "" || p.works || p.Call(ctx, dir, "--version") == nil {
		return p, nil
	}
	return wheelOfPip(ctx, in, p.Env, dir, fetchPip)
}

// wheelOfPip gives a pip from the wheels that ensurepip or the distribution
// brings, else one that fetch downloads to dir.
func wheelOfPip(ctx context.Context, in Python, env []string, dir string, fetch pipFetcher) (Pip, error) {
	for _, pattern := range []string{
		filepath.Join(in.Stdlib, "ensurepip", "_bundled", "pip-*.whl"),
		"/usr/share/python-wheels/pip-*.whl",
		"/usr/share/python*-wheels/pip-*.whl",
	} {
		found, _ := filepath.Glob(pattern)
		for i := len(found) - 1; i >= 0; i-- {
			p := Pip{Python: in.Executable, Env: env, Wheel: found[i]}
			if p.Call(ctx, dir, "--version") == nil {
				return p, nil
			}
		}
	}
	wheel, err := fetch(ctx, in, env, dir)
	if err != nil {
		return Pip{}, fault.Surroundings(fmt.Errorf("finding pip for %s: %w", in.Executable, err),
			"install pip for this Python (Debian, Ubuntu: apt-get install -y python3-pip), or make the package index reachable")
	}
	return Pip{Python: in.Executable, Env: env, Wheel: wheel}, nil
}

// pipFetcher downloads a wheel of pip that the interpreter can run.
type pipFetcher func(ctx context.Context, in Python, env []string, dir string) (string, error)
