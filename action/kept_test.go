package action

import (
	"maps"
	"strings"
	"testing"
)

// TestKept: what is kept has a key of what is built and of the run. Nothing is
// kept unasked, or of what runs with the rights of the default branch.
func TestKept(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			kept := func(env ...string) (run, map[string]string) {
				all := map[string]string{"RUNNER_TEMP": dir, "GITHUB_OUTPUT": write(t, dir+"/output", "", 0o644), "GITHUB_RUN_ID": "7", "BB_WHEN": "before"}
				for _, kv := range env {
					k, v, _ := strings.Cut(kv, "=")
					all[k] = v
				}
				got, found := script(t, shell, dir, "kept.sh", all), map[string]string{}
				for line := range strings.Lines(read(t, dir+"/output")) {
					k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
					found[k] = v
				}
				return got, found
			}
			for _, env := range [][]string{{"BB_CACHE=false"}, {}, {"BB_CACHE=true", "GITHUB_EVENT_NAME=pull_request_target"}} {
				if got, found := kept(env...); got.code != 0 || len(found) > 0 {
					t.Errorf("%v: %+v %v", env, got, found)
				}
			}
			if got, _ := kept("BB_CACHE=yes"); got.code != 2 || !strings.Contains(got.out, "::error::the input cache is true or false, not yes") {
				t.Errorf("%+v", got)
			}
			_, first := kept("BB_CACHE=true", "BB_TARGET=cp313-linux_x86_64")
			if first["folder"] != dir+"/binary-buildout-kept" || first["key"] != first["prefix"]+"7-1" || !strings.HasPrefix(first["prefix"], "binary-buildout-1-") {
				t.Error(first)
			}
			if _, next := kept("BB_CACHE=true", "BB_TARGET=cp313-linux_x86_64", "GITHUB_RUN_ID=8", "BB_VERSION=2"); next["prefix"] != first["prefix"] || next["key"] == first["key"] {
				t.Errorf("%v, then %v", first, next)
			}
			if _, other := kept("BB_CACHE=true", "BB_TARGET=cp312-linux_x86_64"); other["prefix"] == first["prefix"] {
				t.Error(other)
			}
			if got, none := kept("BB_WHEN=restored"); got.code != 0 || len(none) > 0 {
				t.Errorf("%+v %v", got, none)
			}
			archive := write(t, dir+"/dist/a b.tar.gz", "x", 0o644)
			if got, _ := kept("BB_WHEN=after", "BB_ARCHIVE="+archive); got.code != 0 {
				t.Errorf("%+v", got)
			}
			if _, found := kept("BB_WHEN=restored"); !maps.Equal(found, map[string]string{"archive": dir + "/binary-buildout-kept/archive/a b.tar.gz"}) {
				t.Error(found)
			}
		})
	}
}

// TestActKept: a pull request's next push is built with the archive of its last
// one; what is to be attested is built without it, and kept for others.
func TestActKept(t *testing.T) {
	e := newAct(t)
	e.event = "pull_request"
	write(t, e.tree+"/buildout.cfg", "[buildout]\nparts =\n", 0o644)
	for _, push := range []struct{ version, attest, want string }{
		{"1.0", "true", "archive site-1.0-cp313-linux_x86_64.tar.gz of END"},
		{"1.1", "true", "archive site-1.1-cp313-linux_x86_64.tar.gz of END"},
		{"1.2", "false", "archive site-1.2-cp313-linux_x86_64.tar.gz of  after site-1.1-cp313-linux_x86_64.tar.gz and .END"},
		{"1.3", "false", "archive site-1.3-cp313-linux_x86_64.tar.gz of  after site-1.2-cp313-linux_x86_64.tar.gz and .END"},
	} {
		write(t, e.tree+"/pull.yml", `on: pull_request
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - uses: ./
        id: bb
        with:
          binary: ${{ env.BB_BINARY_FOR_TESTS }}
          version: "`+push.version+`"
          target: cp313-linux_x86_64
          cache: true
          attest: `+push.attest+`
          token: ${{ secrets.GITHUB_TOKEN }}
      - run: echo "$(cat "$A")END"
        env: {A: "${{ steps.bb.outputs.archive }}"}
`, 0o644)
		log, err := e.run(t, e.tree, "pull.yml", "--env", "GITHUB_RUN_ID="+push.version)
		if err != nil || !strings.Contains(log, push.want) {
			t.Fatalf("push of %s: %v\n%s", push.version, err, log)
		}
	}
}
