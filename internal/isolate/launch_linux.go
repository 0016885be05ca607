package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// newLauncher prepares a method.
func newLauncher(b *Box, m Method) (launcher, error) {
	switch m {
	case Namespaces:
		if os.Geteuid() != 0 {
			return nil, errors.New("not root")
		}
		return newNamespaces(b, m, namespaceFlags), nil
	case UserNamespaces:
		return newNamespaces(b, m, namespaceFlags|unix.CLONE_NEWUSER), nil
	case Sudo:
		return newSudo(b)
	case Docker:
		return newDocker(b)
	case Proxy:
		return newProxy(b)
	default:
		return nil, errors.New("not a method of Linux")
	}
}

const namespaceFlags = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID

// namespaces runs the helper in namespaces of its own.
type namespaces struct {
	method Method
	helper *helper
	user   *user
}

func newNamespaces(b *Box, m Method, flags uintptr) *namespaces {
	h := &helper{box: b}
	h.command = func(s *spec, socket string) *exec.Cmd {
		cmd := exec.Command(b.cfg.Self, childArg, roleRun, socket)
		cmd.Dir = "/"
		cmd.SysProcAttr = cloneAttr(flags)
		return cmd
	}
	return &namespaces{method: m, helper: h}
}

// cloneAttr makes a process in new namespaces. In a user namespace the user
// stays who it is, so the capabilities must be ambient to survive the exec.
func cloneAttr(flags uintptr) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: flags}
	if flags&unix.CLONE_NEWUSER != 0 {
		uid, gid := os.Geteuid(), os.Getegid()
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP}
	}
	return attr
}

func (n *namespaces) result() Result {
	return Result{Network: Enforced, Compiler: Enforced, OldPlace: Enforced, Method: n.method, Binds: true}
}

func (n *namespaces) run(ctx context.Context, s *spec, stdout, stderr io.Writer) (*report, error) {
	s.Setup, s.Verify, s.OwnPIDs, s.User = true, true, true, n.user
	return n.helper.exchange(ctx, s, stdout, stderr)
}

// newSudo runs the helper as root, which makes the namespaces and then runs
// the command as the user again.
func newSudo(b *Box) (launcher, error) {
	if os.Geteuid() == 0 {
		return nil, errors.New("already root")
	}
	sudo, err := exec.LookPath("sudo")
	if err != nil {
		return nil, errors.New("no sudo here")
	}
	groups, err := os.Getgroups()
	if err != nil {
		return nil, err
	}
	h := &helper{box: b}
	h.command = func(s *spec, socket string) *exec.Cmd {
		cmd := exec.Command(sudo, "-n", "--", b.cfg.Self, childArg, roleSpawn, socket)
		cmd.Dir = "/"
		return cmd
	}
	return &namespaces{method: Sudo, helper: h, user: &user{UID: os.Geteuid(), GID: os.Getegid(), Groups: groups}}, nil
}

// spawn is the helper's first half under sudo: it starts the second half in
// new namespaces.
func spawn(socket string) int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "isolate:", err)
		return 3
	}
	cmd := exec.Command(self, childArg, roleRun, socket)
	cmd.Stdout, cmd.Stderr, cmd.Dir = os.Stdout, os.Stderr, "/"
	cmd.SysProcAttr = cloneAttr(namespaceFlags)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return 3 // it has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "isolate: making namespaces:", err)
		return 3
	}
	return 0
}
