//go:build unix

package install

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
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
	for _, f := range files[2:] {
		mkfile(t, filepath.Join(s.dist, f.Name), string(f.Data))
	}
	return s
}

// index writes index.json.
func (s script) index(t *testing.T, archives ...string) {
	t.Helper()
	x := fetch.Index{Format: 1, Name: "app", Version: "1.0"}
	for _, a := range archives {
		data, err := os.ReadFile(a)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := readArchive(open(t, a))
		if err != nil {
			t.Fatal(err)
		}
		x.Version = m.Version
		x.Assets = append(x.Assets, fetch.Asset{Target: m.Target, Name: filepath.Base(a), Size: int64(len(data)), SHA256: digest.Of(data)})
	}
	writeIndex(t, s.dist, x)
}

// shell makes a command with these programs alone on PATH.
func shell(t *testing.T, shell []string, tools ...string) *exec.Cmd {
	t.Helper()
	path := t.TempDir()
	for _, tool := range append(tools, "cat", "mktemp", "rm") {
		if err := os.Symlink(testtool.Program(t, tool), filepath.Join(path, tool)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(testtool.Program(t, shell[0]), shell[1:]...)
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
	drivers := map[string]string{archive.FormatTarGz: "2.7", archive.FormatTarZst: "3.6", archive.FormatZip: "2.7"}
	for format, driver := range drivers {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			file := packAs(t, t.TempDir(), "1.0", format, func(stage string) {
				mkfile(t, filepath.Join(stage, "bin", "go"), "#!/bin/sh\n")
				chmod(t, filepath.Join(stage, "bin", "go"), 0o755)
				mkfile(t, filepath.Join(stage, "etc", "ü"), "x")
				if err := os.Symlink("../etc/number", filepath.Join(stage, "bin", "number")); err != nil {
					t.Fatal(err)
				}
			})
			s := newScript(t, file)
			parent := t.TempDir()
			into := filepath.Join(parent, "app")
			o := realOptions(t, s.dist, into).Options
			o.Python = "" // the newest, by the name that the script finds too
			if _, err := Install(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			want := contents(t, into)
			if err := os.RemoveAll(into); err != nil {
				t.Fatal(err)
			}
			if format == archive.FormatTarZst {
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

// TestScriptChoosesAsInstall has both choose of the same index.
func TestScriptChoosesAsInstall(t *testing.T) {
	dir, x := release(t)
	p := probed(t, installtest.Python(t, "3.13"))
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

// newScriptOf is install.sh of no release.
func newScriptOf(t *testing.T) string {
	t.Helper()
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		mkfile(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	return filepath.Join(dir, "install.sh")
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

// filled is install.sh of acme/site's release v1.0 on a server.
func filled(t *testing.T, server string) string {
	t.Helper()
	files, err := publish.Installers(server, "acme/site", "v1.0")
	if err != nil {
		t.Fatal(err)
	}
	return string(files[0].Data)
}
