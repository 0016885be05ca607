//go:build linux && wine

package windows

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/internal/testcache"
)

// wine runs programs of Windows: wine in a root of its own, with /w for the
// test's directory, which Windows calls Z:\w.
type wine struct {
	t           *testing.T
	cache, work string
	prefix      string // what wine has of its own, but for C:\windows, which it shares
	python      string // the CPython for Windows
	at          string // where that lies, in there
	index       string // the package index, which only the build sees
	bundled     bool   // the archive has a Python of its own, which is the tree's
}

func newWine(t *testing.T) *wine {
	t.Helper()
	w := &wine{t: t, cache: testcache.Dir(t), work: t.TempDir()}
	w.python = filepath.Join(w.cache, "windows-python-3.13.5")
	for _, path := range []string{"wine-trixie/ready", "windows-python-3.13.5/python.exe", "windows-python-3.13.0/python.exe", "wine-prefix/drive_c"} {
		if _, err := os.Stat(filepath.Join(w.cache, path)); err != nil {
			t.Fatalf("%v: bash .ci/run wine makes it", err)
		}
	}
	w.prefix = w.ownPrefix()
	t.Parallel()
	return w
}

// ownPrefix makes a prefix of the one in the cache, so that tests can run at
// once: each has its own users and registry.
func (w *wine) ownPrefix() string {
	w.t.Helper()
	from, to := filepath.Join(w.cache, "wine-prefix"), filepath.Join(w.t.TempDir(), "prefix")
	w.check(os.Mkdir(to, 0o755))
	copies, err := filepath.Glob(filepath.Join(from, "*.reg"))
	w.check(err)
	w.check(os.MkdirAll(filepath.Join(to, "drive_c/windows"), 0o755))
	for _, name := range []string{".update-timestamp", "dosdevices", "drive_c/Program Files", "drive_c/Program Files (x86)", "drive_c/ProgramData", "drive_c/users"} {
		copies = append(copies, filepath.Join(from, name))
	}
	for _, path := range copies {
		rel, err := filepath.Rel(from, path)
		w.check(err)
		if out, err := exec.Command("cp", "-a", path, filepath.Join(to, rel)).CombinedOutput(); err != nil {
			w.t.Fatalf("copying %s: %v\n%s", path, err, out)
		}
	}
	return to
}

// run runs a program with its Python at a place, and gives what it says. A
// program whose exit code isn't the wanted one fails the test; but a
// NAME.exe that finds no Python exits with 0.
func (w *wine) run(python string, code int, command ...string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	args := w.box(python)
	if w.index != "" { // neither bytecode nor environments to build in are what is shown here
		for _, v := range [][2]string{{"PIP_INDEX_URL", w.index}, {"PIP_NO_COMPILE", "1"}, {"PIP_NO_BUILD_ISOLATION", "0"}} {
			args = append(args, "--setenv", v[0], v[1])
		}
	} else {
		args = append(args, "--unshare-net")
	}
	cmd := exec.CommandContext(ctx, "bwrap", append(append(args, "--", "wine"), command...)...)
	out, err := cmd.CombinedOutput()
	said := decode(out)
	if got := cmd.ProcessState.ExitCode(); got != code || strings.Contains(said, "failed to create process") {
		w.t.Fatalf("%s: exit %d, want %d (%v)\n%s", strings.Join(command, " "), got, code, err, said)
	}
	return said
}

// box is wine's root with a Python at a place, as bwrap is told of it.
func (w *wine) box(python string) []string {
	return []string{
		"--unshare-pid", "--die-with-parent", "--ro-bind", filepath.Join(w.cache, "wine-trixie"), "/",
		"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", w.work, "/w", "--bind", w.prefix, "/prefix",
		"--bind", filepath.Join(w.cache, "wine-prefix/drive_c/windows"), "/prefix/drive_c/windows",
		"--ro-bind", w.python, python, "--chdir", "/w", "--clearenv",
		"--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/w", "--setenv", "LANG", "C.UTF-8",
		"--setenv", "WINEPREFIX", "/prefix", "--setenv", "WINEDEBUG", "-all", "--setenv", "PIP_RETRIES", "0",
	}
}

// decode reads lines in UTF-8 or, as Python writes them to a pipe, in the code page.
func decode(out []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n"))) {
		if utf8.Valid(line) {
			b.Write(line)
			continue
		}
		for _, c := range line {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// drive is a path of drive C:.
func (w *wine) drive(path string) string {
	return filepath.Join(w.prefix, "drive_c", path)
}

// fetching is held by the one test that downloads wheels into the cache.
var fetching sync.Mutex

// serve makes an index of wheels for Windows.
func (w *wine) serve(requirements []string) {
	w.t.Helper()
	fetching.Lock()
	defer fetching.Unlock()
	wheels := filepath.Join(w.cache, "wine-wheels")
	found, err := filepath.Glob(filepath.Join(wheels, "*.whl"))
	if err != nil || len(found) != len(requirements) {
		args := []string{"-m", "pip", "-q", "--disable-pip-version-check", "download", "--no-deps", "--only-binary=:all:",
			"--platform", "win_amd64", "--python-version", "3.13", "--implementation", "cp", "--abi", "cp313", "--abi", "none", "-d", wheels}
		if out, err := exec.Command("python3", append(args, requirements...)...).CombinedOutput(); err != nil {
			w.t.Fatalf("pip download: %v\n%s", err, out)
		}
		found, _ = filepath.Glob(filepath.Join(wheels, "*.whl"))
	}
	projects := map[string]string{} // normalised name to links
	separator := regexp.MustCompile(`[-_.]+`)
	for _, path := range found {
		name, _, _ := strings.Cut(filepath.Base(path), "-")
		key := separator.ReplaceAllString(strings.ToLower(name), "-")
		projects[key] += fmt.Sprintf("<a href=\"/files/%s\">%[1]s</a>\n", filepath.Base(path))
	}
	mux := http.NewServeMux()
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(wheels))))
	mux.HandleFunc("/simple/{name}/", func(rw http.ResponseWriter, r *http.Request) {
		links, ok := projects[separator.ReplaceAllString(strings.ToLower(r.PathValue("name")), "-")]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, links)
	})
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	w.index = server.URL + "/simple"
}

// starter is a NAME.exe as pip makes it for a script that runs under an interpreter.
func (w *wine) starter(interpreter, script string) []byte {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.cache, "wine-wheels", "pip-*.whl"))
	if err != nil || len(found) != 1 {
		w.t.Fatalf("pip's wheel: %v %v", found, err)
	}
	pip, err := zip.OpenReader(found[0])
	w.check(err)
	defer pip.Close()
	i := slices.IndexFunc(pip.File, func(f *zip.File) bool { return f.Name == "pip/_vendor/distlib/t64.exe" })
	if i < 0 {
		w.t.Fatalf("%s has no t64.exe", found[0])
	}
	program, err := pip.File[i].Open()
	w.check(err)
	var out bytes.Buffer
	_, err = io.Copy(&out, program)
	w.check(err)
	out.WriteString("#!" + interpreter + "\r\n")
	z := zip.NewWriter(&out)
	f, err := z.Create("__main__.py")
	w.check(err)
	_, err = io.WriteString(f, script)
	w.check(err)
	w.check(z.Close())
	return out.Bytes()
}

func (w *wine) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
