package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// Where a right is missing is said by file and line.
func TestWorkflowJob(t *testing.T) {
	const steps = "    steps:\n      - run: build:\n"
	for _, tt := range []struct{ name, text, want string }{
		{"the job's own", "on: push\njobs:\n  other:\n    permissions: {}\n  build:\n    runs-on: x\n    permissions:\n      contents: read\n", "in line 7 of .github/workflows/a.yml, of job build"},
		{"the workflow's", "on: push\npermissions: {}\njobs:\n  build:\n    runs-on: x\n" + steps + "  other:\n    permissions: {}\n", "in line 2 of .github/workflows/a.yml, of job build"},
		{"the workflow's, at its end", "jobs:\n  build:\n    runs-on: x\n\n# all\npermissions: {}\n", "in line 6 of .github/workflows/a.yml, of job build"},
		{"none", "jobs:\n  a:\n" + steps + "  build:\n" + steps, "in line 5 of .github/workflows/a.yml, of job build"},
		{"another job", "jobs:\n  builder:\n    permissions: {}\n", "in .github/workflows/a.yml, in job build"},
		{"not checked out", "", "in .github/workflows/a.yml, in job build"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, ".github", "workflows", "a.yml")
			if tt.text != "" {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			env := map[string]string{
				"GITHUB_WORKFLOW_REF": "acme/site/.github/workflows/a.yml@refs/tags/v1", "GITHUB_REPOSITORY": "acme/site", "GITHUB_JOB": "build", "GITHUB_WORKSPACE": dir,
			}
			if got := workflowJob(func(name string) string { return env[name] }); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := workflowJob(func(string) string { return "" }); got != "" {
		t.Errorf("on a laptop: %q", got)
	}
}
