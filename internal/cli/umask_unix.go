//go:build unix

package cli

import "syscall"

// settleUmask gives this process the umask that its builds have: what it writes
// into the stage by itself would else have modes that differ with who runs it.
func settleUmask() { syscall.Umask(0o022) }
