package action

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// setupPython stands in for actions/setup-python: it gives the interpreter of
// this machine.
const setupPython = `name: python
inputs: {python-version: {}, architecture: {}, update-environment: {}}
outputs: {python-path: {value: "${{ steps.p.outputs.path }}"}}
runs:
  using: composite
  steps:
    - id: p
      shell: bash
      run: echo "path=$(sh "$FIND_PYTHON" "$V")" >>"$GITHUB_OUTPUT"
      env: {V: "${{ inputs.python-version }}"}
`

// newRealAct runs the real binary, with the interpreters and the caches of Go
// that this machine has.
func newRealAct(t *testing.T) (e *actEnv, more []string) {
	t.Helper()
	e = newActWith(t, ".")
	write(t, e.dir+"/standins/actions/setup-python/action.yml", setupPython, 0o644)
	find, err := filepath.Abs("../.ci/python")
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	pyenv := os.Getenv("PYENV_ROOT")
	if pyenv == "" {
		pyenv = home + "/.pyenv"
	}
	env := []string{"FIND_PYTHON=" + find, "PYENV_ROOT=" + pyenv}
	for _, name := range []string{"GOCACHE", "GOPATH", "GOMODCACHE"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(out)))
	}
	for _, x := range env {
		more = append(more, "--env", x)
	}
	return e, more
}

// The reusable workflow on a real buildout, with the real binary: one target
// on the runner and one in an image of Debian, each proved in a job of its own,
// the one in the image without a network and without a compiler, and one
// release of both.
func TestActRealReusable(t *testing.T) {
	e, more := newRealAct(t)
	engine(t, e)
	repo := e.dir + "/site"
	sh(t, "..", "cp", "-r", "examples/hello", e.dir)
	sh(t, e.dir, "sh", "-c", `mkdir "$1" && mv hello "$1/app"`, "-", repo)
	addVolatile(t, repo+"/app")
	e.calls(t, repo, "push", `    with:
      directory: app
      pythons: 3.11 3.13
      images: host debian:12
      skip_targets: cp311-linux_x86_64 cp313-*-debian12
      before: command -v git ssh gcc
      smoke: bin/hello Welt
      version: "1.0"
      name: acmesite
      tag: v1.0
  after:
    needs: buildout
    runs-on: ubuntu-24.04
    steps:
      - run: echo "$URL $LAST" && test "$URL" = `+e.server.URL+`/acme/site/releases/tag/v1.0 && test "$LAST" = cp311-linux_x86_64-debian12
        env:
          URL: ${{ needs.buildout.outputs.release_url }}
          LAST: ${{ fromJSON(needs.buildout.outputs.plan).targets[1].id }}
`)
	log, err := e.run(t, repo, ".github/workflows/call.yml", more...)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if n := strings.Count(log, "proved: network enforced, compiler enforced, old place enforced, interpreter enforced"); n != 2 {
		t.Errorf("%d jobs say that they proved", n)
	}
	// What section and inputs say of a proof reached both of each archive: that
	// of pack, and that of the fresh machine, which has the archive alone.
	for _, smoke := range []string{"bin/hello World", "bin/hello Welt", "test -f parts/stamp"} {
		if n := strings.Count(log, "|   "+smoke+"\n"); n != 4 {
			t.Errorf("%d of 4 proofs ran %s\n%s", n, smoke, log)
		}
	}
	e.releasedAs(t, "acmesite", log, 2, "cp313-linux_x86_64", "cp311-linux_x86_64-debian12")
	// The attestation was made of the same SHA256SUMS that is released.
	checkAttested(t, e.server.Releases()[0].Assets)
	docker := read(t, e.dir+"/docker.log")
	for _, line := range strings.Split(docker, "\n") {
		if strings.Contains(line, "binary-buildout prove") != strings.Contains(line, "--network none") {
			t.Errorf("docker was called as\n%s", line)
		}
	}
	if strings.Count(docker, "--network none") != 1 || strings.Contains(docker, "TOKEN") {
		t.Errorf("docker was called as\n%s", docker)
	}
}

// addVolatile gives the buildout a part that installs itself on each run, by a
// recipe of its own, and a section that says so.
func addVolatile(t *testing.T, dir string) {
	t.Helper()
	write(t, dir+"/src/hello/src/hello/stamp.py", `import os, time

class Recipe(object):
    def __init__(self, buildout, name, options):
        self.path = os.path.join(buildout["buildout"]["parts-directory"], name)
        options["now"] = repr(time.time())

    def install(self):
        open(self.path, "w").close()
        return [self.path]

    update = install
`, 0o644)
	for path, change := range map[string][2]string{
		"src/hello/setup.py": {`entry_points={`, `entry_points={"zc.buildout": ["default = hello.stamp:Recipe"], `},
		"base.cfg":           {"\nparts =", "\nparts = stamp"},
		"buildout.cfg":       {"smoke = bin/hello World\n", "smoke =\n    bin/hello World\n    test -f parts/stamp\nvolatile = stamp\n\n[stamp]\nrecipe = hello\n"},
	} {
		text := read(t, dir+"/"+path)
		if strings.Count(text, change[0]) != 1 {
			t.Fatalf("%s:\n%s", path, text)
		}
		write(t, dir+"/"+path, strings.Replace(text, change[0], change[1], 1), 0o644)
	}
}

// Step mode on a real buildout: a user's own matrix of two Pythons, with the
// binary that the action builds where no release has its sources. Each job
// has its outputs and its summary, and whoever is last publishes.
func TestActRealStep(t *testing.T) {
	e, more := newRealAct(t)
	copySources(t, e.tree, "examples/hello")
	// Both jobs build it; once is enough for the compiler's cache.
	sh(t, e.dir, "sh", "-c", `RUNNER_TEMP="$1/temp" sh "$1/tree/action/binary.sh"`, "-", e.dir)
	write(t, e.tree+"/step.yml", `on: push
permissions: {}
jobs:
  build:
    strategy:
      matrix:
        python: ["3.12", "3.13"]
    runs-on: ubuntu-24.04
    permissions: {contents: write}
    steps:
      - uses: actions/checkout@v7
      - uses: actions/setup-python@`+pins(t, "actions/setup-python")[0]+`
        id: python
        with: {python-version: "${{ matrix.python }}"}
      - uses: ./
        id: bb
        with:
          directory: hello
          name: acmesite
          python: ${{ steps.python.outputs.python-path }}
          stage: `+e.dir+`/stage-${{ matrix.python }}
          require_isolation: true
          release: true
          tag: v1.0
          expect_archives: 2
          token: ${{ secrets.GITHUB_TOKEN }}
      - name: Outputs
        run: |
          abi=cp$(echo ${{ matrix.python }} | tr -d .)
          set -x
          test "$T" = $abi-linux_x86_64
          test "$A" = "$PWD/dist/acmesite-1.0-$T.tar.gz"
          echo "$D  $A" | sha256sum -c
          grep -q '<html' "$R"
          test "$U" = `+e.server.URL+`/acme/site/releases/tag/v1.0
        env: {A: "${{ steps.bb.outputs.archive }}", T: "${{ steps.bb.outputs.target }}", D: "${{ steps.bb.outputs.digest }}", R: "${{ steps.bb.outputs.report }}", U: "${{ steps.bb.outputs.release_url }}"}
`, 0o644)
	log, err := e.run(t, e.tree, "step.yml", more...)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	e.releasedAs(t, "acmesite", log, 0, "cp312-linux_x86_64", "cp313-linux_x86_64")
	for _, want := range []string{"Summary - ### acmesite 1.0, cp312-linux_x86_64", "Summary - ### acmesite 1.0, cp313-linux_x86_64", "**Packed and proved.**", "### Verification: cp312, linux_x86_64"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log", want)
		}
	}
	// One of the jobs is run again: it builds the same archive and writes the
	// same sidecar, and changes nothing.
	again, err := e.run(t, e.tree, "step.yml", append(more, "--matrix", "python:3.13")...)
	if err != nil || !strings.Contains(again, "| 0 uploaded, 12 identical, published") {
		t.Errorf("again: %v\n%s", err, again)
	}
	// So it is where an archive and its delta were made from an earlier version:
	// not from the release that the job itself made.
	next := strings.NewReplacer("v1.0", "v1.1", "acmesite-1.0", "acmesite-1.1", "name: acmesite", "name: acmesite\n          version: \"1.1\"", "archives: 2", "archives: 1", `["3.12", "3.13"]`, `["3.13"]`)
	write(t, e.tree+"/next.yml", next.Replace(read(t, e.tree+"/step.yml")), 0o644)
	for _, said := range []string{"11 uploaded, 0 identical", "0 uploaded, 11 identical"} {
		log, err := e.run(t, e.tree, "next.yml", more...)
		if err != nil || !strings.Contains(log, "| "+said+", published") {
			t.Fatalf("%s: %v\n%s", said, err, log)
		}
	}
	if r := e.server.Releases()[1]; r.Assets["acmesite-1.1-cp313-linux_x86_64.from-1.0.delta.tar.gz"] == nil {
		t.Errorf("%s has no delta from 1.0", r.Tag)
	}
	for _, want := range []string{"Building acmesite 1.0", "network enforced, compiler enforced, old place enforced, interpreter enforced"} {
		if strings.Count(log, want) < 2 {
			t.Errorf("%q is not in the log of both jobs", want)
		}
	}
}

// A buildout that doesn't compile ends the job with the source's own line, and
// releases nothing.
func TestActRealFailure(t *testing.T) {
	e, more := newRealAct(t)
	sh(t, "..", "cp", "-r", "examples/hello", e.tree+"/app")
	source := e.tree + "/app/src/hello/src/hello/_greet.c"
	text := read(t, source)
	at := strings.Index(text, "return PyUnicode_FromFormat")
	write(t, source, text[:at]+"retrun"+text[at+len("return"):], 0o644)
	write(t, e.tree+"/step.yml", `on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    permissions: {contents: write}
    steps:
      - uses: actions/checkout@v7
      - uses: actions/setup-python@`+pins(t, "actions/setup-python")[0]+`
        id: python
        with: {python-version: "3.13"}
      - uses: ./
        with: {binary: "${{ env.BB_BINARY_FOR_TESTS }}", directory: app, stage: "`+e.dir+`/stage", python: "${{ steps.python.outputs.python-path }}", release: true, tag: v1.0, expect_archives: 1, token: "${{ secrets.GITHUB_TOKEN }}"}
`, 0o644)
	log, err := e.run(t, e.tree, "step.yml", more...)
	line := strings.Count(text[:at], "\n") + 1
	// act may lose the last of what a process writes.
	if !strings.Contains(log, "::group::The whole of build.log") || !strings.Contains(log, "| | ") {
		t.Errorf("the build's log is not shown:\n%s", log)
	}
	want := fmt.Sprintf("::error file=app/src/hello/src/hello/_greet.c,line=%d,", line)
	if err == nil || !strings.Contains(log, want) || len(e.server.Releases()) > 0 {
		t.Errorf("%v, %s\n%s", err, want, log)
	}
}

// workflow puts the reusable workflow into a repository, since act can't call
// one of another.
func (e *actEnv) workflow(t *testing.T, repo string) {
	t.Helper()
	text := read(t, "../.github/workflows/buildout.yml")
	text = strings.ReplaceAll(text, "uses: ./binary-buildout\n        with:\n", "uses: ./binary-buildout\n        with:\n          binary: ${{ env.BB_BINARY_FOR_TESTS }}\n          token: ${{ env.TOKEN_FOR_TESTS }}\n")
	write(t, repo+"/.github/workflows/buildout.yml", text, 0o644)
}

// calls puts the reusable workflow into a repository, with one that calls it:
// what triggers that, and what follows in the calling job and after it.
func (e *actEnv) calls(t *testing.T, repo, on, job string) {
	t.Helper()
	e.workflow(t, repo)
	write(t, repo+"/.github/workflows/call.yml", "on: "+on+`
permissions: {}
jobs:
  buildout:
    permissions: {contents: write, id-token: write, attestations: write}
    uses: ./.github/workflows/buildout.yml
`+job, 0o644)
}

// releasedAs wants one published release with an archive for each target, and
// each archive what its sidecar, SHA256SUMS and index.json say.
func (e *actEnv) releasedAs(t *testing.T, name, log string, others int, targets ...string) {
	t.Helper()
	all := e.server.Releases()
	if len(all) != 1 || all[0].Draft || all[0].Tag != "v1.0" {
		t.Fatalf("releases %+v\n%s", all, log)
	}
	assets := all[0].Assets
	if n := 2*len(targets) + 8 + others; len(assets) != n {
		t.Errorf("%d assets, want %d", len(assets), n)
	}
	for _, target := range targets {
		stem := name + "-1.0-" + target
		archive := assets[stem+".tar.gz"]
		var sidecar struct{ Archive, SHA256, Target string }
		if err := json.Unmarshal(assets[stem+".json"], &sidecar); err != nil {
			t.Fatalf("%s: %v", stem, err)
		}
		sum := sha256.Sum256(archive)
		if sidecar.Archive != stem+".tar.gz" || sidecar.SHA256 != hex.EncodeToString(sum[:]) || !strings.HasPrefix(target, sidecar.Target) {
			t.Errorf("%s: sidecar %+v", stem, sidecar)
		}
		for _, document := range []string{"SHA256SUMS", "index.json"} {
			if !strings.Contains(string(assets[document]), sidecar.SHA256) {
				t.Errorf("%s does not list %s", document, stem)
			}
		}
		files := contents(t, write(t, t.TempDir()+"/archive.tar.gz", string(archive), 0o644))
		if files[name+"-1.0/bin/hello"] == "" || files[name+"-1.0/bootstrap.py"] == "" {
			t.Errorf("%s has no bin/hello or no bootstrap.py", stem)
		}
	}
}

// contents are the files of a tar.gz.
func contents(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(data)
	}
}
