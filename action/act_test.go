package action

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/signtest"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// actVersion is also that of .ci/setup.sh.
const actVersion = "v0.2.89"

// stand-ins for the actions that need GitHub's services: artifacts are a
// directory, and our own checkout is a copy of this tree.
var standins = map[string]string{
	"actions/upload-artifact": `name: upload
inputs: {name: {}, path: {}, if-no-files-found: {}, compression-level: {}, overwrite: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        if [ -e "$ARTIFACTS/$NAME" ]; then
          test "$OVERWRITE" = true || { echo "(409) Conflict: an artifact with this name already exists on the workflow run"; exit 1; }
          rm -r "$ARTIFACTS/$NAME"
        fi
        mkdir -p "$ARTIFACTS/$NAME" && cp -r $WHAT "$ARTIFACTS/$NAME/"
      env: {NAME: "${{ inputs.name }}", WHAT: "${{ inputs.path }}", OVERWRITE: "${{ inputs.overwrite }}"}
`,
	"actions/download-artifact": `name: download
inputs: {name: {}, pattern: {}, path: {default: .}, merge-multiple: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        mkdir -p "$TO"
        for d in "$ARTIFACTS"/$NAME$PATTERN; do
          if [ -d "$d/dist" ]; then cp -r "$d/dist/." "$TO"; else cp -r "$d/." "$TO"; fi
        done
      env: {NAME: "${{ inputs.name }}", PATTERN: "${{ inputs.pattern }}", TO: "${{ inputs.path }}"}
`,
	"actions/cache/restore": `name: restore
inputs: {path: {}, key: {}, restore-keys: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        for d in $(ls -td "$ARTIFACTS/cache/$PREFIX"* 2>/dev/null); do
          mkdir -p "$TO" && cp -r "$d/." "$TO/"
          break
        done
      env: {TO: "${{ inputs.path }}", PREFIX: "${{ inputs.restore-keys }}"}
`,
	"actions/cache/save": `name: save
inputs: {path: {}, key: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$ARTIFACTS/cache" && cp -r "$FROM" "$ARTIFACTS/cache/$KEY"
      env: {FROM: "${{ inputs.path }}", KEY: "${{ inputs.key }}"}
`,
	"actions/checkout": `name: checkout
inputs: {repository: {}, ref: {}, path: {default: .}, persist-credentials: {}, fetch-depth: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$TO" && cp -r "$TOOL_TREE/." "$TO/"
      env: {TO: "${{ inputs.path }}"}
`,
	"actions/attest": `name: attest
inputs: {subject-checksums: {}, subject-path: {}, sbom-path: {}}
outputs: {bundle-path: {value: "${{ steps.a.outputs.path }}"}}
runs:
  using: composite
  steps:
    - id: a
      shell: bash
      run: |
        shopt -s nullglob
        if [ -n "$SUMS" ]; then (cd dist && sha256sum --strict -c SHA256SUMS) && sums=$(cat "$SUMS"); else
          sums=''
          while IFS= read -r pattern; do
            for f in ${pattern#!}; do
              case $pattern in
              !*) sums=$(printf '%s\n' "$sums" | grep -vxF "$(sha256sum "$f")") ;;
              *) sums="$sums$(sha256sum "$f")
        " ;;
              esac
            done
          done <<<"$PATHS"
        fi
        subjects=$(printf '%s\n' "$sums" | sed -n 's/^ *\([0-9a-f]\{64\}\)  \(.*\/\)*\([^/]*\)$/{"name":"\3","digest":{"sha256":"\1"}}/p' | paste -sd,)
        type=https://slsa.dev/provenance/v1 predicate={}
        if [ -n "$SBOM" ]; then type=https://cyclonedx.org/bom predicate=$(cat "$SBOM"); fi
        payload=$(printf '{"predicateType":"%s","predicate":%s,"subject":[%s]}' "$type" "$predicate" "$subjects" | base64 -w0)
        bundle=$(mktemp "$RUNNER_TEMP/attestation.XXXXXX")
        printf '{"verificationMaterial":{"certificate":{"rawBytes":"%s"}},"dsseEnvelope":{"payload":"%s"},"signed":"%s"}\n' \
          "$CERTIFICATE" "$payload" "$(date +%s.%N)" >"$bundle"
        echo "path=$bundle" >>"$GITHUB_OUTPUT"
      env: {SUMS: "${{ inputs.subject-checksums }}", PATHS: "${{ inputs.subject-path }}", SBOM: "${{ inputs.sbom-path }}"}
`,
	"pypa/gh-action-pypi-publish": `name: pypi
inputs: {packages-dir: {}, skip-existing: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$ARTIFACTS/pypi" && cp "$FROM"/* "$ARTIFACTS/pypi/"
      env: {FROM: "${{ inputs.packages-dir }}"}
`,
	"actions/setup-go": `name: go
inputs: {go-version-file: {}, cache: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: go version
`,
	"actions/setup-python": `name: python
inputs: {python-version: {}, architecture: {}, update-environment: {}}
outputs: {python-path: {value: "${{ steps.p.outputs.path }}"}}
runs:
  using: composite
  steps:
    - id: p
      shell: bash
      run: echo "path=/hosted/python$V" >>"$GITHUB_OUTPUT"
      env: {V: "${{ inputs.python-version }}"}
`,
}

// actEnv is a repository acme/site that act can run.
type actEnv struct {
	dir, tree, artifacts, tool, home string
	event, tag                       string   // what the workflow runs for
	env                              []string // of the runner, besides this process's
	server                           *releasetest.Server
}

// newAct has a stand-in for pack and prove, for what doesn't need them.
func newAct(t *testing.T) *actEnv {
	t.Helper()
	return newActWith(t, "./action/testdata/tool")
}

// newActWith has the tool of that package. These tests wait for downloads,
// uploads that are a second apart, and each other's jobs more than they
// compute: they run beside each other.
func newActWith(t *testing.T, tool string) *actEnv {
	t.Helper()
	if testing.Short() {
		t.Skip("runs an Actions runner")
	}
	act(t) // one after the other, so that it is installed once
	t.Parallel()
	wrap, err := releasetest.Guard(func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	e := &actEnv{dir: t.TempDir(), event: "push", tag: "v1.0", server: releasetest.New("acme/site", func(s *releasetest.Server) { s.Wrap = wrap })}
	t.Cleanup(e.server.Close)
	e.tree, e.artifacts, e.tool, e.home = e.dir+"/tree", e.dir+"/artifacts", e.dir+"/tool", e.dir+"/home"
	sh(t, "..", "go", "build", "-o", e.tool, tool)
	// The tree as it would be checked out, less what no step reads.
	sh(t, "..", "sh", "-c", `mkdir -p "$1/.github" && cp -r action.yml action "$1" && rm "$1"/action/*_test.go && cp -r .github/workflows "$1/.github"`, "-", e.tree)
	write(t, e.home+"/.config/act/actrc", "", 0o644)
	for name, text := range standins {
		write(t, e.dir+"/standins/"+name+"/action.yml", text, 0o644)
	}
	return e
}

func sh(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// act finds or installs the runner.
func act(t *testing.T) string {
	t.Helper()
	const module = "github.com/nektos/act@" + actVersion
	dir := testcache.Dir(t) + "/" + runtime.Version() + "/" + module // as in .ci/setup.sh
	if _, err := os.Stat(dir + "/act"); err != nil {
		sh(t, "..", "env", "GOBIN="+dir, "go", "install", module)
	}
	return dir + "/act"
}

// pins are the versions that the workflows name for an action.
func pins(t *testing.T, name string) []string {
	t.Helper()
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../action.yml")
	var refs []string
	for _, f := range files {
		for _, line := range strings.Split(read(t, f), "\n") {
			if _, ref, ok := strings.Cut(line, "uses: "+name+"@"); ok {
				refs = append(refs, strings.Fields(ref)[0])
			}
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// run runs a workflow in the repository, and gives its log.
func (e *actEnv) run(t *testing.T, repo, workflow string, more ...string) (string, error) {
	t.Helper()
	// A job that is run again is of the same commit, which the manifest names.
	sh(t, repo, "sh", "-c", `git init -q -b main && git add -A && {
		git rev-parse -q --verify HEAD >/dev/null && git diff --cached --quiet ||
			git -c user.name=t -c user.email=t@example.org commit --allow-empty -qm x
	} && git tag -f "$1"`, "-", e.tag)
	event := write(t, e.dir+"/event.json", `{"ref":"refs/tags/`+e.tag+`"}`, 0o644)
	args := []string{
		e.event, "-W", workflow, "--eventpath", event, "--action-offline-mode", "--no-cache-server",
		"-P", "ubuntu-24.04=-self-hosted", "-s", "GITHUB_TOKEN=" + releasetest.Token, "--env", "GITHUB_API_URL=" + e.server.API(), "--env", "GITHUB_REPOSITORY=acme/site",
		"--env", "GITHUB_REF=refs/tags/" + e.tag, "--env", "GITHUB_REF_NAME=" + e.tag, "--env", "GITHUB_REF_TYPE=tag", "--env", "TOKEN_FOR_TESTS=" + releasetest.Token, "--env", "ARTIFACTS=" + e.artifacts, "--env", "TOOL_TREE=" + e.tree, "--env", "BB_BINARY_FOR_TESTS=" + e.tool,
		"--env", "CERTIFICATE=" + base64.StdEncoding.EncodeToString(signtest.Certificate(t, signtest.Run{Repo: "acme/site", Ref: "refs/tags/" + e.tag})),
	}
	for name := range standins {
		for _, ref := range pins(t, name) {
			repo := strings.Join(strings.Split(name, "/")[:2], "/")
			args = append(args, "--local-repository", repo+"@"+ref+"="+e.dir+"/standins/"+repo)
		}
	}
	cmd := exec.Command(act(t), append(args, more...)...)
	cmd.Dir = repo
	cmd.Env = append(os.Environ(), "HOME="+e.home, "XDG_CACHE_HOME="+e.dir+"/cache", "PATH="+e.dir+"/path:"+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, e.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (e *actEnv) released(t *testing.T, log string, others int, want ...string) {
	t.Helper()
	all := e.server.Releases()
	if len(all) != 1 || all[0].Draft || all[0].Tag != "v1.0" {
		t.Fatalf("releases %+v\n%s", all, log)
	}
	for _, name := range append(want, "SHA256SUMS", "index.json", "install.sh", "install.ps1", "install.py", "install-nopython.sh", "install-nopython.ps1", "site-1.0.cdx.json") {
		if all[0].Assets[name] == nil {
			t.Errorf("%s is missing in %d assets", name, len(all[0].Assets))
		}
	}
	if n := 2*len(want) + 8 + others; len(all[0].Assets) != n {
		t.Errorf("%d assets, want %d", len(all[0].Assets), n)
	}
}

// Step mode: a user's own matrix, each job releases its archive, and the last
// one publishes.
func TestActStep(t *testing.T) {
	e := newAct(t)
	repo := e.tree // uses: ./
	write(t, repo+"/buildout.cfg", "[buildout]\nparts =\n", 0o644)
	write(t, repo+"/step.yml", `on: push
permissions: {}
jobs:
  build:
    strategy:
      matrix:
        python: [cp312, cp313, cp314]
    runs-on: ubuntu-24.04
    permissions: {contents: write}
    steps:
      - uses: actions/checkout@v7
      - uses: ./
        id: bb
        with:
          binary: ${{ env.BB_BINARY_FOR_TESTS }}
          name: site
          version: "1.0"
          target: ${{ matrix.python }}-linux_x86_64
          env: MY_FLAG=yes
          release: true
          tag: v1.0
          expect_archives: 3
          token: ${{ secrets.GITHUB_TOKEN }}
      - run: test -f "$A" && test "$T" = ${{ matrix.python }}-linux_x86_64 && test "${#D}" = 64 && test -n "$U"
        env: {A: "${{ steps.bb.outputs.archive }}", T: "${{ steps.bb.outputs.target }}", D: "${{ steps.bb.outputs.digest }}", U: "${{ steps.bb.outputs.release_url }}"}
`, 0o644)
	log, err := e.run(t, repo, "step.yml")
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	e.released(t, log, 0, "site-1.0-cp312-linux_x86_64.tar.gz", "site-1.0-cp313-linux_x86_64.tar.gz", "site-1.0-cp314-linux_x86_64.tar.gz")
	if got := string(e.server.Releases()[0].Assets["site-1.0-cp312-linux_x86_64.tar.gz"]); !strings.HasSuffix(got, " of yes") {
		t.Errorf("the build had not its env: %s", got)
	}

	// The next version is built on the archive of the last release, unless that is switched off.
	for version, want := range map[string]string{"1.1": " after site-1.0-cp312-linux_x86_64.tar.gz and site-1.0-cp312-linux_x86_64.tar.gz", "1.2": " of yes"} {
		next := strings.NewReplacer(`"1.0"`, `"`+version+`"`, "v1.0", "v"+version, "archives: 3", "archives: 1", ", cp313, cp314]", "]",
			"release: true", "release: true\n          make_latest: \"false\"\n          deltas: 3\n          last: "+strconv.FormatBool(version == "1.1"))
		write(t, repo+"/next.yml", next.Replace(read(t, repo+"/step.yml")), 0o644)
		if log, err := e.run(t, repo, "next.yml"); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		for _, r := range e.server.Releases() {
			if got := string(r.Assets["site-"+version+"-cp312-linux_x86_64.tar.gz"]); r.Tag == "v"+version && !strings.HasSuffix(got, want) {
				t.Errorf("%s, want it %q", got, want)
			}
		}
	}
}

// The reusable workflow: plan, two jobs (one on the runner, one in an image),
// proofs, release.
func TestActReusable(t *testing.T) {
	e := newAct(t)
	e.tag = "nightly" // the input tag counts, in the documents that are attested too
	repo := e.dir + "/site"
	write(t, repo+"/app/buildout.cfg", "[buildout]\nparts =\n", 0o644)
	e.calls(t, repo, "push", `    with:
      directory: app
      pythons: 3.12 3.13
      images: host debian:12
      skip_targets: cp312-*-debian12 cp313-*
      smoke: bin/x
      version: "1.0"
      name: site
      tag: v1.0
  after:
    needs: buildout
    runs-on: ubuntu-24.04
    steps:
      - run: echo "outputs $URL $FIRST"
        env: {URL: "${{ needs.buildout.outputs.release_url }}", FIRST: "${{ fromJSON(needs.buildout.outputs.plan).targets[0].id }}"}
`)
	// Python 3.11 is Debian 12's; the globs leave it and one more.
	call := strings.NewReplacer("3.12 3.13", "3.11 3.12", "cp312-*-debian12 cp313-*", "cp312-*-debian12").Replace(read(t, repo+"/.github/workflows/call.yml"))
	write(t, repo+"/.github/workflows/call.yml", call, 0o644)
	e.standInDocker(t)
	log, err := e.run(t, repo, ".github/workflows/call.yml")
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	e.released(t, log, 2, "site-1.0-cp311-linux_x86_64.tar.gz", "site-1.0-cp312-linux_x86_64.tar.gz", "site-1.0-cp311-linux_x86_64-debian12.tar.gz")
	if want := "outputs " + e.server.URL + "/acme/site/releases/tag/v1.0 cp311-linux_x86_64"; !strings.Contains(log, want) {
		t.Errorf("the caller doesn't see %q:\n%s", want, log)
	}
	// The attestation was made of the same SHA256SUMS that is released, and the text says how it is verified.
	checkAttested(t, e.server.Releases()[0].Assets)
	if body := e.server.Releases()[0].Body; !strings.Contains(body, "\ngh attestation verify FILE --repo acme/site --signer-workflow binary-buildout/binary-buildout/.github/workflows/buildout.yml --source-ref refs/tags/nightly ") {
		t.Errorf("the release says\n%s", body)
	}
	docker := read(t, e.dir+"/docker.log")
	if strings.Count(docker, "--network none") != 1 || !strings.Contains(docker, "python3-dev") || !strings.Contains(docker, "pack") {
		t.Errorf("docker was called as\n%s", docker)
	}
}

// checkAttested wants the attestation to be of what SHA256SUMS lists, and of
// nothing else, and the SBOM's of the archives.
func checkAttested(t *testing.T, assets map[string][]byte) {
	t.Helper()
	if got := attested(t, assets["attestation.sigstore.json"]); got == "" || got != string(assets["SHA256SUMS"]) {
		t.Errorf("attested were\n%s\nreleased are\n%s", got, assets["SHA256SUMS"])
	}
	var archives string
	for line := range strings.Lines(string(assets["SHA256SUMS"])) {
		if strings.HasSuffix(line, ".tar.gz\n") {
			archives += line
		}
	}
	if got := attested(t, assets["sbom.sigstore.json"]); got == "" || got != archives {
		t.Errorf("the SBOM is attested to be of\n%s\nreleased are\n%s", got, archives)
	}
}

// attested is what a bundle speaks of, as SHA256SUMS has it.
func attested(t *testing.T, data []byte) string {
	t.Helper()
	var bundle struct {
		Envelope struct{ Payload []byte } `json:"dsseEnvelope"`
	}
	var statement struct {
		Subject []struct {
			Name   string
			Digest struct{ SHA256 string }
		}
	}
	err := json.Unmarshal(data, &bundle)
	if err == nil {
		err = json.Unmarshal(bundle.Envelope.Payload, &statement)
	}
	if err != nil {
		t.Error(err)
	}
	var sums string
	for _, s := range statement.Subject {
		sums += s.Digest.SHA256 + "  " + s.Name + "\n"
	}
	return sums
}

// writes are the requests that change something; the last release is read by
// every build.
func (e *actEnv) writes() []string {
	return slices.DeleteFunc(e.server.Requests(), func(r string) bool { return strings.HasPrefix(r, http.MethodGet+" ") })
}

// standInDocker runs the tool here, and writes down how it was called.
func (e *actEnv) standInDocker(t *testing.T) {
	t.Helper()
	write(t, e.dir+"/path/docker", fmt.Sprintf(`#!/bin/sh
echo "$*" >>%s
while [ $# -gt 0 ] && [ "$1" != /usr/local/bin/binary-buildout ]; do shift; done
[ $# -gt 0 ] || exit 0
shift
exec %s "$@"
`, e.dir+"/docker.log", e.tool), 0o755)
}

// A job that fails leaves no release.
func TestActNoRelease(t *testing.T) {
	e := newAct(t)
	repo := e.tree
	write(t, repo+"/step.yml", `on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    permissions: {contents: write}
    steps:
      - uses: actions/checkout@v7
      - uses: ./
        with: {binary: "${{ env.BB_BINARY_FOR_TESTS }}", name: site, version: "1.0", target: cp313-linux_x86_64, release: true, tag: v1.0, expect_archives: 1, token: "${{ secrets.GITHUB_TOKEN }}"}
`, 0o644)
	log, err := e.run(t, repo, "step.yml") // there is no buildout.cfg
	if err == nil || len(e.server.Releases()) > 0 {
		t.Errorf("%v\n%s", err, log)
	}
	if writes := e.writes(); len(writes) > 0 {
		t.Error(writes)
	}
}
