//go:build unix

package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/pack"
	publish "github.com/binary-buildout/binary-buildout/release"
)

// script is install.sh of a release whose assets a server of this machine has.
type script struct {
	dist, path string
	server     *httptest.Server
	text       string
}

// newScript serves the archives as acme/site's release v1.0.
func newScript(t *testing.T, archives ...string) script {
	t.Helper()
	s := script{dist: filepath.Dir(archives[0])}
	s.index(t, archives...)
	base := "/acme/site/releases/download/v1.0/"
	s.server = httptest.NewServer(http.StripPrefix(base, http.FileServer(http.Dir(s.dist))))
	t.Cleanup(s.server.Close)
	files, err := publish.Installers(s.server.URL, "acme/site", "v1.0")
	if err != nil {
		t.Fatal(err)
	}
	s.text, s.path = string(files[0].Data), filepath.Join(t.TempDir(), "install.sh")
	mkfile(t, s.path, s.text)
	return s
}

// index writes index.json.
func (s script) index(t *testing.T, archives ...string) {
	t.Helper()
	x := Index{Format: 1, Name: "app", Version: "1.0"}
	for _, a := range archives {
		data, err := os.ReadFile(a)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := realOptions(t, a, "").Read(a)
		if err != nil {
			t.Fatal(err)
		}
		x.Version = m.Version
		x.Assets = append(x.Assets, Asset{Target: m.Target, Name: filepath.Base(a), Size: int64(len(data)), SHA256: installtest.Digest(data)})
	}
	writeIndex(t, s.dist, x)
}

// shell makes a command with these programs alone on PATH.
func shell(t *testing.T, shell []string, tools ...string) *exec.Cmd {
	t.Helper()
	path := t.TempDir()
	for _, tool := range append(tools, "cat") {
		real, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(path, tool)); err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath(shell[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, shell[1:]...)
	cmd.Env = []string{"PATH=" + path, "HOME=/no", "PYENV_ROOT=/no", "LC_ALL=C"}
	return cmd
}

// run gives exit code and what was written.
func run(t *testing.T, cmd *exec.Cmd, args ...string) (int, string) {
	t.Helper()
	cmd.Args = append(cmd.Args, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

var shells = [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}, {"zsh"}}

// TestScript installs under each shell, by curl alone and by wget alone, from
// the release and through a pipe; the same again changes nothing.
func TestScript(t *testing.T) {
	s := newScript(t, packReal(t, t.TempDir(), "1.0"))
	python := "--python=" + installtest.Python(t, "3.13")
	for i, sh := range shells {
		tool := []string{"curl", "wget"}[i%2]
		t.Run(strings.Join(sh, " ")+" "+tool, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			into := filepath.Join(parent, "an ü place")
			if code, out := run(t, shell(t, sh, tool), s.path, "--into", into, python); code != 0 || !strings.Contains(out, "\nnext: cd '") {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			onlyThese(t, parent, filepath.Base(into))
			before := snapshot(t, parent)
			// The other tool, and the pipe.
			cmd := shell(t, sh, []string{"wget", "curl"}[i%2])
			cmd.Stdin = strings.NewReader(s.text)
			code, out := run(t, cmd, "-s", "--", "--into", into, python)
			if code != 0 || !strings.Contains(out, "nothing changes") {
				t.Errorf("again: exit code %d\n%s", code, out)
			}
			sameSnapshot(t, before, snapshot(t, parent))
			// The record is one that install and update read.
			r, err := readRecord(into)
			if err != nil || r.Format != recordFormat || r.Source != "acme/site" || r.Archive == "" || len(r.SHA256) != 64 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// TestScriptSameTree compares what the script leaves with what Install does,
// for each format, with links, unpacked by old Pythons.
func TestScriptSameTree(t *testing.T) {
	if testing.Short() {
		t.Skip("six installs")
	}
	// What runs the script; the application is given the one that fits.
	drivers := map[string]string{pack.FormatTarGz: "2.7", pack.FormatTarZst: "3.6", pack.FormatZip: "2.7"}
	for format, driver := range drivers {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			archive := packAs(t, t.TempDir(), "1.0", format, func(stage string) {
				mkfile(t, filepath.Join(stage, "bin", "go"), "#!/bin/sh\n")
				chmod(t, filepath.Join(stage, "bin", "go"), 0o755)
				mkfile(t, filepath.Join(stage, "etc", "ü"), "x")
				if err := os.Symlink("../etc/number", filepath.Join(stage, "bin", "number")); err != nil {
					t.Fatal(err)
				}
			})
			s := newScript(t, archive)
			parent := t.TempDir()
			into := filepath.Join(parent, "app")
			if _, err := Install(t.Context(), realOptions(t, s.dist, into).Options); err != nil {
				t.Fatal(err)
			}
			want := contents(t, into)
			if err := os.RemoveAll(into); err != nil {
				t.Fatal(err)
			}
			if format == pack.FormatTarZst {
				code, out := run(t, shell(t, []string{"dash"}), s.path, "--into", into, "--from", s.dist, "--python", installtest.Python(t, "3.13"))
				if code != 2 || !strings.Contains(out, "hint: install zstd") {
					t.Errorf("without zstd: exit code %d\n%s", code, out)
				}
			}
			cmd := shell(t, []string{"dash"}, "zstd")
			path := strings.TrimPrefix(cmd.Env[0], "PATH=")
			if err := os.Symlink(installtest.Python(t, driver), filepath.Join(path, "python3")); err != nil {
				t.Fatal(err)
			}
			cmd.Env[0] += ":" + python313()
			if code, out := run(t, cmd, s.path, "--into", into, "--from", s.dist); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			onlyThese(t, parent, "app")
			sameSnapshot(t, want, contents(t, into))
		})
	}
}

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
	refused("cut", 1, "and index.json says")
	if err := os.Remove(one); err != nil {
		t.Fatal(err)
	}
	refused("not there", 2, "404")
	mkfile(t, one, string(good))
	refused("another tag", 2, "404", "--tag", "v9")
	address := strings.Replace(s.server.URL, "//", "//me:secret@", 1)
	refused("a password", 2, "error: fetching "+s.server.URL+"/index.json", "--from", address)
	refused("no such option", 2, "is no option", "--no")

	// Nothing fits.
	data, err := os.ReadFile(filepath.Join(dist, indexName))
	if err != nil {
		t.Fatal(err)
	}
	mkfile(t, filepath.Join(dist, indexName), strings.ReplaceAll(string(data), "cp313", "cp399"))
	refused("nothing fits", 2, "closest is cp399-linux_")
	mkfile(t, filepath.Join(dist, indexName), string(data))

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
	d, err := pack.ReadDelta(delta)
	if err != nil {
		t.Fatal(err)
	}
	x, err := decode[Index](mustRead(t, filepath.Join(dist, indexName)), indexName)
	if err != nil {
		t.Fatal(err)
	}
	x.Assets[0].Deltas = []deltaAsset{{Name: filepath.Base(delta), Size: 1, SHA256: strings.Repeat("0", 64), Base: d.Delta.Base}}
	writeIndex(t, dist, *x)
	refused("another version", 2, "tar -xzf "+filepath.Base(delta)+" -C "+into)
}

// TestScriptHostile: what leads out of the tree is refused, and nothing is
// written there, although the digest is right.
func TestScriptHostile(t *testing.T) {
	python := installtest.Python(t, "3.13")
	p, err := probe(t.Context(), python, os.Environ(), nil)
	if err != nil {
		t.Fatal(err)
	}
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
			writeIndex(t, dist, Index{Format: 1, Name: "app", Version: "1.0", Assets: []Asset{{
				Target: p.ABI + "-linux_" + p.Machine, Name: "app.tar.gz", Size: int64(b.Len()), SHA256: installtest.Digest(b.Bytes())}}})
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
		part := filepath.Join(parent, ".app.binary-buildout.download", installtest.Digest(data)+".part")
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
	writeIndex(t, dist, Index{Format: 1, Name: "hello", Version: "1.0", Assets: []Asset{{
		Target: a.Manifest.Target, Name: "hello-1.0-" + a.Manifest.Target + ".tar.gz", Size: int64(len(data)), SHA256: installtest.Digest(data)}}})

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

// TestScriptChoosesAsInstall has both choose of the same index.
func TestScriptChoosesAsInstall(t *testing.T) {
	dir, x := release(t)
	p, err := probe(t.Context(), installtest.Python(t, "3.13"), os.Environ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newScriptOf(t)
	for _, drop := range []string{"", p.ABI + "-manylinux_2_17_", p.ABI + "-linux_"} {
		rest := x
		rest.Assets = nil
		for _, a := range x.Assets {
			if drop == "" || !strings.HasPrefix(a.Target, drop) {
				rest.Assets = append(rest.Assets, a)
			}
		}
		writeIndex(t, dir, rest)
		o := remoteOptions(t, dir)
		want, err := Install(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		into := filepath.Join(t.TempDir(), "app")
		if code, out := run(t, shell(t, []string{"dash"}), s, "--into", into, "--from", dir, "--python", p.Executable); code != 0 {
			t.Fatalf("without %q: exit code %d\n%s", drop, code, out)
		}
		if r, err := readRecord(into); err != nil || r.Archive != want.Archive {
			t.Errorf("without %q it takes %+v, and Install %s, %v", drop, r, want.Archive, err)
		}
	}
}

// TestScriptProbes: the script asks an interpreter what Install asks it.
func TestScriptProbes(t *testing.T) {
	if text := string(mustRead(t, newScriptOf(t))); !strings.Contains(text, "PROBE = \"\"\""+probeScript+"\"\"\"\n") {
		t.Error("install.sh has another probe than internal/install")
	}
}

// newScriptOf is install.sh of no release.
func newScriptOf(t *testing.T) string {
	t.Helper()
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "install.sh")
	mkfile(t, path, string(files[0].Data))
	return path
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// contents is a snapshot with what is in the files; of those that every
// install writes anew, without the time.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := snapshot(t, dir)
	for path := range all {
		fi, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case fi.Mode()&os.ModeSymlink != 0:
			link, _ := os.Readlink(path)
			all[path] = link
		case fi.Mode().IsRegular() && strings.HasSuffix(path, ".json") && json.Valid(mustRead(t, path)):
			all[path] = fi.Mode().String() + string(mustRead(t, path))
		case filepath.Base(path) == "lock":
			all[path] = fi.Mode().String()
		case fi.Mode().IsRegular():
			all[path] += string(mustRead(t, path))
		}
	}
	return all
}

func sameSnapshot(t *testing.T, want, got map[string]string) {
	t.Helper()
	for path := range want {
		if got[path] != want[path] {
			t.Errorf("%s is %q, and was %q", path, got[path], want[path])
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s was not there", path)
		}
	}
}
