package action

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// Our own release, as release.yml makes it: binaries.json is written and
// committed, two runners rebuild and compare, one job publishes; and what
// binary.sh downloads then is what was built. The program is a small one, since
// six builds of the real one take minutes.
func TestActOwnRelease(t *testing.T) {
	e := newActWith(t, "./action/publish")
	e.tag = "v1.2.3"
	write(t, e.tree+"/main.go", "package main\n\nfunc main() { println(\"released\") }\n", 0o644)
	write(t, e.tree+"/go.mod", "module github.com/binary-buildout/binary-buildout\n\ngo 1.24\n", 0o644)
	write(t, e.tree+"/internal/cli/cli.go", smallProgram, 0o644)
	for _, name := range []string{"README.md", "LICENSE", "go.sum", "archive/a.txt", "matrix/a.txt", "pack/a.txt", "release/a.txt", "target/a.txt", "internal/cli/version.txt"} {
		write(t, e.tree+"/"+name, "", 0o644)
	}
	sh(t, e.tree, "sh", "action/binaries.sh", "1.2.3", e.dir+"/dist")
	workflow := read(t, "../.github/workflows/release.yml")
	const publish = "run: go run ./action/publish dist"
	if !strings.Contains(workflow, publish) {
		t.Fatal("release.yml doesn't publish")
	}
	write(t, e.tree+"/.github/workflows/release.yml", strings.Replace(workflow, publish, "run: '\"$BB_BINARY_FOR_TESTS\" dist'", 1), 0o644)
	more := []string{"-P", "macos-15=-self-hosted"}
	for _, name := range []string{"GOCACHE", "GOPATH", "GOMODCACHE"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		more = append(more, "--env", name+"="+strings.TrimSpace(string(out)))
	}
	log, err := e.run(t, e.tree, ".github/workflows/release.yml", more...)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	all := e.server.Releases()
	if len(all) != 1 || all[0].Draft || all[0].Tag != "v1.2.3" || len(all[0].Assets) != 14 {
		t.Fatalf("releases %+v\n%s", all, log)
	}
	for _, platform := range []string{"darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64.exe", "windows-arm64.exe"} {
		if name := "binary-buildout-" + platform; len(all[0].Assets[name]) == 0 || !strings.Contains(string(all[0].Assets["SHA256SUMS"]), "  "+name+"\n") || !strings.Contains(all[0].Body, "| "+name+" |") {
			t.Errorf("%s is not released, not in SHA256SUMS, or not in\n%s", name, all[0].Body)
		}
	}
	for _, name := range []string{"get.sh", "binary_buildout-1.2.3-py3-none-win_amd64.whl"} {
		if !strings.Contains(string(all[0].Assets["SHA256SUMS"]), "  "+name+"\n") || len(all[0].Assets[name]) == 0 {
			t.Errorf("%s is not released, or not in SHA256SUMS", name)
		}
	}
	if uploaded, err := filepath.Glob(e.artifacts + "/pypi/*.whl"); err != nil || len(uploaded) != 6 {
		t.Errorf("to PyPI go %v: %v", uploaded, err)
	}
	e.downloads(t)
	e.refuses(t)
}

// smallProgram is what action/distribute asks for completions and man pages, where
// the whole program takes too long to compile for six platforms.
const smallProgram = `package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

type Command struct{ Stdout, Stderr io.Writer }

func New() *Command { return &Command{} }

func (c *Command) Main(_ context.Context, args []string) int {
	if args[0] != "man" {
		fmt.Fprintln(c.Stdout, args)
		return 0
	}
	if err := os.WriteFile(filepath.Join(args[2], "binary-buildout.1"), []byte(".TH BINARY-BUILDOUT 1\n"), 0o644); err != nil {
		fmt.Fprintln(c.Stderr, err)
		return 1
	}
	return 0
}
`

// The real binary, of two directories, with another umask, time and GOFLAGS:
// the same bytes. Of the six platforms this is the one that tests build anyway.
func TestBinariesReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("links binary-buildout twice")
	}
	script := read(t, "binaries.sh")
	const all = "darwin-amd64 darwin-arm64 linux-amd64 linux-arm64 windows-amd64 windows-arm64"
	if !strings.Contains(script, "in "+all+"; do") {
		t.Fatal("binaries.sh builds other platforms")
	}
	var tables []string
	for _, x := range []struct{ name, umask, flags string }{{"a", "077", "-buildvcs=true"}, {"another place/b", "022", ""}} {
		tree := t.TempDir() + "/" + x.name
		sh(t, "..", "mkdir", "-p", tree)
		copySources(t, tree, "action")
		write(t, tree+"/action/binaries.sh", strings.NewReplacer(all, "linux-amd64", "GOFLAGS='' go run ./action/distribute \"$out\"", "").Replace(script), 0o644)
		sh(t, tree, "sh", "-c", `umask "$1" && touch pack/*.go && GOFLAGS="$2" sh action/binaries.sh 1.2.3 dist`, "-", x.umask, x.flags)
		tables = append(tables, read(t, tree+"/action/binaries.json"))
		if out, err := exec.Command(tree+"/dist/binary-buildout-linux-amd64", "--version").Output(); err != nil || string(out) != "binary-buildout 1.2.3\n" {
			t.Errorf("%v: %s", err, out)
		}
	}
	if tables[0] != tables[1] || !strings.Contains(tables[0], `"linux-amd64": "`) {
		t.Errorf("the binaries differ:\n%s\n%s", tables[0], tables[1])
	}
}

// downloads wants binary.sh to take the released binary, by the table alone.
func (e *actEnv) downloads(t *testing.T) {
	t.Helper()
	table := e.tree + "/action/binaries.json"
	text := read(t, table)
	const url = "https://github.com/binary-buildout/binary-buildout/"
	if !strings.Contains(text, url+"releases/download/v1.2.3/") {
		t.Fatalf("binaries.json: %s", text)
	}
	write(t, table, strings.Replace(text, url, e.server.URL+"/acme/site/", 1), 0o644)
	got := script(t, []string{"/bin/sh"}, e.dir, e.tree+"/action/binary.sh", map[string]string{"RUNNER_TEMP": e.dir + "/temp", "PATH": tools(t, e.dir, false)})
	out, err := exec.Command(strings.TrimSpace(got.out)).CombinedOutput()
	if got.code != 0 || err != nil || string(out) != "released\n" {
		t.Errorf("%+v: %s %v", got, out, err)
	}
}

// refuses wants another tag, another binary and other sources to end the release.
func (e *actEnv) refuses(t *testing.T) {
	t.Helper()
	check := func(tag, want string) {
		t.Helper()
		cmd := exec.Command("sh", "action/binaries.sh", "--check", e.dir+"/again", tag)
		cmd.Dir = e.tree
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v, want %q: %s", err, want, out)
		}
	}
	check("v1.2.4", "the tag is v1.2.4, and action/binaries.json is of version 1.2.3")
	write(t, e.tree+"/pack/a.txt", "read by go:embed, perhaps", 0o644)
	check("v1.2.3", "the sources have the digest")
	write(t, e.tree+"/main.go", "package main\n\nfunc main() { println(\"other\") }\n", 0o644)
	check("v1.2.3", "binary-buildout-darwin-amd64 has SHA-256")
}

// publish takes what SHA256SUMS lists, and nothing that differs from it.
func TestPublishRefuses(t *testing.T) {
	bin := t.TempDir() + "/publish"
	sh(t, "..", "go", "build", "-o", bin, "./action/publish")
	const sum = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"
	for name, tt := range map[string]struct {
		sums, extra, want string
	}{
		"another digest": {strings.Repeat("0", 64) + "  a\n", "", "a has SHA-256 " + sum},
		"not there":      {sum + "  a\n" + sum + "  b\n", "", "reading b"},
		"not listed":     {sum + "  a\n", "c", "c is in "},
		"elsewhere":      {sum + "  ../a\n", "", "isn't a line"},
		"nothing":        {"", "", "lists nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := releasetest.New("acme/site", nil)
			defer s.Close()
			dir := t.TempDir()
			write(t, dir+"/a", "a\n", 0o644)
			write(t, dir+"/SHA256SUMS", tt.sums, 0o644)
			if tt.extra != "" {
				write(t, dir+"/"+tt.extra, "x", 0o644)
			}
			cmd := exec.Command(bin, dir)
			cmd.Env = []string{"GITHUB_API_URL=" + s.API(), "GITHUB_REPOSITORY=acme/site", "GITHUB_REF_NAME=v1", "GITHUB_TOKEN=" + releasetest.Token}
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), tt.want) || len(s.Requests()) > 0 {
				t.Errorf("%v: %s; requests %v", err, out, s.Requests())
			}
		})
	}
}
