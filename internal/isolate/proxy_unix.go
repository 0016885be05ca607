//go:build unix

package isolate

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// byConvention runs the helper, for its umask and its care about leftovers, in
// the surroundings as they are.
type byConvention struct {
	helper *helper
	proxy  *refuser
	shadow string
}

func newProxy(b *Box) (launcher, error) {
	p, err := newRefuser()
	if err != nil {
		return nil, err
	}
	b.closer = append(b.closer, p.listener.Close)
	shadow := filepath.Join(b.dir, "bin")
	if err := os.MkdirAll(shadow, 0o755); err != nil {
		return nil, err
	}
	for _, name := range shadowNames(b.masks) {
		text := fmt.Sprintf("#!/bin/sh\necho '%s: masked by binary-buildout' >&2\nexit 127\n", name)
		if err := os.WriteFile(filepath.Join(shadow, name), []byte(text), 0o755); err != nil {
			return nil, err
		}
	}
	h := &helper{box: b}
	h.command = func(s *spec, socket string) *exec.Cmd {
		cmd := exec.Command(b.cfg.Self, childArg, roleRun, socket)
		cmd.Dir = "/"
		return cmd
	}
	return &byConvention{helper: h, proxy: p, shadow: shadow}, nil
}

func (p *byConvention) result() Result {
	return Result{Network: ByConvention, Compiler: ByConvention, OldPlace: Not, Method: Proxy}
}

func (p *byConvention) run(ctx context.Context, s *spec, stdout, stderr io.Writer) (*report, error) {
	s.Binds = nil
	s.Env = p.proxy.env(s.Env, p.shadow, "/bin/false")
	return p.helper.exchange(ctx, s, stdout, stderr)
}
