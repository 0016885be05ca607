// Package zstdtool compresses with the zstd program, which makes smaller files than
// Go's libraries do.
package zstdtool

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/bits"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

const (
	// level is the highest that isn't "ultra". Measured on Plone 6.2.2 with zstd
	// 1.5.4: 59.8 MB with 420 MiB of memory; -22 makes 58.8 MB of it, with 1 GiB.
	level = "-19"
	// The window, as the power of two of its bytes: of the whole content up to 128 MiB,
	// which is as much as a decoder takes without an option (zstd(1), --long).
	minWindow, maxWindow = 20, 27
)

// Program is a zstd on this machine.
type Program struct {
	path    string
	Version string // as in 1.5.4
}

// Find looks for zstd on PATH. It is an error of the surroundings if there is none, or
// one older than 1.4, whose format of windows wasn't final.
func Find(ctx context.Context) (Program, error) {
	const hint = "install the package zstd (apt, dnf, apk and brew call it so); in an image, by before; or pack without --smallest"
	path, err := exec.LookPath("zstd")
	if err != nil {
		return Program{}, fault.Surroundings(fmt.Errorf("looking for zstd: %w", err), hint)
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return Program{}, fault.Surroundings(fmt.Errorf("running %s --version: %w", path, err), hint)
	}
	m := regexp.MustCompile(`v(([0-9]+)\.([0-9]+)\.[0-9]+)`).FindSubmatch(out)
	if m == nil {
		return Program{}, fault.Surroundings(fmt.Errorf("running %s --version: it names no version", path), hint)
	}
	major, _ := strconv.Atoi(string(m[2]))
	minor, _ := strconv.Atoi(string(m[3]))
	if major < 1 || major == 1 && minor < 4 {
		return Program{}, fault.Surroundings(fmt.Errorf("looking for zstd: %s has version %s, and 1.4 is needed", path, m[1]), hint)
	}
	return Program{path, string(m[1])}, nil
}

// Writer gives what compresses into w. size is about how many bytes come, from which
// the window follows. The bytes depend on those, on size's power of two, and on the
// program's version; not on how many cores there are. Close waits for the program, and
// has to be called after an error too.
func (p Program) Writer(ctx context.Context, w io.Writer, size int64) (io.WriteCloser, error) {
	cmd := exec.CommandContext(ctx, p.path, "-q", "-c", "--single-thread", "--check", level, "--long="+strconv.Itoa(window(size)))
	s := &stream{cmd: cmd, out: &sink{w: w}}
	cmd.Stdout, cmd.Stderr = s.out, &s.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting zstd: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting zstd: %w", err)
	}
	s.in = in
	return s, nil
}

// window is the power of two of a window that holds so many bytes, within bounds.
func window(size int64) int {
	return min(max(bits.Len64(uint64(max(size-1, 0))), minWindow), maxWindow)
}

// stream is a running program.
type stream struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *sink
	said  bytes.Buffer
	ended bool
	err   error // of its end
}

// Write says what the program died of, where it takes no more: all that its pipe says
// is that it is broken.
func (s *stream) Write(p []byte) (int, error) {
	n, err := s.in.Write(p)
	if err != nil {
		err = cmp.Or(s.Close(), err)
	}
	return n, err
}

func (s *stream) Close() error {
	if !s.ended {
		s.ended, s.err = true, s.end()
	}
	return s.err
}

func (s *stream) end() error {
	cerr := s.in.Close()
	err := s.cmd.Wait()
	switch {
	case s.out.err != nil: // the program died of it
		return s.out.err
	case err != nil:
		if said := strings.TrimSpace(s.said.String()); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return fault.Surroundings(fmt.Errorf("running zstd: %w", err), "it needs up to 430 MB of memory: have that free, or pack without --smallest")
	}
	return cerr
}

// sink remembers why nothing more can be written, such as a full disk.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}
