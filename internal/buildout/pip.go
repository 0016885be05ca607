package buildout

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// pip is a way to call pip under the build's interpreter.
type pip struct {
	python string
	wheel  string // a wheel of pip to run it from; "" for the interpreter's own
	env    []string
}

// runWheel runs pip from a wheel, which needs no installation.
const runWheel = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'pip'; runpy.run_module('pip', run_name='__main__')"

func (p pip) args(args ...string) []string {
	if p.wheel == "" {
		return append([]string{"-sE", "-m", "pip"}, args...)
	}
	return append([]string{"-sE", "-c", runWheel, p.wheel}, args...)
}

// call runs pip in dir, and gives the end of what it said if it fails.
func (p pip) call(ctx context.Context, dir string, args ...string) error {
	return p.run(ctx, dir, p.args(args...)...)
}

// run runs p's interpreter as call does.
func (p pip) run(ctx context.Context, dir string, argv ...string) error {
	cmd := exec.CommandContext(ctx, p.python, argv...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, p.env, 10*time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, pipReasons(out.String()))
	}
	return nil
}

// findPip gives the interpreter's own pip if that can be imported, else one
// that works.
func findPip(ctx context.Context, in Interpreter, env []string, dir string) (pip, error) {
	own := pip{python: in.Executable, env: env}
	if own.run(ctx, dir, "-sE", "-c", "import pip._vendor.packaging.requirements") == nil {
		return own, nil
	}
	return wheelOfPip(ctx, in, env, dir, fetchPip)
}

// working gives p, or another pip if p is the interpreter's own and can be
// imported alone: one that is too old for its Python.
func (p pip) working(ctx context.Context, in Interpreter, dir string) (pip, error) {
	if p.wheel != "" || p.call(ctx, dir, "--version") == nil {
		return p, nil
	}
	return wheelOfPip(ctx, in, p.env, dir, fetchPip)
}

// wheelOfPip gives a pip from the wheels that ensurepip or the distribution
// brings, else one that fetch downloads to dir.
func wheelOfPip(ctx context.Context, in Interpreter, env []string, dir string, fetch pipFetcher) (pip, error) {
	for _, pattern := range []string{
		filepath.Join(in.Stdlib, "ensurepip", "_bundled", "pip-*.whl"),
		"/usr/share/python-wheels/pip-*.whl",
		"/usr/share/python*-wheels/pip-*.whl",
	} {
		found, _ := filepath.Glob(pattern)
		for i := len(found) - 1; i >= 0; i-- {
			p := pip{python: in.Executable, env: env, wheel: found[i]}
			if p.call(ctx, dir, "--version") == nil {
				return p, nil
			}
		}
	}
	wheel, err := fetch(ctx, in, env, dir)
	if err != nil {
		return pip{}, surroundings("finding pip for "+in.Executable,
			"install pip for this Python (Debian, Ubuntu: apt-get install -y python3-pip), or make the package index reachable", err)
	}
	return pip{python: in.Executable, env: env, wheel: wheel}, nil
}

// pipFetcher downloads a wheel of pip that the interpreter can run.
type pipFetcher func(ctx context.Context, in Interpreter, env []string, dir string) (string, error)

func (o Options) environ() []string {
	if o.Env != nil {
		return o.Env
	}
	return os.Environ()
}
