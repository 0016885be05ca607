//go:build !windows

package buildout

import (
	"os/exec"
	"syscall"
)

// inGroup makes cmd's cancellation reach the compilers it started.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// withUmask gives the command that runs argv with umask 022, whatever this process has.
func withUmask(argv []string) []string {
	return append([]string{"/bin/sh", "-c", `umask 022; exec "$@"`, "sh"}, argv...)
}

// shell gives the command that runs a line of `before`.
func shell(line string) []string { return []string{"/bin/sh", "-c", line} }
