//go:build linux

// Package acceptance runs the examples from end to end: the program packs one,
// and the archive has to work as on a server. Its users are the tests in the
// directories below, one a group, so that each group keeps within the ten
// minutes that go test gives a package by default.
package acceptance

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
)

// Case is an example, and what it is built and run with.
type Case struct {
	Example  string // directory below examples/
	Config   string // buildout.cfg if empty
	Python   string // "3.13"
	Buildout string // the version that the archive has to have
	Smoke    []string
	// Place is the directory that the archive is unpacked in. It is one with a
	// space and an umlaut, unless the application itself can't live there.
	Place string
	// Format is the archive's, tar.gz if empty.
	Format string
	// Others are distributions of other versions than the archive's, as pip
	// takes them, that the server's interpreter has.
	Others []string
	// Prepare, if there, does something to a copy of the example, which is
	// packed in its place.
	Prepare func(t *testing.T, dir, python string)
	Flags   []string // of pack, further ones
	// Tools are distributions, as pip takes them, that the interpreter that
	// builds has, pip among them. Without any it is the one that is here.
	Tools []string
	// Starts are commands that import much. They have to find its bytecode.
	Starts []string
	// Serving, if there, is how it serves HTTP, and is updated while it does.
	Serving *Serving
	// Rollout is whether that version is also rolled out to several hosts behind a load balancer.
	Rollout bool
	// Twice is whether a second build from nothing, and one that reuses the
	// first's archive, have to give the same archive.
	Twice bool
	// Rebuilt is whether the second build is one by rebuild, as another user, in
	// each run. Without it, see Due.
	Rebuilt bool
	// Wheels are projects of the archive, by PEP 503, whose wheels the bill of
	// materials is compared with, as all of it is with pip inspect; nil for neither.
	Wheels []string
	// Static is whether it also has to run under a Python that has libpython in itself.
	Static bool
}

// Main is the TestMain of the groups: the test binary is also the helper
// process of package isolate.
func Main(m *testing.M) int {
	if handled, code := isolate.Child(os.Args); handled {
		return code
	}
	return m.Run()
}

// Run packs the case's example and proves the archive by hand: with tar, with
// the README's two lines and with the application's scripts.
func Run(t *testing.T, c Case) {
	if testing.Short() {
		t.Skip("packs a whole buildout")
	}
	s, file, manifest := install(t, c)
	s.move()
	s.inhabit(c.Others)
	s.installed(manifest, c)
	s.uninhabited()
	if c.Wheels != nil {
		checkMaterials(t, file, s.tree, s.python.original, c.Wheels)
	}
	if c.Serving != nil {
		s.updatedServing(file, buildProgram(t), *c.Serving)
	}
	if c.Rollout {
		rolledOut(t, file, s.python.executable(), *c.Serving)
	}
	if c.Static {
		runStatic(t, c, file, manifest, s.python)
	}
}

// install packs the case's example, and installs the archive on a server,
// which has none of the files absent.
func install(t *testing.T, c Case, absent ...string) (*server, string, archive.Manifest) {
	t.Helper()
	python := newPython(t, c.Python)
	builder := python.original
	if c.Tools != nil {
		builder = withTools(t, c.Python, c.Tools)
	}
	file := packExample(t, c, builder)
	manifest := readManifest(t, file)
	if manifest.Buildout != c.Buildout {
		t.Errorf("the archive has zc.buildout %s, want %s", manifest.Buildout, c.Buildout)
	}
	s := newServer(t, python, absent...)
	s.unpack(file, cmp.Or(c.Place, "Große Straße"))
	s.installed(manifest, c)
	s.startsCompiled(c.Starts)
	return s, file, manifest
}

// installed runs the two lines of the README, the flags that need no network
// either, and the application's scripts, and sees that nothing was built.
func (s *server) installed(manifest archive.Manifest, c Case) {
	s.t.Helper()
	before := extensions(s.t, s.tree)
	if len(before) == 0 || len(before) < len(manifest.Extensions) {
		s.t.Errorf("%d extensions, the manifest lists %d", len(before), len(manifest.Extensions))
	}
	s.run(s.python.executable(), "bootstrap.py")
	compiled := extensions(s.t, s.tree)
	for _, flag := range []string{"", "-o", "-N"} {
		checkUpdated(s.t, s.run("bin/buildout", strings.Fields(flag)...), manifest.Parts)
		for _, change := range changes(compiled, extensions(s.t, s.tree)) {
			s.t.Errorf("bin/buildout %s: %s", flag, change)
		}
	}
	for _, command := range c.Smoke {
		s.run("/bin/sh", "-c", command)
	}
}

// packExample runs the program as the example's README says, and returns the archive.
func packExample(t *testing.T, c Case, python string) string {
	t.Helper()
	p := newPacker(t, c, python)
	file, said, err := p.run(false)
	if err != nil {
		t.Fatalf("binary-buildout %s: %v\n%s", strings.Join(p.args, " "), err, said)
	}
	t.Logf("binary-buildout %s\n%s", strings.Join(p.args, " "), said)
	checkAssets(t, file, python, p.args[1])
	rebuilt := c.Rebuilt || !slices.Contains(c.Flags, "--in-place") && Due(t, c.Example+" "+cmp.Or(c.Config, "buildout.cfg"))
	if rebuilt {
		p.rebuilt(file, python)
	} else if c.Twice {
		p.again(file)
	}
	if c.Twice {
		p.again(file, "--reuse", file)
	}
	return file
}

// buildProgram builds binary-buildout, where every user may run it.
func buildProgram(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(tempDir(t), "binary-buildout")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("..", "..", "..")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, said)
	}
	return binary
}

// copyOf copies a directory to one with a long path, which is the longest
// that a path compiled into a binary can be replaced by.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(tempDir(t), strings.Repeat("x", 96))
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func readManifest(t *testing.T, file string) archive.Manifest {
	t.Helper()
	r, err := archive.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Manifest()
}

// checkUpdated sees that buildout said of each part that it updates it, and
// of none that it installs it.
func checkUpdated(t *testing.T, said string, parts []archive.Part) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(said, "Updating "+part.Name+".\n") {
			t.Errorf("bin/buildout doesn't say that it updates %s:\n%s", part.Name, said)
		}
	}
	for _, word := range []string{"Installing ", "Uninstalling ", "Getting distribution", "Couldn't"} {
		if strings.Contains(said, word) {
			t.Errorf("bin/buildout says %q:\n%s", word, said)
		}
	}
}

// outputOf runs a command in a box. The command may fail; then so does the test.
func outputOf(t *testing.T, box *isolate.Box, c isolate.Command) string {
	t.Helper()
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := box.Run(context.Background(), c); err != nil {
		t.Fatalf("%s %s: %v\n%s", c.Path, strings.Join(c.Args, " "), err, said.String())
	}
	return said.String()
}

// changes lists what is in one of two snapshots of extensions, or differs.
func changes(before, after map[string]string) []string {
	var out []string
	for path, was := range before {
		if is, there := after[path]; !there {
			out = append(out, path+" is gone")
		} else if is != was {
			out = append(out, fmt.Sprintf("%s was %s, is %s", path, was, is))
		}
	}
	for path := range after {
		if _, there := before[path]; !there {
			out = append(out, path+" is new")
		}
	}
	return out
}
