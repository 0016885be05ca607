package cli

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	yaml "github.com/oasdiff/yaml3"
)

// described is an input or output of an action or a workflow.
type described struct {
	Description string
	Required    bool
}

// ownInputs are the inputs of the action that are no flag: what the action
// does itself.
var ownInputs = []string{
	"command", "directory", "image", "image_platform", "image_setup", "env", "netrc", "pip_conf", "ssh_key", "ssh_known_hosts",
	"archive", "attest", "binary", "cache", "deltas", "last", "release", "token",
}

// ownFlags are the flags that are no input: a job has its standard output as a
// log, its repository and its directory from elsewhere.
var ownFlags = []string{"json", "quiet", "hide", "repo", "dir", "step"}

// flagsOf are all flags of a command, with underscores.
func flagsOf(t *testing.T, name string) []string {
	t.Helper()
	for _, cmd := range commands() {
		if cmd.name != name {
			continue
		}
		fs := flag.NewFlagSet(name, flag.ContinueOnError)
		cmd.parse(&Command{}, fs, &common{})
		var names []string
		fs.VisitAll(func(f *flag.Flag) { names = append(names, strings.ReplaceAll(f.Name, "-", "_")) })
		return names
	}
	t.Fatalf("there is no command %s", name)
	return nil
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each input of action.yml is a flag of a command that the action runs, and
// each flag of these an input. A flag whose name means two things would be one
// input with two meanings: there is none.
func TestInputsAreFlags(t *testing.T) {
	var action struct{ Inputs, Outputs map[string]described }
	decode(t, "../../action.yml", &action)
	flags := map[string]bool{}
	for _, command := range []string{"plan", "pack", "prove", "release"} {
		for _, name := range flagsOf(t, command) {
			flags[name] = true
			if _, ok := action.Inputs[name]; !ok && !slices.Contains(ownFlags, name) {
				t.Errorf("%s --%s is no input of action.yml", command, name)
			}
		}
	}
	for name := range action.Inputs {
		if !flags[name] && !slices.Contains(ownInputs, name) {
			t.Errorf("the input %s of action.yml is no flag", name)
		}
	}
	for _, name := range slices.Concat(ownInputs, ownFlags) {
		if _, input := action.Inputs[name]; input != slices.Contains(ownInputs, name) {
			t.Errorf("%s is in the wrong list here", name)
		}
	}
}

// docs/reference.md's table has each input and output, with what action.yml says of it,
// and says which of them the reusable workflow takes.
func TestInputsInReference(t *testing.T) {
	var action struct{ Inputs, Outputs map[string]described }
	decode(t, "../../action.yml", &action)
	var workflow struct {
		On struct {
			Call struct {
				Inputs, Secrets, Outputs map[string]described
			} `yaml:"workflow_call"`
		}
	}
	decode(t, "../../.github/workflows/buildout.yml", &workflow)
	call := workflow.On.Call
	want := map[string]string{}
	for name, in := range action.Inputs {
		takes := ""
		if w, ok := call.Inputs[name]; ok {
			if takes = "yes"; w.Required {
				takes = "required"
			}
		} else if _, ok := call.Secrets[name]; ok {
			takes = "secret"
		}
		want[name] = in.Description + strings.TrimRight(" | "+takes, " ")
	}
	for name, in := range call.Inputs {
		if want[name] == "" {
			want[name] = in.Description + " | alone"
		}
	}
	compareTable(t, "input", want)
	want = map[string]string{}
	for name, out := range action.Outputs {
		takes := ""
		if _, ok := call.Outputs[name]; ok {
			takes = "yes"
		}
		want[name] = out.Description + strings.TrimRight(" | "+takes, " ")
	}
	compareTable(t, "output", want)
}

// compareTable wants docs/reference.md's table of that heading to have these rows.
func compareTable(t *testing.T, heading string, want map[string]string) {
	t.Helper()
	_, table, ok := strings.Cut(text(t, "../../docs/reference.md"), "\n| "+heading+" | ")
	table, _, _ = strings.Cut(table, "\n\n")
	if !ok {
		t.Fatalf("docs/reference.md has no table of each %s", heading)
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.*) \\|$").FindAllStringSubmatch(table, -1) {
		if got[m[1]] != "" {
			t.Errorf("docs/reference.md has %s twice", m[1])
		}
		got[m[1]] = m[2]
	}
	for name, r := range want {
		if got[name] != r {
			t.Errorf("docs/reference.md says of the %s %s %q, want\n| `%s` | %s |", heading, name, got[name], name, r)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("docs/reference.md has %s, and action.yml and buildout.yml have no such %s", name, heading)
		}
	}
}

// The reusable workflow passes each of its inputs and secrets to the action
// under the same name, but for the one that it decides by.
func TestWorkflowPassesItsInputs(t *testing.T) {
	var workflow struct {
		On struct {
			Call struct {
				Inputs, Secrets map[string]described
			} `yaml:"workflow_call"`
		}
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]string
			}
		}
	}
	decode(t, "../../.github/workflows/buildout.yml", &workflow)
	var action struct{ Inputs map[string]described }
	decode(t, "../../action.yml", &action)
	passed := map[string]bool{}
	for job, j := range workflow.Jobs {
		for _, s := range j.Steps {
			if s.Uses != "./binary-buildout" {
				continue
			}
			for name, value := range s.With {
				if _, ok := action.Inputs[name]; !ok {
					t.Errorf("job %s passes %s, and action.yml has no such input", job, name)
				}
				if strings.Contains(value, "inputs."+name+" ") || strings.Contains(value, "secrets."+name+" ") {
					passed[name] = true
				}
			}
		}
	}
	// directory is one below the checkout; name and version come from the plan where they were settled.
	for _, m := range []map[string]described{workflow.On.Call.Inputs, workflow.On.Call.Secrets} {
		for name := range m {
			if decides := name == "release" || name == "directory"; passed[name] == decides && name != "directory" {
				t.Errorf("%s: passed %v", name, passed[name])
			}
		}
	}
}

// docs/platforms.md's table has three words for how each is tested, and what
// is run by a workflow names a runner of it.
func TestPlatforms(t *testing.T) {
	_, table, ok := strings.Cut(text(t, "../../docs/platforms.md"), "\n| platform | how it is tested |\n| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if !ok || strings.Count(table, "\n") < 3 {
		t.Fatalf("docs/platforms.md has no table of platforms: %s", table)
	}
	word := regexp.MustCompile(`^\| ([^|]+) \| (run here|run by hand|run by workflow|inspected)(, \d{4}-\d\d-\d\d)?( under wine, [^|]*|, with [^|]*| \([^|]*)? \|$`)
	for row := range strings.SplitSeq(table, "\n") {
		if !word.MatchString(row) {
			t.Errorf("the row says something else: %s", row)
		}
	}
	workflow := text(t, "../../.github/workflows/selftest.yml")
	for _, runner := range []string{"ubuntu-24.04-arm", "macos-15", "macos-15-intel", "windows-2025", "windows-11-arm"} {
		if !regexp.MustCompile(`runner: \[.*\b` + regexp.QuoteMeta(runner) + `[,\]]`).MatchString(workflow) {
			t.Errorf("selftest.yml does not run on %s", runner)
		}
	}
}
