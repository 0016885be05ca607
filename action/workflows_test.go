package action

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/matrix"
)

// The workflow that the README shows is examples/workflow.yml, and does as it
// stands what the README says: an archive with its interpreter, built in that
// image, on a release of the tag that was pushed.
func TestActExample(t *testing.T) {
	e := newAct(t)
	text := read(t, "../examples/workflow.yml")
	if !strings.Contains(read(t, "../README.md"), "```yaml\n"+text+"```\n") {
		t.Error("README.md shows another workflow than examples/workflow.yml")
	}
	repo := e.dir + "/site"
	write(t, repo+"/buildout.cfg", "[buildout]\nparts =\n", 0o644)
	e.workflow(t, repo)
	// act can't call a workflow of another repository.
	const uses = "uses: binary-buildout/binary-buildout/.github/workflows/buildout.yml@v1"
	if !strings.Contains(text, uses) {
		t.Fatal(text)
	}
	write(t, repo+"/.github/workflows/release.yml", strings.Replace(text, uses, "uses: ./.github/workflows/buildout.yml", 1), 0o644)
	e.standInDocker(t)
	log, err := e.run(t, repo, ".github/workflows/release.yml")
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	e.released(t, log, 2, "site-1.0-cp313-manylinux_2_28_x86_64.tar.gz")
	if body := e.server.Releases()[0].Body; !strings.Contains(body, "| 3.13.14 inside |") {
		t.Errorf("the release says\n%s", body)
	}
	for _, want := range []string{
		"Summary - ### Plan of site 1.0", "1 archive; written beside",
		"Summary - ### Release v1.0", "12 uploaded, 0 identical, published",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log:\n%s", want, log)
		}
	}
	// All jobs again: the artifacts of a run have one name each, and nothing is
	// released twice.
	if log, err = e.run(t, repo, ".github/workflows/release.yml"); err != nil || !strings.Contains(log, "0 uploaded, 12 identical, published") {
		t.Errorf("again: %v\n%s", err, log)
	}
	docker := read(t, e.dir+"/docker.log")
	for _, want := range []string{"manylinux_2_28_x86_64@sha256:", " python:3.13-slim-bookworm "} {
		if !strings.Contains(docker, want) {
			t.Errorf("%q is not in\n%s", want, docker)
		}
	}
}

// The step that docs/workflow.md shows, in jobs of a user's own, is examples/step.yml.
func TestActStepExample(t *testing.T) {
	e := newAct(t)
	text := read(t, "../examples/step.yml")
	if !strings.Contains(read(t, "../docs/workflow.md"), "```yaml\n"+text[strings.Index(text, "jobs:"):]+"```\n") {
		t.Error("docs/workflow.md shows another step than examples/step.yml")
	}
	const uses = "      - uses: binary-buildout/binary-buildout@v1\n        with:\n"
	if !strings.Contains(text, uses) {
		t.Fatal(text)
	}
	// act doesn't know the default of an input that is strategy.job-total.
	text = strings.Replace(text, uses, "      - uses: ./\n        with:\n          binary: ${{ env.BB_BINARY_FOR_TESTS }}\n          token: ${{ secrets.GITHUB_TOKEN }}\n          expect_archives: 2\n", 1)
	write(t, e.tree+"/buildout.cfg", "[buildout]\nparts =\n", 0o644)
	write(t, e.tree+"/step.yml", text, 0o644)
	log, err := e.run(t, e.tree, "step.yml", "--local-repository", "actions/setup-python@v7="+e.dir+"/standins/actions/setup-python")
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	e.released(t, log, 0, "site-1.0-cp312-linux_x86_64.tar.gz", "site-1.0-cp313-linux_x86_64.tar.gz")
}

// Jobs of a user's own that attest, as examples/step-attested.yml has them: each
// archive has its attestation beside it, of what its job brought.
func TestActStepAttested(t *testing.T) {
	e := newAct(t)
	text := read(t, "../examples/step-attested.yml")
	const uses = "      - uses: binary-buildout/binary-buildout@v1\n"
	if strings.Count(text, uses) != 2 || !strings.Contains(read(t, "../docs/workflow.md"), "/examples/step-attested.yml)") {
		t.Fatal(text)
	}
	text = strings.ReplaceAll(text, uses, "      - uses: ./\n")
	text = strings.ReplaceAll(text, "        with:\n          python:", "        with:\n          binary: ${{ env.BB_BINARY_FOR_TESTS }}\n          python:")
	text = strings.ReplaceAll(text, "        with:\n          command: release\n",
		"        with:\n          command: release\n          binary: ${{ env.BB_BINARY_FOR_TESTS }}\n          token: ${{ secrets.GITHUB_TOKEN }}\n          expect_archives: 2\n")
	write(t, e.tree+"/buildout.cfg", "[buildout]\nparts =\n", 0o644)
	write(t, e.tree+"/step.yml", text, 0o644)
	more := []string{"--local-repository", "actions/setup-python@v7=" + e.dir + "/standins/actions/setup-python", "--local-repository", "actions/attest@v4=" + e.dir + "/standins/actions/attest"}
	for range 2 { // once more: the attestations that are there stay
		log, err := e.run(t, e.tree, "step.yml", more...)
		if err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		e.released(t, log, 2, "site-1.0-cp312-linux_x86_64.tar.gz", "site-1.0-cp313-linux_x86_64.tar.gz")
	}
	assets := e.server.Releases()[0].Assets
	for _, stem := range []string{"site-1.0-cp312-linux_x86_64", "site-1.0-cp313-linux_x86_64"} {
		got := attested(t, assets[stem+".sigstore.json"])
		for line := range strings.Lines(string(assets["SHA256SUMS"])) {
			if strings.Contains(line, "  "+stem+".") != strings.Contains(got, line) {
				t.Errorf("of %s are attested\n%s", stem, got)
			}
		}
	}
	if strings.Contains(string(assets["SHA256SUMS"]), "sigstore") || !strings.Contains(e.server.Releases()[0].Body, "gh attestation verify FILE --repo acme/site ") {
		t.Errorf("%s\n%s", assets["SHA256SUMS"], e.server.Releases()[0].Body)
	}
}

// A pull request runs everything but the release, though a tag is named.
func TestActPullRequest(t *testing.T) {
	e := newAct(t)
	repo := e.dir + "/site"
	write(t, repo+"/buildout.cfg", "[buildout]\nparts =\n", 0o644)
	e.calls(t, repo, "[pull_request, pull_request_target]", `    with: {pythons: "3.13", images: host, version: "1.0", name: site, tag: v1.0}
`)
	for _, event := range []string{"pull_request", "pull_request_target"} {
		e.event = event
		log, err := e.run(t, repo, ".github/workflows/call.yml")
		if err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		for _, step := range []string{"Plan", "Pack", "Prove"} {
			if !strings.Contains(log, "Success - Main "+step+" ") {
				t.Errorf("%s: there was no step %s", event, step)
			}
		}
		if writes := e.writes(); len(writes) > 0 || strings.Contains(log, "Main Write the documents") {
			t.Errorf("%s: requests %q\n%s", event, writes, log)
		}
	}
}

// One target that isn't built: its report is kept, and nothing is released.
func TestActReusableFailure(t *testing.T) {
	e := newAct(t)
	repo := e.dir + "/site"
	write(t, repo+"/buildout.cfg", "[buildout]\nparts = broken\n", 0o644)
	e.calls(t, repo, "push", `    with: {pythons: "3.13", images: host, version: "1.0", name: site, tag: v1.0}
`)
	log, err := e.run(t, repo, ".github/workflows/call.yml")
	if writes := e.writes(); err == nil || len(writes) > 0 || !strings.Contains(log, "error: it is broken") {
		t.Errorf("%v, requests %q\n%s", err, writes, log)
	}
	// A server that has no job.workflow_repository, as act has none.
	path := repo + "/.github/workflows/buildout.yml"
	write(t, path, strings.Replace(read(t, path), "github.server_url != 'https://github.com'", "github.server_url != 'https://elsewhere.example'", 1), 0o644)
	if log, err := e.run(t, repo, ".github/workflows/call.yml"); err == nil || !strings.Contains(log, "::error::this server ") || strings.Contains(log, "Check out the buildout [") {
		t.Errorf("another server: %v\n%s", err, log)
	}
	// The stand-in of upload-artifact keeps what the glob names.
	if got := read(t, e.artifacts+"/report-site-1.0-cp313-linux_x86_64.tar.gz/report.html"); !strings.Contains(got, "broken") {
		t.Errorf("the report is %s", got)
	}
}

// test.yml runs every stage of .ci/run, and is red if one of them is. Stages
// that take seconds stand in for the real ones, which take an hour.
func TestActTestWorkflow(t *testing.T) {
	e := newAct(t)
	repo := e.dir + "/own"
	sh(t, "..", "sh", "-c", `mkdir -p "$1/.github/workflows" "$1/.ci" && cp .ci/run "$1/.ci" && cp .github/workflows/test.yml "$1/.github/workflows"`, "-", repo)
	stages := regexp.MustCompile(`(?m)^stages='(.*)'$`).FindStringSubmatch(read(t, "../.ci/run"))
	if stages == nil {
		t.Fatal(".ci/run has no stages")
	}
	for entry := range strings.FieldsSeq(stages[1]) {
		stage, _, _ := strings.Cut(entry, "=")
		if read(t, "../.ci/"+stage+".sh") == "" {
			t.Error(stage)
		}
		write(t, repo+"/.ci/"+stage+".sh", "echo here is "+stage+"\necho "+stage+" >>'"+e.dir+"/ran'\n", 0o644)
	}
	// There wine.sh is not to say that nothing that concerns it changed.
	write(t, repo+"/.ci/wine.sh", "[ -z \"$BINARY_BUILDOUT_WINE\" ] || echo here is wine\n", 0o644)
	e.tree = repo // what is checked out
	log, err := e.run(t, repo, ".github/workflows/test.yml", "--env", "BINARY_BUILDOUT_CACHE="+e.dir+"/kept")
	if err != nil || strings.Count(log, "| here is ") < len(strings.Fields(stages[1]))-1 || !strings.Contains(log, "fuzz passed") {
		t.Errorf("%v\n%s", err, log)
	}
	write(t, repo+"/.ci/fuzz.sh", "false\n", 0o644)
	write(t, e.dir+"/ran", "", 0o644)
	log, err = e.run(t, repo, ".github/workflows/test.yml", "--env", "BINARY_BUILDOUT_CACHE="+e.dir+"/kept")
	// act may lose the last of what a process writes, so what ran after it is asked of a file.
	if err == nil || !strings.Contains(log, "fuzz FAILED (exit 1)") || !strings.HasSuffix(read(t, e.dir+"/ran"), "tests\n") {
		t.Errorf("a stage failed: %v\n%s", err, log)
	}
}

// selftest.yml's job of ubuntu-24.04, as it stands: the action builds its
// binary of this tree, packs the example and proves it once more. What the
// other runners are is known to GitHub alone.
func TestActSelftest(t *testing.T) {
	e, more := newRealAct(t)
	copySources(t, e.tree, "examples")
	e.event = "workflow_dispatch"
	log, err := e.run(t, e.tree, ".github/workflows/selftest.yml", append(more, "--matrix", "runner:ubuntu-24.04")...)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	const proved = "network enforced, compiler enforced, old place enforced, interpreter enforced"
	if strings.Count(log, proved) != 2 || !strings.Contains(log, "| proved: "+proved) {
		t.Errorf("the proofs:\n%s", log)
	}
	if writes := e.writes(); len(writes) > 0 {
		t.Errorf("requests %q", writes)
	}
}

// TestJobsEnd: no job runs for the six hours that GitHub lets one, and no
// checkout that is shown leaves the token where a build finds it.
func TestJobsEnd(t *testing.T) {
	workflows, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(workflows) == 0 {
		t.Fatal(workflows, err)
	}
	shown := []string{"../docs/workflow.md", "../docs/rebuild.md", "../examples/step.yml", "../examples/step-attested.yml", "../examples/elsewhere/forgejo.yml"}
	for _, name := range append(workflows, shown...) {
		text := read(t, name)
		if jobs, ends := strings.Count(text, "\n    runs-on: "), strings.Count(text, "\n    timeout-minutes: "); jobs != ends {
			t.Errorf("%s: %d jobs, and %d have timeout-minutes", name, jobs, ends)
		}
	}
	for _, name := range append(shown, "../README.md") {
		text := read(t, name)
		if all, kept := strings.Count(text, "uses: actions/checkout@"), strings.Count(text, "persist-credentials: false"); all != kept {
			t.Errorf("%s: of %d checkouts %d have persist-credentials: false", name, all, kept)
		}
	}
}

// TestSBOMSubjects: the SBOM is attested to be of the archives of each format, and
// of nothing else that lies beside them.
func TestSBOMSubjects(t *testing.T) {
	block := regexp.MustCompile(`(?s)subject-path: \|\n(.*?)\n +sbom-path: `).FindStringSubmatch(read(t, "../.github/workflows/buildout.yml"))
	if block == nil {
		t.Fatal("buildout.yml attests no SBOM")
	}
	subject := func(name string) (is bool) {
		for _, pattern := range strings.Fields(block[1]) {
			glob, not := strings.CutPrefix(pattern, "!")
			if ok, err := filepath.Match(glob, "dist/"+name); err != nil {
				t.Error(err)
			} else if ok {
				is = !not
			}
		}
		return is
	}
	for _, format := range matrix.Formats() {
		if !subject("site-1.0-cp313-linux_x86_64." + format) {
			t.Errorf("no archive in %s is a subject", format)
		}
	}
	for _, name := range []string{"site-1.0-cp313-linux_x86_64.from-0.9.delta.tar.gz", "site-1.0-cp313-linux_x86_64.json", "site-1.0.cdx.json", "SHA256SUMS", "install.sh"} {
		if subject(name) {
			t.Errorf("%s is a subject", name)
		}
	}
}
