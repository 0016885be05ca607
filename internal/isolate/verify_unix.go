//go:build unix

package isolate

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Addresses that are never a machine (RFC 5737, RFC 3849). Connecting a UDP
// socket to one sends nothing: the kernel only looks for a route.
var unreachable = []string{"192.0.2.1:53", "198.51.100.1:80", "[2001:db8::1]:53"}

// verify checks from within that what the command must not have isn't there,
// and that what it must have is.
func verify(s *spec) error {
	if err := verifyNetwork(s); err != nil {
		return err
	}
	return verifyFiles(s)
}

func verifyFiles(s *spec) error {
	for _, m := range s.Masks {
		if err := verifyMask(m, s.Probe); err != nil {
			return err
		}
	}
	for _, h := range s.Hide {
		if err := verifyHidden(h, s.Binds); err != nil {
			return err
		}
	}
	for _, b := range s.Binds {
		fi, err := os.Stat(b.To)
		if err != nil {
			return fmt.Errorf("checking the bind: %w", err)
		}
		if inode(fi) != b.Inode {
			return fmt.Errorf("checking the bind: %s isn't %s", b.To, b.From)
		}
	}
	return nil
}

func verifyNetwork(s *spec) error {
	if ns, err := os.Readlink("/proc/self/ns/net"); err == nil && ns == s.NetNS {
		return errors.New("checking the network: still in the parent's namespace")
	}
	for _, addr := range unreachable {
		conn, err := net.DialTimeout("udp", addr, 2*time.Second)
		if err == nil {
			conn.Close()
			return fmt.Errorf("checking the network: there is a route to %s", addr)
		}
	}
	return verifyLoopback()
}

// verifyLoopback checks that an instance's port can be reached.
func verifyLoopback() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("checking loopback: %w", err)
	}
	defer l.Close()
	conn, err := net.DialTimeout("tcp", l.Addr().String(), 2*time.Second)
	if err != nil {
		return fmt.Errorf("checking loopback: %w", err)
	}
	return conn.Close()
}

// verifyMask checks that a file can't be executed; thoroughly: by trying.
func verifyMask(path string, try bool) error {
	if _, err := os.Lstat(path); err != nil {
		return nil // hidden altogether
	}
	if unix.Access(path, unix.X_OK) == nil && !try {
		return fmt.Errorf("checking the compilers: %s can be executed", path)
	}
	if !try {
		return nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	pid, err := syscall.ForkExec(path, []string{path, "--version"}, &syscall.ProcAttr{
		Env: []string{}, Files: []uintptr{null.Fd(), null.Fd(), null.Fd()},
	})
	if err != nil {
		return nil
	}
	syscall.Kill(pid, syscall.SIGKILL)
	var ws syscall.WaitStatus
	syscall.Wait4(pid, &ws, 0, nil)
	return fmt.Errorf("checking the compilers: %s can be executed", path)
}

// verifyHidden checks that a directory holds nothing but the way to what is
// bound into it.
func verifyHidden(dir string, binds []bind) error {
	for _, b := range binds {
		if b.To == dir {
			return nil // bound over as a whole
		}
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, syscall.ENOTDIR) {
		return verifyHiddenFile(dir)
	}
	if err != nil {
		return nil // can't be read: EACCES, EPERM or ENOENT
	}
	for _, e := range entries {
		p := filepath.Join(dir, e.Name())
		onTheWay := false
		for _, b := range binds {
			onTheWay = onTheWay || within(b.To, p)
		}
		if !onTheWay {
			return fmt.Errorf("checking the hidden directories: %s is there", p)
		}
	}
	if unix.Access(dir, unix.W_OK) == nil {
		return fmt.Errorf("checking the hidden directories: %s can be written", dir)
	}
	return nil
}

func verifyHiddenFile(path string) error {
	data, err := os.ReadFile(path)
	if err == nil && len(data) > 0 && string(data) != maskText {
		return fmt.Errorf("checking the hidden files: %s can be read", path)
	}
	return nil
}
