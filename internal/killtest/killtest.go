// Package killtest kills commands at calls that write, for tests. A small
// program in C counts the calls (open for writing, write, rename, link, unlink,
// mkdir, symlink, chmod, truncate, fsync and their like) below a directory, and
// kills the command and all that it started at one of them.
//
// A filter in the kernel stops the command at those calls and no others: strace
// stops it at each call, and took half of the time that these tests have.
package killtest

import (
	"bytes"
	_ "embed"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

//go:embed testdata/kill.c
var source []byte

// Killer kills commands.
type Killer struct{ program, log string }

// New compiles the program.
func New(t testing.TB) Killer {
	t.Helper()
	dir := t.TempDir()
	k := Killer{filepath.Join(dir, "kill"), filepath.Join(dir, "log")}
	cmd := exec.Command(testtool.Compiler(t), "-O1", "-Wall", "-Werror", "-x", "c", "-o", k.program, "-")
	cmd.Stdin = bytes.NewReader(source)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compiling what kills (it needs Linux and cc): %v\n%s", err, said)
	}
	return k
}

// Command is what is killed.
type Command struct {
	Dir  string
	Env  []string
	Args []string // the program first
}

// killed is the exit code of a command that was killed.
const killed = 137

// Calls runs the command undisturbed, which has to exit 0, and gives the calls
// that write below root, each by its name and its path from there.
func (k Killer) Calls(t testing.TB, root string, c Command) []string {
	t.Helper()
	if code, said := k.run(t, root, "0", c); code != 0 {
		t.Fatalf("undisturbed: exit %d\n%s", code, said)
	}
	return k.calls(t)
}

// Kill runs the command and kills it at the number-th of its calls, which
// counts from 1, and gives that call. The test fails if the kill did not fire.
func (k Killer) Kill(t testing.TB, root string, number int, c Command) string {
	t.Helper()
	code, said := k.run(t, root, strconv.Itoa(number), c)
	calls := k.calls(t)
	if code != killed || len(calls) != number {
		t.Fatalf("the kill at call %d did not fire: exit %d after %d calls\n%s", number, code, len(calls), said)
	}
	return calls[number-1]
}

// Refuse runs the command and has the number-th of its calls fail with an error
// of the system; with forever all later ones too, as on a file system that became
// read-only. It gives that call, and the command's exit code and output.
func (k Killer) Refuse(t testing.TB, root string, number int, errno syscall.Errno, forever bool, c Command) (string, int, string) {
	t.Helper()
	what := fmt.Sprintf("%d:%d", number, int(errno))
	if forever {
		what += "+"
	}
	code, said := k.run(t, root, what, c)
	calls := k.calls(t)
	if len(calls) < number || code > 100 {
		t.Fatalf("no call %d was refused: exit %d after %d calls\n%s", number, code, len(calls), said)
	}
	return calls[number-1], code, said
}

func (k Killer) run(t testing.TB, root, number string, c Command) (int, string) {
	t.Helper()
	cmd := exec.Command(k.program, append([]string{root, number, k.log}, c.Args...)...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	said, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(said)
}

func (k Killer) calls(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile(k.log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// Each gives the numbers of all n calls.
func Each(n int) []int { return Spread(n, n) }

// Spread gives the numbers of count of n calls, evenly spread.
func Spread(n, count int) []int {
	count = min(n, count)
	numbers := make([]int, count)
	for i := range numbers {
		numbers[i] = i*n/count + 1
	}
	return numbers
}

// Random gives the numbers of count of n calls. It says the seed that picked
// them, and BINARY_BUILDOUT_TEST_SEED picks the same ones again.
func Random(t testing.TB, n, count int) []int {
	t.Helper()
	const name = "BINARY_BUILDOUT_TEST_SEED"
	seed := time.Now().UnixNano()
	if given := os.Getenv(name); given != "" {
		var err error
		if seed, err = strconv.ParseInt(given, 10, 64); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	t.Logf("%s=%d: %d of %d calls", name, seed, count, n)
	numbers := rand.New(rand.NewSource(seed)).Perm(n)[:min(n, count)]
	for i := range numbers {
		numbers[i]++
	}
	return numbers
}

// Lanes shares the numbers out among as many subtests as there are processors,
// and runs them side by side, once the calling test function has returned. Each
// gets a directory of its own.
func Lanes(t *testing.T, numbers []int, run func(t *testing.T, dir string, numbers []int)) {
	lanes := min(runtime.GOMAXPROCS(0), len(numbers))
	for lane := range lanes {
		var own []int
		for i := lane; i < len(numbers); i += lanes {
			own = append(own, numbers[i])
		}
		t.Run(fmt.Sprint("lane ", lane+1), func(t *testing.T) {
			t.Parallel()
			run(t, Dir(t), own)
		})
	}
}

// Dir gives a temporary directory, in memory where the system has such a one:
// a kill leaves there what it leaves on a disk, and fsync waits for nothing.
func Dir(t testing.TB) string {
	t.Helper()
	const memory = "/dev/shm"
	dir, err := os.MkdirTemp(memory, "killtest-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if !runs(filepath.Join(dir, "try")) {
		return t.TempDir()
	}
	return dir
}

// runs is whether a program at that path can be started.
func runs(path string) bool {
	err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700)
	defer os.Remove(path)
	return err == nil && exec.Command(path).Run() == nil
}
