package release

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// Twenty processes at once make one release, with every asset, once.
func TestStepProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty processes")
	}
	all := twenty()
	dir := stepDist(t, all)
	want := stepFiles(t, dir, all)
	s := server(t, func(s *releasetest.Server) {
		s.Lag = 5
		s.Fault = func(int, *http.Request) *releasetest.Fault { checkComplete(t, s, want); return nil }
	})
	published := 0
	for target, res := range runAtOnce(s, dir, all) {
		if res.err != nil {
			t.Errorf("%s: %v", target, res.err)
		}
		if res.Published {
			published++
		}
	}
	if published == 0 {
		t.Error("no process says that it published")
	}
	checkStep(t, s, want)
}

// Of twenty processes at once seven are killed, wherever they are just then.
// Their jobs are run again, all of them at once, as a person does it.
func TestStepProcessesKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("thirty processes")
	}
	all := twenty()
	dir := stepDist(t, all)
	want := stepFiles(t, dir, all)
	kills := []int{3, 12, 31, 58, 80, 100, 120}
	var over atomic.Bool
	s := server(t, func(s *releasetest.Server) {
		s.Lag = 2
		s.Fault = func(n int, r *http.Request) *releasetest.Fault {
			checkComplete(t, s, want)
			if over.Load() || !slices.Contains(kills, n) {
				return nil
			}
			kill(t, r)
			return &releasetest.Fault{Drop: true, Done: n%2 == 0}
		}
	})
	var again []string
	for target, res := range runAtOnce(s, dir, all) {
		if res.err != nil {
			again = append(again, target)
		}
	}
	if len(again) < 4 {
		t.Errorf("only %d processes were killed", len(again))
	}
	over.Store(true)
	s.Add(releasetest.Release{Tag: "v1.0", Name: "v1.0", Draft: true}) // of yet another that was killed
	for target, res := range runAtOnce(s, dir, again) {
		if res.err != nil {
			t.Errorf("%s, again: %v", target, res.err)
		}
	}
	checkStep(t, s, want)
	if all := s.Releases(); len(all) != 1 {
		t.Errorf("left are %v", names(all))
	}
}

// A process that is killed at any of its requests, before or after the server
// did what it said, leaves a draft or the whole release, and the next run
// completes it. So it is for a release from one job, and for a step's.
func TestKilledProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	for _, kind := range []string{"publish", "step"} {
		few := targets
		if kind == "step" {
			few = targets[:1]
		}
		dir := stepDist(t, few)
		want := stepFiles(t, dir, few)
		for _, fault := range []releasetest.Fault{{Drop: true}, {Drop: true, Done: true}, {Drop: true, Starter: true}} {
			t.Run(fmt.Sprint(kind, " done=", fault.Done, " starter=", fault.Starter), func(t *testing.T) {
				t.Parallel()
				for n := 1; killAt(t, n, fault, kind, dir, few[0], want); n++ {
				}
			})
		}
	}
}

// killAt kills a process at its request number n, and runs another to the end.
// It is false if there are fewer requests.
func killAt(t *testing.T, n int, fault releasetest.Fault, kind, dir, target string, want []File) bool {
	t.Helper()
	armed := true
	s := server(t, func(s *releasetest.Server) {
		s.Fault = func(i int, r *http.Request) *releasetest.Fault {
			checkComplete(t, s, want)
			if i != n || !armed || fault.Starter && !isUpload(r) {
				return nil
			}
			kill(t, r)
			return &fault
		}
	})
	defer s.Close()
	first := helper(s, kind, dir, target, 1)
	if first.err == nil && n > len(s.Requests()) {
		if n < 10 {
			t.Errorf("only %d requests", n)
		}
		checkStep(t, s, want)
		return false
	}
	armed = false
	if first.err == nil {
		return true // the request was no upload
	}
	if again := helper(s, kind, dir, target, 1); again.err != nil || !again.Published {
		t.Fatalf("after a kill at request %d: %+v", n, again)
	}
	checkStep(t, s, want)
	return true
}

// checkComplete wants nothing to be published that lacks an asset.
func checkComplete(t testing.TB, s *releasetest.Server, want []File) {
	for _, r := range s.Releases() {
		if !r.Draft {
			checkAssets(t, r, want)
		}
	}
}

// kill ends the process that sent a request, which says who it is.
func kill(t testing.TB, r *http.Request) {
	pid, err := strconv.Atoi(strings.TrimPrefix(r.UserAgent(), "pid "))
	if err != nil {
		t.Errorf("who is %q?", r.UserAgent())
		return
	}
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Error(err)
	}
}

// helped is what a process said.
type helped struct {
	Result
	err error
}

// runAtOnce runs a step's process for each target, all at the same time.
func runAtOnce(s *releasetest.Server, dir string, targets []string) map[string]helped {
	results := map[string]helped{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, target := range targets {
		wg.Go(func() {
			res := helper(s, "step", dir, target, len(twenty()))
			mu.Lock()
			defer mu.Unlock()
			results[target] = res
		})
	}
	wg.Wait()
	return results
}

// helper runs this test binary as a process that releases: one archive as a
// step, or all that lie in dir.
func helper(s *releasetest.Server, kind, dir, target string, expect int) (res helped) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelper$")
	cmd.Env = append(os.Environ(), "RELEASE_TEST_HELPER="+strings.Join([]string{s.API(), s.Repo, kind, dir, target, fmt.Sprint(expect)}, "\n"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &res.Result)
	}
	if err != nil {
		res.err = fmt.Errorf("%w: %s%s", err, out, stderr.String())
	}
	return res
}

func TestHelper(t *testing.T) {
	args := strings.Split(os.Getenv("RELEASE_TEST_HELPER"), "\n")
	if len(args) != 6 {
		return
	}
	err := runHelper(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runHelper(args []string) error {
	c, err := NewClient(Config{API: args[0], Repo: args[1], Token: releasetest.Token, Generator: fmt.Sprint("pid ", os.Getpid()), Policy: hurried()})
	if err != nil {
		return err
	}
	var res Result
	if args[2] == "step" {
		res, err = stepOne(c, args[3], args[4], args[5])
	} else {
		res, err = publishAll(c, args[3], args[2] == "replace")
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

func stepOne(c *Client, dir, target, count string) (Result, error) {
	a, err := stepArchive(dir, target)
	if err != nil {
		return Result{}, err
	}
	expect, err := strconv.Atoi(count)
	if err != nil {
		return Result{}, err
	}
	return c.Step(context.Background(), a, extra, expect, Options{Tag: "v1.0"})
}

func publishAll(c *Client, dir string, replace bool) (Result, error) {
	found, err := filepath.Glob(dir + "/*")
	if err != nil {
		return Result{}, err
	}
	var there []string
	for _, f := range found {
		there = append(there, filepath.Base(f))
	}
	set, err := Gather(dir, wanted(there), MaxAssetSize)
	if err != nil {
		return Result{}, err
	}
	set.Extra, set.Tag = extra, "v1.0"
	all, err := set.Files()
	if err != nil {
		return Result{}, err
	}
	return c.Publish(context.Background(), all, Options{Tag: "v1.0", Notes: set.Notes(), Replace: replace})
}
