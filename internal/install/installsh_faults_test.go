//go:build unix

package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// TestScriptRefuses is about what is an error, and leaves nothing behind.
func TestScriptRefuses(t *testing.T) {
	python := "--python=" + installtest.Python(t, "3.13")
	dist := t.TempDir()
	one := packReal(t, dist, "1.0")
	s := newScript(t, one)
	parent := t.TempDir()
	into := filepath.Join(parent, "app")
	refused := func(what string, code int, want string, args ...string) {
		t.Helper()
		before := snapshot(t, parent)
		got, out := run(t, shell(t, []string{"dash"}, "curl"), append([]string{s.path, "--into", into, python}, args...)...)
		if got != code || !strings.Contains(out, "error: ") || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d\n%s", what, got, out)
		}
		sameSnapshot(t, before, snapshot(t, parent))
	}

	// An altered archive, of the same size; a cut one; one that isn't there.
	good, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(good)
	bad[len(bad)/2] ^= 1
	mkfile(t, one, string(bad))
	refused("altered", 1, "and index.json says")
	refused("altered in a folder", 1, "and index.json says", "--from", dist)
	mkfile(t, one, string(good[:len(good)/2]))
	refused("cut", 3, "the answer has")
	refused("cut in a folder", 1, "and index.json says", "--from", dist)
	if err := os.Remove(one); err != nil {
		t.Fatal(err)
	}
	refused("not there", 2, "404")
	mkfile(t, one, string(good))
	refused("another tag", 2, "404", "--tag", "v9")
	address := strings.Replace(s.server.URL, "//", "//me:secret@", 1)
	refused("a password", 2, "error: fetching "+s.server.URL+"/install.py", "--from", address)
	refused("no such option", 2, "is no option", "--no")

	// Nothing fits.
	data, err := os.ReadFile(filepath.Join(dist, fetch.IndexName))
	if err != nil {
		t.Fatal(err)
	}
	mkfile(t, filepath.Join(dist, fetch.IndexName), strings.ReplaceAll(string(data), "cp313", "cp399"))
	refused("nothing fits", 2, "closest is cp399-linux_")
	mkfile(t, filepath.Join(dist, fetch.IndexName), string(data))

	// A stranger's directory, then another version with a delta from the one that is there.
	mkfile(t, filepath.Join(into, "precious"), "x")
	refused("a stranger's", 2, "is no installation of binary-buildout")
	if err := os.RemoveAll(into); err != nil {
		t.Fatal(err)
	}
	if code, out := run(t, shell(t, []string{"dash"}, "curl"), s.path, "--into", into, python); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	two := packReal(t, dist, "2.0")
	s.index(t, two)
	refused("another version", 2, "app 1.0 is there\nhint: binary-buildout update "+into)
	delta := deltaBetween(t, one, two, "1.0")
	offerDelta(t, dist, delta)
	refused("another version", 2, "tar -xzf "+filepath.Base(delta)+" -C "+into)
}

// TestScriptHostile: what leads out of the tree is refused, and nothing is
// written there, although the digest is right.
func TestScriptHostile(t *testing.T) {
	python := installtest.Python(t, "3.13")
	p := probed(t, python)
	path := newScriptOf(t)
	file := func(name string) *tar.Header { return &tar.Header{Name: name, Mode: 0o644} }
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink, Mode: 0o777}
	}
	for name, entries := range map[string][]*tar.Header{
		"parent":         {file("app/../../../evil")},
		"absolute":       {file("/evil")},
		"another top":    {file("app/x"), file("evil/x")},
		"link out":       {link("app/x", "../../..")},
		"link and file":  {link("app/x", "../../.."), file("app/x/evil")},
		"absolute link":  {link("app/x", "/etc")},
		"link by a link": {file("app/e/f"), link("app/d1/d2/a", "../../e"), link("app/c", "d1/d2/a/../../../evil")},
		"hard link":      {{Name: "app/x", Linkname: "/etc/passwd", Typeflag: tar.TypeLink}},
		"device":         {{Name: "app/x", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dist := filepath.Join(parent, "dist")
			var b bytes.Buffer
			zw := gzip.NewWriter(&b)
			tw := tar.NewWriter(zw)
			for _, h := range append(entries, file("app/bootstrap.py")) {
				if err := tw.WriteHeader(h); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(tw.Close(), zw.Close()); err != nil {
				t.Fatal(err)
			}
			mkfile(t, filepath.Join(dist, "app.tar.gz"), b.String())
			writeIndex(t, dist, fetch.Index{Format: 1, Name: "app", Version: "1.0", Assets: []fetch.Asset{{
				Target: p.ABI + "-linux_" + p.Machine, Name: "app.tar.gz", Size: int64(b.Len()), SHA256: digest.Of(b.Bytes())}}})
			code, out := run(t, shell(t, []string{"dash"}), path, "--into", filepath.Join(parent, "app"), "--from", dist, "--python", python)
			if code != 1 || !strings.Contains(out, "it is no archive of binary-buildout") {
				t.Errorf("exit code %d\n%s", code, out)
			}
			onlyThese(t, parent, "dist")
		})
	}
}

// TestScriptResumes: a download that was cut off goes on where it ended, by
// curl, GNU Wget and busybox's.
func TestScriptResumes(t *testing.T) {
	archive := packReal(t, t.TempDir(), "1.0")
	s := newScript(t, archive)
	data := mustRead(t, archive)
	for _, tool := range []string{"curl", "wget", "busybox"} {
		var ranges []string
		files := s.server.Config.Handler
		counted := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ".tar.gz") {
				ranges = append(ranges, r.Header.Get("Range"))
			}
			files.ServeHTTP(w, r)
		}))
		parent := t.TempDir()
		part := filepath.Join(parent, ".app.binary-buildout.download", digest.Of(data)+".part")
		mkfile(t, part, string(data[:1000]))
		chmod(t, filepath.Dir(part), 0o700)
		cmd := shell(t, []string{"dash"}, tool)
		if tool == "busybox" { // its wget
			path := strings.TrimPrefix(cmd.Env[0], "PATH=")
			if err := os.Rename(filepath.Join(path, tool), filepath.Join(path, "wget")); err != nil {
				t.Fatal(err)
			}
		}
		code, out := run(t, cmd, s.path, "--into", filepath.Join(parent, "app"),
			"--from", counted.URL+"/acme/site/releases/download/v1.0", "--python", installtest.Python(t, "3.13"))
		counted.Close()
		if code != 0 || strings.Join(ranges, " ") != "bytes=1000-" {
			t.Errorf("%s: exit code %d, ranges %q\n%s", tool, code, ranges, out)
		}
		onlyThese(t, parent, "app")
	}
}

// TestScriptTerminated: SIGTERM while bootstrap.py runs ends that too, and
// leaves nothing.
func TestScriptTerminated(t *testing.T) {
	parent := t.TempDir()
	dist, started := filepath.Join(parent, "dist"), filepath.Join(parent, "dist", "started")
	mkfile(t, filepath.Join(dist, "x"), "")
	a, p := hello(t, "1.0")
	a.Bootstrap = "import os, time\nwith open(os.environ['STARTED'] + '.new', 'w') as f:\n    f.write(str(os.getpid()))\nos.rename(os.environ['STARTED'] + '.new', os.environ['STARTED'])\ntime.sleep(100)\n"
	data := mustRead(t, installtest.Make(t, dist, a))
	writeIndex(t, dist, fetch.Index{Format: 1, Name: "hello", Version: "1.0", Assets: []fetch.Asset{{
		Target: a.Manifest.Target, Name: "hello-1.0-" + a.Manifest.Target + ".tar.gz", Size: int64(len(data)), SHA256: digest.Of(data)}}})

	cmd := shell(t, []string{"dash"})
	cmd.Args = append(cmd.Args, newScriptOf(t), "--into", filepath.Join(parent, "app"), "--from", dist, "--python", p.Executable)
	cmd.Env = append(cmd.Env, "STARTED="+started)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for range 3000 {
		if text, err := os.ReadFile(started); err == nil {
			pid, _ = strconv.Atoi(string(text))
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() != 3 || pid == 0 {
		t.Errorf("%v, bootstrap.py was process %d", cmd.ProcessState, pid)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("bootstrap.py runs on: %v", err)
	}
	onlyThese(t, parent, "dist")
}
