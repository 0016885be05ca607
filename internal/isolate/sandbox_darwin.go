package isolate

import (
	"context"
	"io"
	"os"
	"os/exec"
)

type sandboxExec struct{ helper *helper }

// newSandboxExec runs the helper under sandbox-exec, which Apple calls
// deprecated and every macOS has.
func newSandboxExec(b *Box) (launcher, error) {
	const tool = "/usr/bin/sandbox-exec"
	if _, err := os.Stat(tool); err != nil {
		return nil, err
	}
	h := &helper{box: b}
	h.command = func(s *spec, socket string) *exec.Cmd {
		p := profile(b.cfg.Hide, b.cfg.Binds, b.masks, b.cfg.Self, b.dir)
		cmd := exec.Command(tool, "-p", p, b.cfg.Self, childArg, roleRun, socket)
		cmd.Dir = "/"
		return cmd
	}
	return &sandboxExec{h}, nil
}

func (x *sandboxExec) result() Result {
	return Result{Network: Enforced, Compiler: Enforced, OldPlace: Enforced, Method: SandboxExec}
}

func (x *sandboxExec) run(ctx context.Context, s *spec, stdout, stderr io.Writer) (*report, error) {
	s.Verify, s.Binds = true, nil
	s.NetNS = "-"
	return x.helper.exchange(ctx, s, stdout, stderr)
}
