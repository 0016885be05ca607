//go:build unix

package isolate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	handshake = 20 * time.Second // for the helper to call
	grace     = 10 * time.Second // for the helper to end after the connection did
)

// errNoReport is a helper that was killed, by the system for its memory or by a person.
var errNoReport = errors.New("the helper ended without a report")

// helper starts helper processes and talks to them.
type helper struct {
	box *Box
	// command gives the process to start; it ends up running SELF __isolate ROLE SOCKET.
	command func(s *spec, socket string) *exec.Cmd
	// stop is called when the helper had to be given up, may be nil.
	stop   func()
	number atomic.Int64
}

// exchange starts a helper for s, and returns what it reports.
func (h *helper) exchange(ctx context.Context, s *spec, stdout, stderr io.Writer) (*report, error) {
	socket := filepath.Join(h.box.dir, "s"+strconv.FormatInt(h.number.Add(1), 10))
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making a socket: %w", err)
	}
	defer l.Close()

	var first tail
	cmd := h.command(s, socket)
	cmd.Env = append(cmd.Environ(), nestedVar+"=1")
	cmd.Stderr = io.MultiWriter(&first, stderr)
	cmd.Stdout = stdout
	if same(stdout, stderr) {
		cmd.Stdout = cmd.Stderr // one pipe: the order stays, and one goroutine writes
	}
	cmd.WaitDelay = grace
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()

	conn, err := accept(ctx, l, done)
	if err != nil {
		h.end(cmd, done)
		if text := first.String(); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return nil, err
	}
	rep, err := talk(ctx, conn, s)
	conn.Close()
	ended := h.end(cmd, done)
	if errors.Is(err, errNoReport) {
		err = fmt.Errorf("%w (%s) %s", err, ended, first.String())
	}
	return rep, err
}

// same is whether both writers are one; a type that can't be compared isn't.
func same(a, b io.Writer) (yes bool) {
	defer func() { _ = recover() }()
	return a == b
}

// end waits for the process, kills it if it doesn't end by itself, and says
// how it ended.
func (h *helper) end(cmd *exec.Cmd, done chan error) string {
	select {
	case <-done:
		return cmd.ProcessState.String()
	case <-time.After(grace):
	}
	if h.stop != nil {
		h.stop()
	}
	cmd.Process.Kill()
	<-done
	return "it didn't end, and was killed"
}

// accept waits for the helper to call, or to end without having called.
func accept(ctx context.Context, l *net.UnixListener, done chan error) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	accepted := make(chan result, 1)
	go func() {
		l.SetDeadline(time.Now().Add(handshake))
		conn, err := l.Accept()
		accepted <- result{conn, err}
	}()
	select {
	case r := <-accepted:
		if errors.Is(r.err, os.ErrDeadlineExceeded) {
			return nil, fmt.Errorf("the helper didn't call within %s", handshake)
		}
		return r.conn, r.err
	case err := <-done:
		done <- err
		l.Close()
		if r := <-accepted; r.conn != nil {
			return r.conn, nil
		}
		return nil, fmt.Errorf("the helper ended at once (%v)", err)
	case <-ctx.Done():
		l.Close()
		if r := <-accepted; r.conn != nil {
			r.conn.Close()
		}
		return nil, context.Cause(ctx)
	}
}

// talk tells the helper its command and waits for its report. When ctx ends it
// returns, and closing the connection is what stops the helper.
func talk(ctx context.Context, conn net.Conn, s *spec) (*report, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := json.NewEncoder(conn).Encode(s); err != nil {
		return nil, fmt.Errorf("telling the helper: %w", err)
	}
	var rep report
	if err := json.NewDecoder(conn).Decode(&rep); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%w: %w", errNoReport, err)
	}
	return &rep, nil
}

// tail keeps the first bytes of what a helper says.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if room := 1000 - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.Join(strings.Fields(t.buf.String()), " ") }
