package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// released is a checkout and a dist of version 1.2.3, in which the binary of
// this system is program.
func released(t *testing.T, program []byte) string {
	t.Helper()
	dir := t.TempDir()
	binaries := map[string]string{}
	for _, p := range platforms {
		data := []byte("a binary of " + p.name + "\n")
		if p.name == runtime.GOOS+"-"+runtime.GOARCH {
			data = program
		}
		write(t, dir+"/dist/"+p.asset(), data)
		sum := sha256.Sum256(data)
		binaries[p.name] = hex.EncodeToString(sum[:])
	}
	text, err := json.Marshal(table{Version: "1.2.3", URL: "https://github.com/binary-buildout/binary-buildout/releases/download/v1.2.3/", Binaries: binaries})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/action/binaries.json", text)
	for _, name := range []string{"README.md", "LICENSE"} {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir+"/"+name, data)
	}
	t.Chdir(dir)
	if err := distribute([]string{"dist"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	// The folder alone: no index, and nothing of the user's own.
	cmd.Env = append(os.Environ(), "PIP_NO_INDEX=1", "PIP_FIND_LINKS=", "UV_NO_INDEX=1", "no_proxy=127.0.0.1", "PIP_DISABLE_PIP_VERSION_CHECK=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

const says = "#!/bin/sh\necho binary-buildout 1.2.3\n"

func TestGolden(t *testing.T) {
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dir := released(t, []byte("a binary of "+runtime.GOOS+"-"+runtime.GOARCH+"\n"))
	for name, got := range map[string][]byte{"binary-buildout.rb": read(t, dir+"/"+formula), "get.txt": binaryRows(read(t, dir+"/dist/get.sh"))} {
		path := filepath.Join(golden, name)
		if *update {
			write(t, path, got)
		}
		if want := read(t, path); !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
}

// binaryRows are the lines of get.sh that differ from release to release.
func binaryRows(script []byte) []byte {
	var out []byte
	for line := range bytes.Lines(script) {
		if bytes.Contains(line, []byte(" digest=")) || bytes.Contains(line, []byte("version='")) {
			out = append(out, line...)
		}
	}
	return out
}

// The same binaries give the same bytes, and a formula that isn't theirs ends a release.
func TestReproducible(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	first := released(t, []byte(says))
	t.Chdir(here)
	second := released(t, []byte(says))
	names, err := filepath.Glob(first + "/dist/*")
	if err != nil || len(names) != 13 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		if !bytes.Equal(read(t, name), read(t, second+"/dist/"+filepath.Base(name))) {
			t.Errorf("%s differs", filepath.Base(name))
		}
	}
	if err := distribute([]string{"--check", "dist"}); err != nil {
		t.Error(err)
	}
	write(t, formula, []byte("another"))
	if err := distribute([]string{"--check", "dist"}); err == nil || !strings.Contains(err.Error(), formula) {
		t.Errorf("another formula: %v", err)
	}
	write(t, "dist/binary-buildout-linux-arm64", []byte("altered"))
	if err := distribute([]string{"dist"}); err == nil || !strings.Contains(err.Error(), "binary-buildout-linux-arm64 has SHA-256") {
		t.Errorf("another binary: %v", err)
	}
}

// Each wheel says its sizes before the data, has the program as it is, and
// leads the description's links to the repository.
func TestWheels(t *testing.T) {
	dir := released(t, []byte(says))
	wheels, err := filepath.Glob(dir + "/dist/*.whl")
	if err != nil || len(wheels) != len(platforms) {
		t.Fatalf("%v %v", wheels, err)
	}
	for _, path := range wheels {
		r, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		name := r.File[0].Name
		if !strings.HasPrefix(name, "binary_buildout-1.2.3.data/scripts/binary-buildout") || r.File[0].Mode().Perm() != 0o755 {
			t.Errorf("%s begins with %s, %v", path, name, r.File[0].Mode())
		}
		if strings.HasSuffix(name, ".exe") != strings.Contains(path, "-win_") {
			t.Errorf("%s has %s", path, name)
		}
		windows := strings.Contains(path, "-win_")
		if shared := slices.ContainsFunc(r.File, func(f *zip.File) bool {
			return f.Name == "binary_buildout-1.2.3.data/data/share/man/man1/binary-buildout.1"
		}); shared == windows {
			t.Errorf("%s has man pages: %v", path, shared)
		}
		for _, f := range r.File {
			if f.Flags&8 != 0 {
				t.Errorf("%s: %s has its sizes after the data", path, f.Name)
			}
		}
	}
	text := string(metadata("1.2.3", read(t, "README.md")))
	if strings.Contains(text, "](docs/") || !strings.Contains(text, "](https://github.com/binary-buildout/binary-buildout/blob/v1.2.3/docs/design.md)") {
		t.Error("a relative link leads nowhere on PyPI")
	}
}

// pip, pipx and uv install the program from a folder, and its metadata are there.
func TestInstalledFromFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("makes virtualenvs")
	}
	tools := installers(t)
	dir := released(t, []byte(says))
	t.Setenv("PIPX_HOME", dir+"/pipx")
	t.Setenv("PIPX_BIN_DIR", dir+"/pipx-bin")
	t.Setenv("PIPX_MAN_DIR", dir+"/pipx-man")
	t.Setenv("UV_TOOL_DIR", dir+"/uv")
	t.Setenv("UV_TOOL_BIN_DIR", dir+"/uv-bin")
	t.Setenv("UV_CACHE_DIR", dir+"/uv-cache")
	python := testtool.PythonWith(t, "3.13", "ensurepip")
	for _, command := range [][]string{
		{python, "-m", "venv", dir + "/venv"},
		{dir + "/venv/bin/pip", "install", "--find-links", dir + "/dist", "binary-buildout"},
		{tools + "/bin/pipx", "install", "--python", python, "--pip-args=--no-index --find-links=" + dir + "/dist", "binary-buildout"},
		{tools + "/bin/uv", "tool", "install", "--python", python, "--find-links", dir + "/dist", "binary-buildout"},
	} {
		if out, err := run(t, command[0], command[1:]...); err != nil {
			t.Fatalf("%q: %v\n%s", command, err, out)
		}
	}
	for _, bin := range []string{"/venv/bin", "/pipx-bin", "/uv-bin"} {
		program := dir + bin + "/binary-buildout"
		if out, err := run(t, program, "--version"); err != nil || out != "binary-buildout 1.2.3\n" {
			t.Errorf("%s: %v %s", bin, err, out)
		}
		if string(read(t, program)) != says {
			t.Errorf("%s isn't the binary itself", program)
		}
	}
	// bash, man and fish look below the prefix. pipx links man pages to where man looks.
	for name, want := range map[string]string{
		"bash-completion/completions/binary-buildout": "complete ", "zsh/site-functions/_binary-buildout": "#compdef binary-buildout",
		"fish/vendor_completions.d/binary-buildout.fish": "complete ", "man/man1/binary-buildout.1": `"binary\-buildout 1.2.3"`, "man/man1/binary-buildout-pack.1": `"binary\-buildout 1.2.3"`,
	} {
		if text := string(read(t, dir+"/venv/share/"+name)); !strings.Contains(text, want) {
			t.Errorf("share/%s is %s", name, text)
		}
	}
	if _, err := os.Stat(dir + "/pipx-man/man1/binary-buildout-pack.1"); err != nil {
		t.Error(err)
	}
	const show = "import importlib.metadata as m; d = m.metadata('binary-buildout'); print(d['License-Expression'], d['License-File'], 'zc.buildout' in d.get_payload(), m.files('binary-buildout') != [])"
	if out, err := run(t, dir+"/venv/bin/python", "-c", show); err != nil || out != "MIT LICENSE True True\n" {
		t.Errorf("%v %s", err, out)
	}
}

// installers is a virtualenv with pipx and uv, made once.
func installers(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(testcache.Dir(t), "pipx-1.18.4-uv-0.13.8")
	if _, err := os.Stat(dir + "/bin/uv"); err == nil {
		return dir
	}
	if err := os.RemoveAll(dir); err != nil { // what a run that was stopped left
		t.Fatal(err)
	}
	python := testtool.PythonWith(t, "3.13", "ensurepip")
	for _, command := range [][]string{{python, "-m", "venv", dir}, {dir + "/bin/pip", "-q", "install", "pipx==1.18.4", "uv==0.13.8"}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", command, err, out)
		}
	}
	return dir
}

// get.sh installs what has its digest, in any shell, from a folder or a server,
// and leaves nothing of anything else.
func TestGet(t *testing.T) {
	for _, shell := range [][]string{{"sh"}, {"bash"}, {"busybox", "sh"}, {"zsh"}} {
		t.Run(shell[0], func(t *testing.T) {
			program := testtool.Program(t, shell[0])
			dir := released(t, []byte(says))
			get := func(args ...string) (string, error) {
				return run(t, program, append(append(shell[1:len(shell):len(shell)], "dist/get.sh"), args...)...)
			}
			out, err := get("--into", dir+"/a place", "--from", dir+"/dist")
			if err != nil || !strings.Contains(out, "binary-buildout 1.2.3 is installed as "+dir+"/a place/binary-buildout\nPATH lacks") {
				t.Errorf("%v %s", err, out)
			}
			if out, err := run(t, dir+"/a place/binary-buildout"); err != nil || out != "binary-buildout 1.2.3\n" {
				t.Errorf("%v %s", err, out)
			}
			if testtool.Has(t, "curl") {
				served := httptest.NewServer(http.FileServer(http.Dir(dir + "/dist")))
				defer served.Close()
				if out, err := get("--into", dir+"/served", "--from", served.URL); err != nil {
					t.Errorf("%v %s", err, out)
				}
			}
			write(t, "dist/binary-buildout-"+runtime.GOOS+"-"+runtime.GOARCH, []byte(says+"# altered\n"))
			out, err = get("--into="+dir+"/other", "--from="+dir+"/dist")
			if err == nil || !strings.Contains(out, "error: binary-buildout-"+runtime.GOOS+"-"+runtime.GOARCH+" of version 1.2.3 has SHA-256 ") {
				t.Errorf("altered: %v %s", err, out)
			}
			if left, err := os.ReadDir(dir + "/other"); err != nil || len(left) > 0 {
				t.Errorf("left %v, %v", left, err)
			}
			if out, err := get("--onto", "x"); err == nil || !strings.Contains(out, "error: --onto is no option") {
				t.Errorf("%v %s", err, out)
			}
		})
	}
}
