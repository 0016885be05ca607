package interpreter

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/target"
)

// System is what is known of a system without asking a Python: which archives
// with an interpreter in them run here. Executable is empty. On Linux, sh tells
// libc and its version as an archive's bootstrap does; both are empty where it
// can't.
func System(ctx context.Context, s Search) *Python {
	p := Unknown(s)
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", target.SystemProbe())
	if p.System == "macos" {
		cmd = exec.CommandContext(ctx, "/usr/bin/sw_vers", "-productVersion")
	} else if p.System != "linux" {
		return p
	}
	cmd.Env, cmd.WaitDelay = s.Env, time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return p
	}
	if p.System == "macos" {
		p.MacOS = strings.TrimSpace(out.String())
	} else if f := strings.Fields(out.String()); len(f) > 0 {
		p.Libc, p.LibcVersion = f[0], strings.Join(f[1:], "")
	}
	return p
}
