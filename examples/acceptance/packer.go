//go:build linux

package acceptance

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// packer packs an example.
type packer struct {
	t      *testing.T
	binary string
	args   []string
	format string
}

func newPacker(t *testing.T, c Case, python string) packer {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "examples", c.Example)
	if c.Prepare != nil {
		dir = copyOf(t, dir)
		c.Prepare(t, dir, python)
	}
	format := cmp.Or(c.Format, "tar.gz")
	args := []string{"pack", dir, "--python", python, "--require-isolation", "--format", format}
	if c.Config != "" {
		args = append(args, "--config", c.Config)
	}
	return packer{t, buildProgram(t), append(args, c.Flags...), format}
}

// run packs into a new directory. With unproved, it stops the program when the
// proof begins, and takes the archive that would be proved.
func (p packer) run(unproved bool) (archive, said string, err error) {
	p.t.Helper()
	out := tempDir(p.t)
	var heard func(said []byte) bool
	if unproved {
		heard = func(said []byte) bool { return bytes.Contains(said, []byte("\nProving the archive")) && p.keep(out) }
	}
	cmd := exec.Command(p.binary, append(p.args, "--out", out)...)
	listener := &listener{cmd: cmd, heard: heard}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = listener, listener, 10*time.Second
	if err = cmd.Run(); listener.stopped {
		err = nil
	}
	found, globErr := filepath.Glob(filepath.Join(out, "*."+p.format))
	if err == nil && (globErr != nil || len(found) != 1) {
		err = fmt.Errorf("archives in %s: %v %w", out, found, globErr)
	}
	if err != nil {
		return "", listener.said.String(), err
	}
	return found[0], listener.said.String(), nil
}

// keep gives the archive that lies hidden in out while it is proved a name that
// the interruption leaves there.
func (p packer) keep(out string) bool {
	found, err := filepath.Glob(filepath.Join(out, ".*", "*."+p.format))
	if err != nil || len(found) != 1 {
		p.t.Errorf("archives being proved in %s: %v %v", out, found, err)
		return true
	}
	if err := os.Link(found[0], filepath.Join(out, filepath.Base(found[0]))); err != nil {
		p.t.Error(err)
	}
	return true
}

// again packs once more, up to the proof: that would only repeat what the
// first one's said. The archive has to be the same.
func (p packer) again(first string, flags ...string) {
	p.t.Helper()
	p.args = append(slices.Clone(p.args), flags...)
	second, said, err := p.run(true)
	if err != nil {
		p.t.Fatalf("packing once more: %v\n%s", err, said)
	}
	if !same(p.t, first, second) {
		found, err := exec.Command(p.binary, "inspect", first, second).CombinedOutput()
		p.t.Errorf("two builds gave archives that differ, the second by %q (%v):\n%s", p.args, err, found)
	}
}

func same(t *testing.T, first, second string) bool {
	t.Helper()
	a, err := os.ReadFile(first)
	b, err2 := os.ReadFile(second)
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(a, b)
}

// listener keeps what a command says, and interrupts it at a word.
type listener struct {
	said    bytes.Buffer
	cmd     *exec.Cmd
	heard   func(said []byte) bool
	stopped bool
}

func (l *listener) Write(data []byte) (int, error) {
	l.said.Write(data)
	if l.heard != nil && !l.stopped && l.heard(l.said.Bytes()) {
		l.stopped = true
		l.cmd.Process.Signal(os.Interrupt)
	}
	return len(data), nil
}
