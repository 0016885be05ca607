package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	yaml "github.com/oasdiff/yaml3"
	"github.com/rogpeppe/go-internal/testscript"
)

// otherwise are the commands of pages that no script of testdata/script runs,
// with what does: a Go test, or a stage of .ci/run.
var otherwise = []struct {
	page, begins string // the page, and how the command begins
	file, test   string // the file that runs it, and the test in it; a stage has none
}{
	{"docs/server.md", "& ([scriptblock]", "internal/install/powershell_test.go", "TestPowerShell"},
	{"docs/server.md", "gh attestation verify", "release/attestation_test.go", "TestVerifyLine"},
	{"docs/server.md", "sudo binary-buildout install", "internal/cli/owner_test.go", "TestOwner"},
	{"docs/server.md", "binary-buildout install --into /srv/site --systemd", "internal/cli/systemd_test.go", "TestOwnerSystemd"},
	{"docs/start.md", "pipx install", "action/distribute/distribute_test.go", "TestWheels"},
	{"docs/start.md", "git clone", ".ci/newcomer.sh", ""},
	{"docs/start.md", "cp -r", "examples/acceptance/plone/plone_test.go", "TestPlone6"},
	{"docs/start.md", "binary-buildout pack", "examples/acceptance/plone/plone_test.go", "TestPlone6"},
	{"docs/start.md", "tar -xzf", "examples/acceptance/plone/plone_test.go", "TestPlone6"},
	{"docs/start.md", "cd /srv/plone6-6.2.2", "examples/acceptance/plone/plone_test.go", "TestPlone6"},
	{"docs/start.md", "curl -fsSL", "internal/install/installsh_test.go", "TestScript"},
	{"docs/migrate.md", "binary-buildout pack", "testdata/script/readme.txtar", ""},
	{"docs/plone52.md", "python2.7 -m pip install", "examples/acceptance/plone/plone52_test.go", "TestPlone52"},
	{"docs/plone52.md", "binary-buildout pack", "examples/acceptance/plone/plone52_test.go", "TestPlone52"},
	{"docs/plone52.md", "tar -xzf", "examples/acceptance/plone/plone52_test.go", "TestPlone52"},
	{"docs/plone52.md", "cd /srv", "examples/acceptance/plone/plone52_test.go", "TestPlone52"},
	{"docs/odoo.md", "bin/buildout -o odoo:extract-downloads-to", "examples/acceptance/published/published_test.go", "TestOdoo"},
	{"docs/odoo.md", "git archive HEAD", "examples/acceptance/published/published_test.go", "TestOdoo"},
	{"docs/odoo.md", "binary-buildout pack ../release", "examples/acceptance/published/published_test.go", "TestOdoo"},
	{"docs/odoo.md", "bin/buildout -c host.cfg", "examples/acceptance/published/published_test.go", "TestOdoo"},
	{"docs/windows.md", "binary-buildout", "examples/acceptance/windows/windows_wine_test.go", "TestWindows"},
	{"docs/windows.md", "& ([scriptblock]", "internal/install/powershell_test.go", "TestPowerShell"},
	{"docs/workflow.md", "binary-buildout pack --reuse", "testdata/script/reuse.txtar", ""},
	{"docs/rebuild.md", "binary-buildout rebuild", "testdata/script/rebuild.txtar", ""},
	// gh can't be had here; the script holds the statement that it would read to its type.
	{"docs/rebuild.md", "gh attestation verify", "testdata/script/rebuild.txtar", ""},
	{"README.md", "gh attestation verify", "release/attestation_test.go", "TestVerifyLine"},
	{"README.md", "curl -fsSL https://github.com/binary-buildout", "action/distribute/distribute_test.go", "TestGet"},
	{"README.md", "pipx install", "action/distribute/distribute_test.go", "TestWheels"},
	{"README.md", "uv tool install", "action/distribute/distribute_test.go", "TestWheels"},
	{"README.md", "brew tap", "action/distribute/distribute_test.go", "TestGolden"},
	{"README.md", "go install", "goinstall_test.go", "TestGoInstall"},
	{"README.md", "curl -fsSL https://github.com/OWNER", "internal/install/installsh_test.go", "TestScript"},
	{"README.md", "git clone", ".ci/newcomer.sh", ""},
	{"README.md", "./t", ".ci/newcomer.sh", ""},
}

// TestPageCommands: each command of a page is run by a test. A script runs it
// by the line "page PAGE 'BEGINNING'"; what runs otherwise has its test above.
func TestPageCommands(t *testing.T) {
	used := make([]bool, len(otherwise))
	run := pageLines(t)
	for _, page := range pages(t) {
		for _, command := range pageCommands(t, page) {
			found := slices.ContainsFunc(run, func(l [2]string) bool {
				return l[0] == page && strings.HasPrefix(command, l[1])
			})
			for i, o := range otherwise {
				if o.page == page && strings.HasPrefix(command, o.begins) {
					used[i], found = true, true
				}
			}
			if !found {
				t.Errorf("%s: no test runs: %s\n(a script does by a line \"page %s ...\", or name the test that does in docs_test.go)", page, command, page)
			}
		}
	}
	for i, o := range otherwise {
		if !used[i] {
			t.Errorf("%s has no command that begins with: %s", o.page, o.begins)
		}
		text, err := os.ReadFile(o.file)
		if err != nil || o.test != "" && !strings.Contains(string(text), "func "+o.test+"(") {
			t.Errorf("%s: %s has no test %s: %v", o.begins, o.file, o.test, err)
		}
	}
}

// The files that docs/elsewhere.md shows are those of examples/elsewhere, and
// docs/frameworks.md's configuration is that of examples/frameworks.
func TestPagesShowExamples(t *testing.T) {
	for file, page := range map[string]string{
		"examples/elsewhere/gitlab-ci.yml": "docs/elsewhere.md", "examples/elsewhere/forgejo.yml": "docs/elsewhere.md",
		"examples/elsewhere/Jenkinsfile": "docs/elsewhere.md", "examples/frameworks/buildout.cfg": "docs/frameworks.md",
		"examples/renovate.json": "docs/workflow.md",
	} {
		shown, err := os.ReadFile(page)
		text, err2 := os.ReadFile(file)
		if err := errors.Join(err, err2); err != nil || !strings.Contains(string(shown), "\n"+string(text)+"```\n") {
			t.Errorf("%s shows something else than %s: %v", page, file, err)
		}
	}
}

// pages are README.md and what docs/ has of Markdown, but for the
// specification and what tests write, which aren't for following along.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("docs/*.md")
	if err != nil || len(found) < 10 {
		t.Fatalf("%d pages: %v", len(found), err)
	}
	return append(slices.DeleteFunc(found, func(p string) bool { return p == "docs/design.md" || p == "docs/modules.md" || p == "docs/commands.md" }), "README.md")
}

// pageLines are page and beginning of each command that a script runs.
func pageLines(t *testing.T) [][2]string {
	t.Helper()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var lines [][2]string
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^(?:! )?page (\S+) '(.+)'$`).FindAllStringSubmatch(string(text), -1) {
			lines = append(lines, [2]string{m[1], strings.ReplaceAll(m[2], "''", "'")})
		}
	}
	return lines
}

// pageCommands are the commands of a page: in an indented block the lines after
// a prompt ($ for a shell, > for PowerShell), or all lines of one without prompts.
func pageCommands(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all, block []string
	fenced := false
	for line := range strings.SplitSeq(string(text)+"\n", "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if code, ok := strings.CutPrefix(line, "    "); ok && !fenced {
			block = append(block, code)
			continue
		}
		all, block = append(all, typed(block)...), nil
	}
	return all
}

// typed are the lines of a block that a person types.
func typed(block []string) []string {
	var prompted []string
	for _, line := range block {
		for _, prompt := range []string{"$ ", "> "} {
			if command, ok := strings.CutPrefix(line, prompt); ok {
				prompted = append(prompted, command)
			}
		}
	}
	if prompted != nil {
		return prompted
	}
	return block
}

// pageScript is what a script needs to run the commands of the pages.
func pageScript(t *testing.T) map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]func(*testscript.TestScript, bool, []string){
		// stands OLD NEW: in the commands of the pages, OLD is put as NEW from now on.
		"stands": func(ts *testscript.TestScript, _ bool, args []string) {
			if len(args) != 2 {
				ts.Fatalf("stands OLD NEW")
			}
			ts.Setenv("STANDS", ts.Getenv("STANDS")+args[0]+"\n"+args[1]+"\n")
		},
		// serve DIR is a server of what lies in DIR, where uploads go too, and $SERVER its address.
		"serve": func(ts *testscript.TestScript, _ bool, args []string) {
			server := httptest.NewServer(packagesIn(ts.MkAbs(args[0])))
			ts.Defer(server.Close)
			ts.Setenv("SERVER", server.URL)
		},
		// page PAGE 'BEGINNING' runs the one command of a page that begins so, or that is so.
		"page": func(ts *testscript.TestScript, neg bool, args []string) {
			if len(args) != 2 {
				ts.Fatalf("page PAGE 'BEGINNING'")
			}
			var found []string
			for _, c := range pageCommands(t, filepath.Join(root, args[0])) {
				if strings.HasPrefix(c, args[1]) && !slices.Contains(found, c) {
					found = append(found, c)
				}
			}
			if slices.Contains(found, args[1]) {
				found = args[1:]
			}
			if len(found) != 1 {
				ts.Fatalf("%s has %d commands that begin with %q: %q", args[0], len(found), args[1], found)
			}
			runText(ts, neg, found[0])
		},
		// block PAGE BEGINNING FILE writes the fenced block of a page that begins so.
		"block": func(ts *testscript.TestScript, _ bool, args []string) {
			if len(args) != 3 {
				ts.Fatalf("block PAGE BEGINNING FILE")
			}
			text, err := os.ReadFile(filepath.Join(root, args[0]))
			ts.Check(err)
			_, after, ok := strings.Cut(string(text), "\n"+args[1])
			block, _, ended := strings.Cut(after, "\n```\n")
			if !ok || !ended {
				ts.Fatalf("%s has no block that begins with %q", args[0], args[1])
			}
			ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(stood(ts, args[1]+block+"\n")), 0o644))
		},
		// job FILE NAME [STEP] runs the commands of a job of an example for another CI, from a step on.
		"job": func(ts *testscript.TestScript, neg bool, args []string) {
			if len(args) < 2 || len(args) > 3 {
				ts.Fatalf("job FILE NAME [STEP]")
			}
			text, err := jobScript(filepath.Join(root, args[0]), args[1], strings.Join(args[2:], ""))
			ts.Check(err)
			runText(ts, neg, text)
		},
	}
}

// packagesIn serves a directory. It takes uploads as a registry of packages does: from
// who says who he is, and nothing after index.json, by which others find the rest.
func packagesIn(dir string) http.Handler {
	files := http.FileServer(http.Dir(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut {
			files.ServeHTTP(w, r)
			return
		}
		to := filepath.Join(dir, filepath.FromSlash(path.Clean("/"+r.URL.Path)))
		user, password, _ := r.BasicAuth()
		_, err := os.Stat(filepath.Join(filepath.Dir(to), "index.json"))
		if r.Header.Get("JOB-TOKEN") != "secret" && user+":"+password != "OWNER:secret" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
		} else if err == nil {
			http.Error(w, "index.json is there already", http.StatusConflict)
		} else if err := write(to, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		} else {
			w.WriteHeader(http.StatusCreated)
		}
	})
}

// write makes a file and its directory.
func write(to string, body io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	return errors.Join(err, f.Close())
}

// stood is a text with what stands for what is not on this machine.
func stood(ts *testscript.TestScript, text string) string {
	stands := strings.Split(ts.Getenv("STANDS"), "\n")
	for i := 0; i+1 < len(stands); i += 2 {
		text = strings.ReplaceAll(text, stands[i], stands[i+1])
	}
	return text
}

// runText runs a shell's text.
func runText(ts *testscript.TestScript, neg bool, text string) {
	text = stood(ts, text)
	ts.Logf("[%s]", text)
	if err := ts.Exec("sh", "-ec", text); (err != nil) != neg {
		ts.Fatalf("%s: %v", text, err)
	}
}

// jobScript gives the commands of a job: of GitLab's, which has a script, of
// Forgejo's from a step on, "" the first, and of a Jenkinsfile's stage.
func jobScript(file, name, step string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if filepath.Ext(file) != ".yml" {
		_, stage, ok := strings.Cut(string(data), "stage('"+name+"')")
		stage, _, _ = strings.Cut(stage, "stage('")
		var lines []string
		for _, m := range regexp.MustCompile(`(?s)sh '''(.*?)'''`).FindAllStringSubmatch(stage, -1) {
			lines = append(lines, m[1])
		}
		if !ok || lines == nil {
			return "", fmt.Errorf("%s has no stage %s with commands", file, name)
		}
		return strings.Join(lines, "\n"), nil
	}
	jobs := map[string]yaml.Node{}
	if err := yaml.Unmarshal(data, &jobs); err != nil {
		return "", err
	}
	if node, ok := jobs["jobs"]; ok {
		jobs = map[string]yaml.Node{}
		if err := node.Decode(&jobs); err != nil {
			return "", err
		}
	}
	var job struct {
		Script []string
		Steps  []struct{ Name, Run string }
	}
	node := jobs[name]
	if err := node.Decode(&job); err != nil {
		return "", err
	}
	from := false
	for _, s := range job.Steps {
		if from = from || step == "" || s.Name == step; from {
			job.Script = append(job.Script, s.Run)
		}
	}
	if job.Script == nil {
		return "", fmt.Errorf("%s has no job %s with commands from step %q on", file, name, step)
	}
	return strings.Join(job.Script, "\n"), nil
}
