//go:build linux

package install

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	publish "github.com/binary-buildout/binary-buildout/release"
)

// bareRoot gives the arguments of bwrap for a root that has a shell, BusyBox and
// glibc, and dir as /srv.
func bareRoot(t *testing.T, dir, shell string) []string {
	t.Helper()
	loader := testtool.Loader(t)
	real, err := filepath.EvalSymlinks(loader)
	if err != nil {
		t.Fatal(err)
	}
	libraries := filepath.Dir(real)
	args := []string{"--tmpfs", "/", "--dir", "/tmp", "--proc", "/proc", "--dev", "/dev", "--ro-bind", testtool.Program(t, "busybox"), "/bin/busybox",
		"--ro-bind", libraries, libraries, "--ro-bind", real, loader, "--bind", dir, "/srv", "--die-with-parent", "--clearenv", "--setenv", "PATH", "/bin"}
	if named := strings.TrimPrefix(libraries, "/usr"); named != libraries { // by which it is linked
		args = append(args, "--symlink", "usr/lib", "/lib")
	}
	applets, err := exec.Command("busybox", "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, applet := range strings.Fields(string(applets)) {
		if applet != "busybox" && (applet != "sh" || shell == "busybox") {
			args = append(args, "--symlink", "busybox", "/bin/"+applet)
		}
	}
	if shell != "busybox" {
		args = append(args, "--ro-bind", testtool.Program(t, shell), "/bin/sh")
	}
	return args
}

// TestScriptBare: install.sh needs no Python where an archive has one in it: in a
// root of BusyBox alone, from a folder and from a server; nor is one that lacks a
// part of its library in the way.
func TestScriptBare(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real Pythons")
	}
	dir := t.TempDir()
	dist := filepath.Join(dir, "dist")
	file := bundledArchive(t, "1.0", "3.13.9")
	data := mustRead(t, file)
	target := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "app-1.0-"), ".tar.gz")
	mkfile(t, filepath.Join(dist, filepath.Base(file)), string(data))
	x := fetch.Index{Format: 1, Name: "app", Version: "1.0", Assets: []fetch.Asset{
		{Target: "cp399-linux_" + strings.SplitN(target, "_", 2)[1], Name: "none.tar.gz", Size: 1, SHA256: strings.Repeat("0", 64), Python: "3.99.0"},
		{Target: target, Name: filepath.Base(file), Size: int64(len(data)), SHA256: digest.Of(data), Python: "3.13.0", PythonBundled: true},
	}}
	writeIndex(t, dist, x)
	files, err := publish.Installers("https://none.example", "acme/site", "v1.0")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		switch {
		case f.Name == "install.sh":
			mkfile(t, filepath.Join(dir, f.Name), string(f.Data))
		case f.Name != "install.ps1":
			mkfile(t, filepath.Join(dist, f.Name), string(f.Data))
		}
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(dist)))
	t.Cleanup(srv.Close)
	partial := filepath.Join(t.TempDir(), "python3")
	mkfile(t, partial, "#!/bin/sh\n[ \"$3\" = '' ]\n")
	chmod(t, partial, 0o755)

	for _, tt := range []struct {
		shell, from, damage, want string
		partial                   bool // a Python without all of the standard library
		volumes                   bool // instead of the archive
		joined                    bool // index.json names volumes, and the folder has the archive
		sums                      bool // SHA256SUMS, and no index.json
	}{
		{shell: "busybox", from: srv.URL, volumes: true},
		{shell: "zsh", from: "/srv/dist", partial: true, joined: true},
		{shell: "dash", from: "/srv/dist", damage: "x", want: ", and index.json says " + digest.Of(data)},
		{shell: "busybox", from: srv.URL, sums: true},
		{shell: "dash", from: "/srv/dist", sums: true, volumes: true},
		{shell: "zsh", from: "/srv/dist", damage: "x", sums: true, want: ", and SHA256SUMS says " + digest.Of(data)},
		{shell: "bash", from: "/srv/dist --sha256 sha256:" + strings.Repeat("AB", 32), want: ", and --sha256 says " + strings.Repeat("ab", 32)},
	} {
		t.Run(tt.shell, func(t *testing.T) {
			mkfile(t, filepath.Join(dist, filepath.Base(file)), tt.damage+string(data))
			x.Assets[1].Volumes = nil
			if tt.volumes {
				x.Assets[1].Volumes = split(t, filepath.Join(dist, filepath.Base(file)), 4<<20)
				t.Cleanup(func() {
					for _, v := range x.Assets[1].Volumes {
						os.Remove(filepath.Join(dist, v.Name))
					}
				})
			}
			if tt.joined {
				x.Assets[1].Volumes = []fetch.Volume{{Name: "none.part1", Size: 1, SHA256: digest.Of(data[:1])}, {Name: "none.part2", Size: int64(len(data)) - 1, SHA256: digest.Of(data[1:])}}
			}
			writeIndex(t, dist, x)
			if tt.sums {
				// An archive for a newer Python, which has none in it: its name doesn't tell.
				without := "app-1.0-" + x.Assets[0].Target + ".tar.gz"
				var empty bytes.Buffer
				z := gzip.NewWriter(&empty)
				if _, err := z.Write(make([]byte, 1024)); err != nil || z.Close() != nil {
					t.Fatal(err)
				}
				mkfile(t, filepath.Join(dist, without), empty.String())
				sums := digest.Of(empty.Bytes()) + "  " + without + "\n" + digest.Of(data) + "  " + filepath.Base(file) + "\n" + strings.Repeat("0", 64) + "  install.sh\n"
				for _, v := range x.Assets[1].Volumes {
					sums += v.SHA256 + "  " + v.Name + "\n"
				}
				mkfile(t, filepath.Join(dist, "SHA256SUMS"), sums)
				os.Remove(filepath.Join(dist, "index.json"))
				t.Cleanup(func() { os.Remove(filepath.Join(dist, "SHA256SUMS")) })
			}
			script := `sh /srv/install.sh --into "/srv/a place ü" --from ` + tt.from + ` && "/srv/a place ü/bin/app"`
			root := bareRoot(t, dir, tt.shell)
			if tt.partial {
				root = append(root, "--ro-bind", partial, "/bin/python3")
			}
			cmd := exec.Command(testtool.Program(t, "bwrap"), append(root, "/bin/sh", "-c", script)...)
			out, err := cmd.CombinedOutput()
			into := filepath.Join(dir, "a place ü")
			if tt.want != "" {
				if exitOf(err) != 1 || !strings.Contains(string(out), tt.want) {
					t.Errorf("%v, want %s:\n%s", err, tt.want, out)
				}
				onlyThese(t, dir, "dist", "install.sh")
				return
			}
			if err != nil || !strings.HasSuffix(string(out), "\n1.0 /srv/a place ü/python-3.13.9\n") {
				t.Fatalf("%v:\n%s", err, out)
			}
			onlyThese(t, dir, "a place ü", "dist", "install.sh")
			if r, err := readRecord(into); err != nil || r.Source != tt.from || r.SHA256 != digest.Of(data) {
				t.Errorf("%v: %+v", err, r)
			}
			os.RemoveAll(into)
		})
	}
}

// split has a file replaced by volumes of it.
func split(t *testing.T, path string, size int) []fetch.Volume {
	t.Helper()
	var all []fetch.Volume
	for text := range slices.Chunk(mustRead(t, path), size) {
		v := fetch.Volume{Name: fmt.Sprintf("%s.part%d", filepath.Base(path), len(all)+1), Size: int64(len(text)), SHA256: digest.Of(text)}
		mkfile(t, filepath.Join(filepath.Dir(path), v.Name), string(text))
		all = append(all, v)
	}
	if err := os.Remove(path); err != nil || len(all) < 2 {
		t.Fatalf("%d volumes, %v", len(all), err)
	}
	return all
}

func exitOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// TestScriptTag: a tag is one name in an address, and nothing of curl's configuration.
func TestScriptTag(t *testing.T) {
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	_, get, _ := strings.Cut(string(files[0].Data), "\nbinary_buildout_get() {")
	get, _, _ = strings.Cut(get, "\n# GNU Wget")
	for _, sh := range shells {
		args := append(sh[1:], "-c")
		if sh[0] == "zsh" {
			args = []string{"--emulate", "sh", "-c"}
		}
		out, err := exec.Command(testtool.Program(t, sh[0]), append(args, `
curl() { cat >&2; }
wget() { :; }
work=`+t.TempDir()+` from= server=https://h.example repo=acme/site
binary_buildout_get() {`+get+`
binary_buildout_get index.json 'app/1.0#"2{3}+%'
cat "$work/said"`)...).CombinedOutput()
		if want := `url = "https://h.example/acme/site/releases/download/app%2F1.0%23%222{3}+%25/index.json"` + "\n"; err != nil || string(out) != want {
			t.Errorf("%s: %v: %s", sh[0], err, out)
		}
	}
}

// TestScriptFits: sh alone chooses among the archives that have a Python in them,
// in each shell.
func TestScriptFits(t *testing.T) {
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	_, functions, _ := strings.Cut(string(files[3].Data), "\nbinary_buildout_archives() {")
	if strings.Contains(functions, "[:") {
		t.Error("Debian 10's awk takes a class of characters as [:space:] for the characters that it names")
	}
	functions = "binary_buildout_archives() {" + functions
	dir := t.TempDir()
	asset := func(target, label, python string, floors ...string) fetch.Asset {
		a := fetch.Asset{Target: target, Label: label, Name: target + label, SHA256: "00", Python: python, PythonBundled: true}
		for i := 0; i < len(floors); i += 2 {
			a.Floors = append(a.Floors, archive.Floor{Kind: floors[i], Version: floors[i+1]})
		}
		a.Deltas = []fetch.DeltaAsset{{Name: "delta", SHA256: "11", BaseVersion: "0.9"}}
		return a
	}
	none := asset("cp314-manylinux_2_17_x86_64", "", "3.14.0")
	none.PythonBundled = false
	writeIndex(t, dir, fetch.Index{Format: 1, Name: "app", Version: "1.0", Assets: []fetch.Asset{
		none, asset("cp39-manylinux2014_x86_64", "", "3.9.2"), asset("cp313-manylinux_2_28_x86_64", "", "3.13.9"),
		asset("cp313-manylinux_2_17_x86_64", "", "3.13.9"), asset("cp313-manylinux_2_17_aarch64", "", "3.13.9"),
		asset("cp313-linux_x86_64", "debian12", "3.13.10", "glibc", "2.36"), asset("cp312-musllinux_1_2_x86_64", "", "3.12.1"),
		asset("cp313-macosx_11_0_universal2", "", "3.13.9", "macos", "12.0"), asset("cp313-win_amd64", "", "3.13.9"),
		asset(`$(id)-manylinux_2_17_x86_64`, "", "3.99.0"),
		asset("cp312-linux_ppc64le", "small", "3.12.1", "glibc", "2.36"), asset("cp312-linux_ppc64le", "", "3.12.1"),
		asset("cp312-linux_ppc64le", "full", "3.12.1", "glibc", "2.36"),
	}})
	for _, tt := range []struct{ system, machine, libc, label, want string }{
		{"Linux", "x86_64", "glibc 2.28", "", "cp313-manylinux_2_28_x86_64"},
		{"Linux", "x86_64", "glibc 2.27", "", "cp313-manylinux_2_17_x86_64"},
		{"Linux", "x86_64", "glibc 2.41", "", "cp313-linux_x86_64debian12"},
		{"Linux", "x86_64", "glibc 2.31", "debian12", ""},
		{"Linux", "x86_64", "glibc 2.12", "", ""},
		{"Linux", "x86_64", "musl 1.2.5", "", "cp312-musllinux_1_2_x86_64"},
		{"Linux", "x86_64", "musl 1.1.24", "", ""},
		{"Linux", "aarch64", "glibc 2.36", "", "cp313-manylinux_2_17_aarch64"},
		{"Linux", "riscv64", "glibc 2.41", "", ""},
		{"Linux", "ppc64le", "glibc 2.41", "", "cp312-linux_ppc64le"},
		{"Linux", "ppc64le", "glibc 2.41", "full", "cp312-linux_ppc64lefull"},
		{"Darwin", "arm64", "14.5", "", "cp313-macosx_11_0_universal2"},
		{"Darwin", "arm64", "11.7", "", ""},
	} {
		for _, sh := range shells {
			args := append(sh[1:], "-c")
			if sh[0] == "zsh" {
				args = []string{"--emulate", "sh", "-c"}
			}
			cmd := exec.Command(testtool.Program(t, sh[0]), append(args, functions+`
uname() { case $1 in -s) echo `+tt.system+` ;; *) echo `+tt.machine+` ;; esac }
libc_here() { echo '`+tt.libc+`'; }
sw_vers() { echo '`+tt.libc+`'; }
label='`+tt.label+`'
binary_buildout_archives < '`+filepath.Join(dir, "index.json")+`' | binary_buildout_fits`)...)
			out, err := cmd.CombinedOutput()
			want := ""
			if tt.want != "" {
				want = tt.want + " 00 0" // its name, its digest, and no volumes
			}
			if err != nil || strings.TrimSpace(string(out)) != want {
				t.Errorf("%s: %v: %+v: %q", sh[0], err, tt, out)
			}
		}
	}
}

// TestScriptNamed: where there is no index.json, the names in SHA256SUMS say what an
// archive is for, in each shell.
func TestScriptNamed(t *testing.T) {
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	_, functions, _ := strings.Cut(string(files[3].Data), "\nbinary_buildout_named() {")
	functions, _, _ = strings.Cut(functions, "\n}'\n}")
	sum := strings.Repeat("0a", 32)
	cases := namedBySums(t)
	var sums, want strings.Builder
	for _, name := range cases.Files {
		sums.WriteString(sum + " " + name + "\n")
	}
	sums.WriteString("0a  app-1.0-cp313-linux_x86_64.tar.gz\n")
	for _, a := range cases.Archives {
		if !strings.Contains(a.Target, "-win") { // install-nopython.ps1's
			fmt.Fprintln(&want, a.Target, cmp.Or(a.Label, "-"), a.Archive, sum, a.Python, a.Volumes)
		}
	}
	for _, sh := range shells {
		args := append(sh[1:], "-c")
		if sh[0] == "zsh" {
			args = []string{"--emulate", "sh", "-c"}
		}
		cmd := exec.Command(testtool.Program(t, sh[0]), append(args, "binary_buildout_named() {"+functions+"\n}'\n}\nbinary_buildout_named")...)
		cmd.Stdin = strings.NewReader(sums.String())
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want.String() {
			t.Errorf("%s: %v:\n%s", sh[0], err, out)
		}
	}
}

// sumsCases is target/cases/sums.json: what SHA256SUMS has, and the archives in it.
type sumsCases struct {
	Files    []string
	Archives []struct {
		Archive, Target, Label, Python string
		Volumes                        int
	}
}

// namedBySums is that table.
func namedBySums(t *testing.T) (cases sumsCases) {
	t.Helper()
	if err := json.Unmarshal(mustRead(t, "../../target/cases/sums.json"), &cases); err != nil || len(cases.Archives) < 5 {
		t.Fatalf("%d archives, %v", len(cases.Archives), err)
	}
	return cases
}
