//go:build linux

package acceptance

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Interpreters packs an application twice, with one interpreter in the archive
// and then with the other, and changes from the first to the second and back
// while it serves: each request has to be answered.
func Interpreters(t *testing.T, c Case, old, new string) {
	t.Helper()
	var archives []string
	for i, python := range []string{old, new} {
		archives = append(archives, packBundled(t, c, python, "--version", fmt.Sprint(i+1)))
	}
	s := &server{t: t, work: tempDir(t)}
	for _, dir := range []string{"home", "tmp", "first"} {
		s.mkdir(dir)
	}
	s.tree = filepath.Join(s.mkdir("Straße"), "site")
	s.changesInterpreter(archives[0], archives[1], *c.Serving)
}

// changesInterpreter installs an archive as a user without rights, and updates
// it to another and back while it serves.
func (s *server) changesInterpreter(old, new string, c Serving) {
	s.t.Helper()
	binary, address := buildProgram(s.t), freeAddress(s.t)
	must := func(command string) {
		s.t.Helper()
		if said, code := s.outside(command); code != 0 {
			s.t.Fatalf("%s: exit %d\n%s", command, code, said)
		}
	}
	check(s.t, os.Mkdir(s.tree, 0o755))
	if os.Getuid() == 0 {
		check(s.t, os.Chown(s.tree, nobody, nobody))
	}
	must(binary + " install " + old + " --into .")
	_, port, _ := net.SplitHostPort(address)
	s.writeInTree("host.cfg", strings.ReplaceAll(c.Config, "PORT", port))
	must("bin/buildout -c host.cfg")
	one, two := readManifest(s.t, old).BundledPython, readManifest(s.t, new).BundledPython
	if one.Directory == two.Directory {
		s.t.Fatalf("both have %s", one.Directory)
	}

	start := "setsid " + c.Command + " >" + filepath.Join(s.work, "tmp", "log") + " 2>&1 & echo $! >" + filepath.Join(s.work, "tmp", "pid")
	stop := "cd " + filepath.Join(s.work, "tmp") + "; ! test -e pid || { kill -- -$(cat pid); while kill -0 -- -$(cat pid) 2>/dev/null; do sleep 0.1; done; rm pid; }"
	s.t.Cleanup(func() { s.outside(stop) })
	serves := func(version string) {
		s.t.Helper()
		must(start)
		s.answers(address, c, version)
	}
	serves(one.Version)
	client := newClient(address, c)
	defer client.end()
	for _, step := range []struct{ command, before, after string }{
		{binary + " update . " + new, one.Version, two.Version},
		{binary + " rollback .", two.Version, one.Version},
	} {
		client.take()
		client.next(s.t, 3)
		must(step.command)
		client.answered(s.t, "during "+filepath.Base(step.command), c.Before)
		client.pages(append(c.Late, c.Pages...))
		client.next(s.t, 2*len(c.Late))
		client.answered(s.t, "after it, by the old interpreter", c.Before)
		s.answers(address, c, step.before)                                                 // what runs goes on under what it was started by
		if found, _ := filepath.Glob(filepath.Join(s.tree, "python-*")); len(found) != 2 { // the other one is used
			s.t.Errorf("there are %q", found)
		}
		must(stop)
		if said, code := s.alone("bin/buildout -c host.cfg"); code != 0 {
			s.t.Fatalf("bin/buildout: exit %d\n%s", code, said)
		}
		if found, _ := filepath.Glob(filepath.Join(s.tree, "python-*")); len(found) != 1 || !strings.HasSuffix(found[0], step.after) {
			s.t.Errorf("when nothing uses the other one there are %q", found)
		}
		serves(step.after)
		client.pages(c.Pages)
	}
	must(stop)
}

// answers waits for a server, and sees which Python it runs under.
func (s *server) answers(address string, c Serving, version string) {
	s.t.Helper()
	said, last := "", fmt.Errorf("nothing was asked")
	for deadline := time.Now().Add(3 * time.Minute); last != nil && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		said, last = page(address+c.Version, c)
	}
	if last != nil || !strings.Contains(said, version+" (") {
		log, _ := os.ReadFile(filepath.Join(s.work, "tmp", "log"))
		s.t.Fatalf("no page that names Python %s: %v: %s\n%s", version, last, said, log)
	}
}

// page fetches one page.
func page(url string, c Serving) (string, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+url, nil)
	if err != nil {
		return "", err
	}
	req.Close = true
	req.SetBasicAuth(c.User, c.Password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s", res.Status)
	}
	return string(text), err
}
