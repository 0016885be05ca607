//go:build linux

package install

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/killtest"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// killedUpdate runs an update that kills itself at its n-th step: that is
// when it says what it does, and before and after each program that it runs.
func killedUpdate(t *testing.T, words []string) {
	source, into, start := words[1], words[2], words[3]
	number, err := strconv.Atoi(words[0])
	if err != nil {
		t.Fatal(err)
	}
	step := func() {
		if number--; number == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	o := realOptions(t, source, into)
	o.Start = start
	o.Progress = func(fetch.Event) { step() }
	o.Run = func(ctx context.Context, c Call) error {
		step()
		defer step()
		return runProcess(ctx, c)
	}
	if _, err := Update(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// TestUpdateKilledAtEachStep: the command itself is killed, not bootstrap.py,
// which package pack kills at each call. Old or new is there, and whole; the
// next update or rollback ends right.
func TestUpdateKilledAtEachStep(t *testing.T) {
	const variable = "BINARY_BUILDOUT_TEST_KILLED_UPDATE"
	if words := os.Getenv(variable); words != "" {
		killedUpdate(t, strings.Split(words, "\n"))
		return
	}
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist := t.TempDir()
	more := func(stage string) {
		mkfile(t, filepath.Join(stage, "bin/buildout"), "#!/bin/sh\necho it ran\n")
		if err := os.Chmod(filepath.Join(stage, "bin/buildout"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	one, two := packAs(t, dist, "1.0", archive.FormatTarGz, more), packAs(t, dist, "2.0", archive.FormatTarGz, more)
	delta := deltaBetween(t, one, two, "1.0")
	parent := t.TempDir()
	into, installed := filepath.Join(parent, "app"), filepath.Join(parent, "installed")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(into, installed); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for step := 1; ; step++ {
		if step > 40 {
			t.Fatal("an update of 40 steps?")
		}
		if err := os.RemoveAll(into); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", "-a", installed, into).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v: %s", err, out)
		}
		source := two
		if step%2 == 0 {
			source = delta
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestUpdateKilledAtEachStep$")
		cmd.Env = append(os.Environ(), variable+"="+strings.Join([]string{strconv.Itoa(step), source, into, "true"}, "\n"))
		out, err := cmd.CombinedOutput()
		number := numberIn(t, into)
		seen[number] = true
		if err == nil { // all steps were done
			if number != "2.0" || step < 8 {
				t.Errorf("%s after all %d steps", number, step-1)
			}
			break
		}
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
			t.Fatalf("step %d: %v: %s", step, err, out)
		}
		if where, err := os.ReadFile(filepath.Join(into, "etc", "where")); err != nil || string(where) != into+"\n" {
			t.Fatalf("after the kill at step %d: %q, %v", step, where, err)
		}
		if step%3 == 0 {
			killedBack(t, step, number, into)
		}
		if _, err := Update(t.Context(), realOptions(t, source, into)); err != nil || numberIn(t, into) != "2.0" {
			t.Fatalf("after the kill at step %d: %v", step, err)
		}
		noIncoming(t, into)
	}
	if !seen["1.0"] || !seen["2.0"] {
		t.Errorf("kills left only %v", seen)
	}
}

// killedBack rolls back after a kill, if there is something to go back from.
func killedBack(t *testing.T, step int, number, into string) {
	t.Helper()
	_, err := Rollback(t.Context(), realOptions(t, "", into))
	if number == "1.0" && fault.CodeOf(err, 0) != 2 || number == "2.0" && err != nil || numberIn(t, into) != "1.0" {
		t.Fatalf("rollback of %s after the kill at step %d: %v", number, step, err)
	}
}

// TestUpdateFullDisk: an update that runs out of space, while it unpacks or
// while it prepares the new tree, says so and leaves the old version.
func TestUpdateFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		testtool.Lacks(t, "root, to mount a file system,")
	}
	dist, place := t.TempDir(), t.TempDir()
	content := make([]byte, 300<<10)
	_, _ = rand.New(rand.NewSource(1)).Read(content)
	one := packReal(t, dist, "1.0")
	two := packAs(t, dist, "2.0", archive.FormatTarGz, func(stage string) { mkfile(t, filepath.Join(stage, "etc/large"), string(content)) })
	if err := syscall.Mount("tmpfs", place, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(place, syscall.MNT_DETACH) })
	into, fill := filepath.Join(place, "app"), filepath.Join(place, "fill")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	for name, free := range map[string]int64{"unpacking": 150 << 10, "preparing": 450 << 10} {
		t.Run(name, func(t *testing.T) {
			var fs syscall.Statfs_t
			if err := syscall.Statfs(place, &fs); err != nil {
				t.Fatal(err)
			}
			mkfile(t, fill, strings.Repeat("x", int(int64(fs.Bavail)*fs.Bsize-free)))
			started := false
			o := realOptions(t, two, into)
			o.Run = func(ctx context.Context, c Call) error {
				started = started || strings.HasSuffix(strings.Join(c.Args, " "), "bootstrap.py")
				return runProcess(ctx, c)
			}
			_, err := Update(t.Context(), o)
			if fault.CodeOf(err, 0) != 3 || !strings.Contains(strings.ToLower(err.Error()), "no space left on device") || started != (name == "preparing") {
				t.Errorf("exit %d, bootstrap.py ran: %v: %v", fault.CodeOf(err, 0), started, err)
			}
			if numberIn(t, into) != "1.0" {
				t.Errorf("it is %s", numberIn(t, into))
			}
			noIncoming(t, into)
			if err := os.Remove(fill); err != nil {
				t.Fatal(err)
			}
			if _, err := Update(t.Context(), realOptions(t, two, into)); err != nil || numberIn(t, into) != "2.0" {
				t.Fatal(err)
			}
			if _, err := Rollback(t.Context(), realOptions(t, "", into)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestUpdateBaseGone: what was removed of the installed version is either
// brought by the whole archive, or named.
func TestUpdateBaseGone(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist := t.TempDir()
	one, two := packReal(t, dist, "1.0"), packReal(t, dist, "2.0")
	delta := deltaBetween(t, one, two, "1.0")
	for _, test := range []struct {
		gone, source string
		code         int
		says, hint   string
	}{
		{"etc", two, 0, "", ""},
		{"etc", delta, 0, "", ""}, // all that the delta doesn't bring is as it was, and gone
		{".binary-buildout/origin", two, 0, "", ""},
		{"bootstrap.py", two, 2, "bootstrap.py", "binary-buildout install"},
		{".binary-buildout/manifest.json", two, 2, "it isn't an installation of binary-buildout", "binary-buildout install"},
		{".binary-buildout/files.json", two, 2, "files.json", "binary-buildout install"},
		{".binary-buildout/state.json", two, 2, "bootstrap.py has not run there", "bootstrap.py"},
	} {
		t.Run(fmt.Sprint(test.gone, " ", filepath.Base(test.source)), func(t *testing.T) {
			into := filepath.Join(t.TempDir(), "app")
			if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(into, test.gone)); err != nil {
				t.Fatal(err)
			}
			_, err := Update(t.Context(), realOptions(t, test.source, into))
			if test.code == 0 {
				if err != nil || numberIn(t, into) != "2.0" {
					t.Errorf("%v", err)
				}
				return
			}
			if fault.CodeOf(err, 0) != test.code || !strings.Contains(err.Error(), test.says) || !strings.Contains(fault.HintOf(err, ""), test.hint) || numberIn(t, into) != "1.0" {
				t.Errorf("exit %d: %v; hint %q", fault.CodeOf(err, 0), err, fault.HintOf(err, ""))
			}
		})
	}
}

// TestUpdateBootstrapKilled: bootstrap.py is killed in the middle of the change.
// It is finished before the application is started; if a person interrupted
// it, the old version is brought back.
func TestUpdateBootstrapKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist, killer := t.TempDir(), killtest.New(t)
	one, two := packReal(t, dist, "1.0"), packReal(t, dist, "2.0")
	into, started := filepath.Join(t.TempDir(), "app"), filepath.Join(t.TempDir(), "started")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name        string
		interrupted bool
		want        string
	}{{"interrupted", true, "1.0"}, {"killed", false, "2.0"}} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := realOptions(t, two, into)
			o.Start = "cat etc/number > " + started
			first := true
			o.Run = func(ctx context.Context, c Call) error {
				if !first {
					return runProcess(ctx, c)
				}
				first = false
				command := killtest.Command{Dir: c.Dir, Env: c.Env, Args: append([]string{c.Python}, c.Args...)}
				if test.interrupted {
					defer cancel()
				}
				killInChange(t, killer, into, command)
				return errors.New("signal: killed")
			}
			_, err := Update(ctx, o)
			if (err == nil) == test.interrupted {
				t.Error(err)
			}
			said, err := os.ReadFile(started)
			if number := numberIn(t, into); number != test.want || err != nil || string(said) != test.want {
				t.Errorf("%s is there, and %q was started, want %s: %v", number, said, test.want, err)
			}
			noIncoming(t, into)
		})
	}
}

// TestRollbackRunAgain: a rollback that was killed is finished by the next one,
// which doesn't go back one version more.
func TestRollbackRunAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist, killer := t.TempDir(), killtest.New(t)
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, packReal(t, dist, "1.0"), into).Options); err != nil {
		t.Fatal(err)
	}
	o := realOptions(t, packReal(t, dist, "2.0"), into)
	if _, err := Update(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	// As an update that was killed before it ran --start leaves it.
	if _, err := archive.LayArchive(t.Context(), open(t, packReal(t, dist, "3.0")), "app-3.0", strings.Repeat("0", 64), into, "somewhere"); err != nil {
		t.Fatal(err)
	}
	if err := bootstrap(t.Context(), o.Options, into, into, o.Python); err != nil || numberIn(t, into) != "3.0" {
		t.Fatal(err)
	}
	killInChange(t, killer, into, killtest.Command{Dir: into, Env: o.Env, Args: []string{o.Python, filepath.Join(into, archive.BootstrapPy), "--rollback"}})
	for _, want := range []string{"2.0", "1.0"} {
		res, err := Rollback(t.Context(), realOptions(t, "", into))
		if err != nil || res.Version != want || numberIn(t, into) != want {
			t.Fatalf("%+v, %v: %s is there, want %s", res, err, numberIn(t, into), want)
		}
		if want == "2.0" && res.From != "3.0" {
			t.Errorf("it was %s", res.From)
		}
	}
}

// TestUpdateAmidAnother: somebody's bin/buildout has the tree's lock when update
// wants to run its own, or to go back. It waits; and where it can't go back, it
// starts what is there.
func TestUpdateAmidAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist := t.TempDir()
	one, two := packReal(t, dist, "1.0"), packReal(t, dist, "2.0")
	into, log := filepath.Join(t.TempDir(), "app"), filepath.Join(t.TempDir(), "log")
	for _, test := range []struct {
		name, number, log string
		waits             int // how often before the other one is done; 0 for never
	}{{"short", "1.0", "2.0\n1.0\n", 3}, {"for ever", "2.0", "2.0\n2.0\n", 0}} {
		t.Run(test.name, func(t *testing.T) {
			if err := errors.Join(os.RemoveAll(into), os.RemoveAll(log)); err != nil {
				t.Fatal(err)
			}
			o := realOptions(t, one, into)
			if _, err := Install(t.Context(), o.Options); err != nil {
				t.Fatal(err)
			}
			other, err := os.OpenFile(filepath.Join(into, archive.Dir, "lock"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			o.Source = two
			o.Start = "echo $(cat etc/number) >> " + log + "; false"
			waits := 0
			o.Run = func(ctx context.Context, c Call) error {
				if waits == 0 && c.Args[len(c.Args)-1] == "--rollback" {
					if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
						t.Error(err)
					}
				}
				return runProcess(ctx, c)
			}
			o.Remote.Wait = func(context.Context, time.Duration) error {
				if waits++; waits == test.waits {
					return syscall.Flock(int(other.Fd()), syscall.LOCK_UN)
				}
				if waits == 9 {
					return context.DeadlineExceeded
				}
				return nil
			}
			_, err = Update(t.Context(), o)
			if err == nil || waits < 3 || numberIn(t, into) != test.number {
				t.Errorf("%d waits, %s is there: %v", waits, numberIn(t, into), err)
			}
			if said, err := os.ReadFile(log); err != nil || string(said) != test.log {
				t.Errorf("started %q, want %q: %v", said, test.log, err)
			}
		})
	}
}

// killInChange kills bootstrap.py when some files are of the new version.
func killInChange(t *testing.T, killer killtest.Killer, root string, command killtest.Command) {
	t.Helper()
	trial := root + "-trial"
	if out, err := exec.Command("cp", "-a", root, trial).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
	kept := root + "-kept"
	if err := errors.Join(os.Rename(root, kept), os.Rename(trial, root)); err != nil {
		t.Fatal(err)
	}
	calls := killer.Calls(t, root, command)
	if err := errors.Join(os.RemoveAll(root), os.Rename(kept, root)); err != nil {
		t.Fatal(err)
	}
	for i, call := range calls {
		if strings.Contains(call, "rename") && strings.HasSuffix(call, "etc/number") && !strings.Contains(call, "staged/etc") {
			killer.Kill(t, root, i+2, command)
			if _, err := os.Lstat(filepath.Join(root, transactionDir)); err != nil {
				t.Fatalf("the kill after %s left no transaction: %v", call, err)
			}
			return
		}
	}
	t.Fatalf("etc/number isn't replaced: %q", calls)
}
