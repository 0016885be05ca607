//go:build unix

package isolate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

func inode(fi os.FileInfo) uint64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return uint64(st.Ino)
}

// The roles of a helper.
const (
	roleRun   = "run"   // set up, run, report
	roleSpawn = "spawn" // as root: start a helper in new namespaces, and wait for it
)

// childMain is the helper process. It exits when the connection ends, and the
// first process of a process namespace takes all others with it.
func childMain(role, socket string) int {
	if role == roleSpawn {
		return spawn(socket)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, "isolate: connecting to the parent:", err)
		return 3
	}
	defer conn.Close()
	dec := json.NewDecoder(conn)
	var s spec
	if err := dec.Decode(&s); err != nil {
		fmt.Fprintln(os.Stderr, "isolate: reading the command:", err)
		return 3
	}
	var done atomic.Bool
	rep := serve(&s, func(pid int) { go stopAtEnd(conn, pid, &done) })
	done.Store(true)
	if err := json.NewEncoder(conn).Encode(rep); err != nil {
		return 3
	}
	return 0
}

// stopAtEnd waits for the end of the connection, which means that the parent
// gave up or died, and then ends the command and this process. When the command
// is done the parent ends the connection as a matter of course. Bytes are no
// end: where the spec has just filled the decoder's buffer, the line's end is
// still to come.
func stopAtEnd(conn net.Conn, pid int, done *atomic.Bool) {
	io.Copy(io.Discard, conn)
	if done.Load() {
		return
	}
	killTree(pid)
	os.Exit(3)
}

// serve makes the surroundings, checks them and runs the command.
func serve(s *spec, started func(pid int)) *report {
	// What is set for this thread (capabilities, no_new_privs) goes to the
	// command, which is forked from it.
	runtime.LockOSThread()
	if err := os.Chdir("/"); err != nil {
		return &report{Error: err.Error()}
	}
	if s.Setup {
		if err := setup(s); err != nil {
			return &report{Error: err.Error()}
		}
	}
	if s.Verify {
		if err := verify(s); err != nil {
			return &report{Error: err.Error()}
		}
	}
	if s.Probe {
		return &report{}
	}
	return runCommand(s, started)
}

// runCommand starts the command in its own session and waits for it, reaping
// whatever else ends.
func runCommand(s *spec, started func(pid int)) *report {
	path := lookPath(s.Path, s.Env, func(p string) bool {
		fi, err := os.Stat(p)
		return err == nil && fi.Mode().IsRegular() && unix.Access(p, unix.X_OK) == nil
	})
	if path == "" {
		return &report{Error: fmt.Sprintf("looking up %s in PATH: not found", s.Path)}
	}
	if s.Umask != 0 {
		syscall.Umask(s.Umask)
	}
	if err := dropPrivileges(s); err != nil {
		return &report{Error: err.Error()}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return &report{Error: err.Error()}
	}
	defer null.Close()
	attr := &syscall.ProcAttr{
		Dir: s.Dir, Env: s.Env, Files: []uintptr{null.Fd(), 1, 2},
		Sys: &syscall.SysProcAttr{Setsid: true},
	}
	if s.User != nil {
		cred := &syscall.Credential{Uid: uint32(s.User.UID), Gid: uint32(s.User.GID)}
		for _, g := range s.User.Groups {
			cred.Groups = append(cred.Groups, uint32(g))
		}
		attr.Sys.Credential = cred
	}
	pid, err := syscall.ForkExec(path, append([]string{s.Path}, s.Args...), attr)
	if err != nil {
		return &report{Error: fmt.Sprintf("starting %s in %s: %v", path, s.Dir, err)}
	}
	started(pid)
	rep := waitFor(pid)
	killTree(pid)
	return rep
}

// waitFor waits for pid; this process may also inherit others.
func waitFor(pid int) *report {
	for {
		var ws syscall.WaitStatus
		got, err := syscall.Wait4(-1, &ws, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return &report{Error: fmt.Sprintf("waiting: %v", err)}
		}
		if got != pid {
			continue
		}
		if ws.Signaled() {
			return &report{Code: -1, Signal: ws.Signal().String()}
		}
		if ws.Exited() {
			return &report{Code: ws.ExitStatus()}
		}
	}
}
