//go:build linux

package acceptance

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Serving is an application that serves HTTP, which is updated while it does.
type Serving struct {
	// Config makes a host.cfg that has the application listen on 127.0.0.1:PORT.
	Config string
	// Command starts it in the foreground.
	Command string
	// Egg is the one that is raised from one version to another; Before and
	// After are what the application then calls itself in its answers' Server field.
	Egg           Raise
	Before, After string
	// Broken, if it stands at the top of Egg.Module, keeps the application from starting.
	Broken string
	// Pages are asked for again and again, and Late ones for the first time
	// after the update, all with this password.
	Pages, Late []string
	// Version is a page that names the version of the Python that it runs under.
	Version        string
	User, Password string
}

// The application's server as an administrator runs it: the commands for
// --stop and --start, in the directory that $0 lies in.
const (
	startScript = `here=$(cd "$(dirname "$0")" && pwd)
cd "$TREE"
setsid %s >>"$here/server.log" 2>&1 &
echo $! >"$here/server.pid"
until "$PYTHON" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=60)' "$ADDRESS" 2>/dev/null; do
    kill -0 "$(cat "$here/server.pid")" 2>/dev/null || { echo "it ended: $(tail -n 1 "$here/server.log")"; exit 1; }
    sleep 0.2
done`
	stopScript = `cd "$(dirname "$0")"
kill -- -"$(cat server.pid)"
while kill -0 -- -"$(cat server.pid)" 2>/dev/null; do sleep 0.1; done`
)

// updatedServing updates what is installed while it serves: until it is
// restarted each request has to be answered by the old version; then the new
// one answers. A version that doesn't start is undone, and served is what was there.
func (s *server) updatedServing(archive, binary string, c Serving) {
	s.t.Helper()
	second := nextVersion(s.t, archive, "2", c.Egg, "")
	higher := c.Egg
	higher.To += ".1"
	third := nextVersion(s.t, archive, "3", higher, c.Broken)
	place := s.mkdir("served")
	address := freeAddress(s.t)
	_, port, _ := net.SplitHostPort(address)
	s.ownEnv = append(s.ownEnv, "TREE="+s.tree, "PYTHON="+s.python.executable(), "ADDRESS=http://"+address+"/")
	s.write("served/start", fmt.Sprintf(startScript, c.Command))
	s.write("served/stop", stopScript)
	start, stop := "sh "+filepath.Join(place, "start"), "sh "+filepath.Join(place, "stop")
	restart := " --stop '" + stop + "' --start '" + start + "'"
	if err := os.WriteFile(filepath.Join(s.tree, "host.cfg"), []byte(strings.ReplaceAll(c.Config, "PORT", port)), 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.run("bin/buildout", "-c", "host.cfg")
	outside := func(want int, command string) string {
		s.t.Helper()
		said, code := s.outside(command)
		if code != want {
			log, _ := os.ReadFile(filepath.Join(place, "server.log"))
			s.t.Fatalf("%s: exit %d\n%s\n%s", command, code, said, log)
		}
		s.t.Logf("%s\n%s", command, said)
		return said
	}
	s.t.Cleanup(func() { s.outside("test ! -e " + place + "/server.pid || " + stop) })
	outside(0, start)

	client := newClient(address, c)
	defer client.end()
	client.next(s.t, 3)
	outside(0, binary+` update "$TREE" `+second)
	if asked := client.answered(s.t, "while it was updated", c.Before); asked < 10 {
		s.t.Errorf("only %d requests while it was updated", asked)
	}
	client.pages(append(c.Late, c.Pages...))
	client.next(s.t, 2*len(c.Late))
	client.answered(s.t, "after the update", c.Before)
	s.checkHost(c.Egg, address)
	outside(0, stop+" && "+start)

	client.take() // of the time without a server
	client.next(s.t, 3)
	client.answered(s.t, "after the restart", c.After)
	said := outside(1, binary+` update "$TREE" `+third+restart)
	if !strings.Contains(said, "--start") || !strings.Contains(said, " is there again") {
		s.t.Errorf("a start that failed: %s", said)
	}
	client.take()
	client.next(s.t, 3)
	client.answered(s.t, "after the way back", c.After)
	s.checkHost(c.Egg, address)
	outside(0, stop)
}

// checkHost sees that the tree is what host.cfg and the raised egg make of it.
func (s *server) checkHost(egg Raise, address string) {
	s.t.Helper()
	said, code := s.outside("grep -rl --include=wsgi.ini --include=instance " + address + " parts bin; ls eggs/v5")
	if code != 0 || !strings.Contains(said, "wsgi.ini") || !strings.Contains(said, egg.Name+"-"+egg.To+"-") || strings.Contains(said, egg.Name+"-"+egg.From+"-") {
		s.t.Errorf("the tree isn't what host.cfg and %s %s make of it: %s", egg.Name, egg.To, said)
	}
}

// outside runs a shell command in the tree as the server's user, on the
// machine's own network: a server and its client have to find each other.
func (s *server) outside(command string) (string, int) {
	return s.asNobody(nil, command)
}

// alone does the same where no other process is seen: to a user without rights,
// one of root's may be running any Python.
func (s *server) alone(command string) (string, int) {
	return s.asNobody([]string{"unshare", "--pid", "--fork", "--mount-proc", "--"}, command)
}

func (s *server) asNobody(within []string, command string) (string, int) {
	args := []string{"/bin/sh", "-c", command}
	if os.Getuid() == 0 {
		args = slices.Concat(within, []string{"setpriv", fmt.Sprintf("--reuid=%d", nobody), fmt.Sprintf("--regid=%d", nobody), "--clear-groups", "--"}, args)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = s.tree
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + filepath.Join(s.work, "home"), "TMPDIR=" + filepath.Join(s.work, "tmp")}, s.ownEnv...)
	out, err := os.CreateTemp(s.t.TempDir(), "said") // what it leaves running must not keep this waiting
	if err != nil {
		return err.Error(), -1
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	said, _ := os.ReadFile(out.Name())
	if cmd.ProcessState == nil {
		return err.Error(), -1
	}
	return string(said), cmd.ProcessState.ExitCode()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// client asks a server for pages, one after the other, and notes what it gets.
type client struct {
	address, user, password string

	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	paths   []string
	answers []string // "200 SERVER PATH", or the error
}

func newClient(address string, of Serving) *client {
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{address: address, user: of.User, password: of.Password, cancel: cancel, done: make(chan struct{}), paths: of.Pages}
	go func() {
		defer close(c.done)
		for n := 0; ctx.Err() == nil; n++ {
			c.ask(ctx, n)
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return c
}

func (c *client) ask(ctx context.Context, n int) {
	c.mu.Lock()
	path := c.paths[n%len(c.paths)]
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+path, nil)
	said := fmt.Sprint(err)
	if err == nil {
		// Each request is a connection of its own, as of another visitor.
		req.Close = true
		req.SetBasicAuth(c.user, c.password)
		var res *http.Response
		if res, err = http.DefaultClient.Do(req); err == nil {
			said = fmt.Sprint(res.StatusCode, " ", cmp.Or(res.Header.Get("Server"), "-"), " ", path)
			res.Body.Close()
		} else if said = err.Error(); ctx.Err() == context.Canceled {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = append(c.answers, said)
}

// pages has the client ask for others.
func (c *client) pages(paths []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paths = paths
}

// take gives the answers since the last time.
func (c *client) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	answers := c.answers
	c.answers = nil
	return answers
}

// next waits until so many further requests have come to their end.
func (c *client) next(t *testing.T, count int) {
	t.Helper()
	have := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.answers)
	}
	for end, deadline := have()+count, time.Now().Add(2*time.Minute); have() < end; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %d requests in two minutes", count)
		}
	}
}

// answered sees that each request since the last time was answered by the
// server of that name, and gives their number.
func (c *client) answered(t *testing.T, when, name string) int {
	t.Helper()
	answers := c.take()
	for i, answer := range answers {
		if !strings.HasPrefix(answer, "200 "+name+" ") {
			t.Fatalf("request %d of %d %s: %s", i+1, len(answers), when, answer)
		}
	}
	t.Logf("%d requests %s, all answered", len(answers), when)
	return len(answers)
}

func (c *client) end() {
	c.cancel()
	<-c.done
}
