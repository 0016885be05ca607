package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// workflowJob says in which line of which workflow the running job is given its
// rights: the job's own permissions, else those of the workflow, else where the
// job begins. It is empty outside of a workflow, and without a line where the
// file isn't checked out.
func workflowJob(getenv func(string) string) string {
	// OWNER/REPO/.github/workflows/NAME.yml@REF
	path, _, _ := strings.Cut(getenv("GITHUB_WORKFLOW_REF"), "@")
	path, ok := strings.CutPrefix(path, getenv("GITHUB_REPOSITORY")+"/")
	job := getenv("GITHUB_JOB")
	if !ok || path == "" || job == "" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(getenv("GITHUB_WORKSPACE"), filepath.FromSlash(path)))
	if err == nil {
		if line := grantLine(string(text), job); line > 0 {
			return fmt.Sprintf("in line %d of %s, of job %s", line, path, job)
		}
	}
	return fmt.Sprintf("in %s, in job %s", path, job)
}

// grantLine finds that line by the indentation; 0 if there is no such job.
func grantLine(text, job string) int {
	workflow, begin := 0, 0
	inJobs, inJob := false, false
	depth := 0 // of the job's own line
	for n, line := range strings.Split(text, "\n") {
		key := strings.TrimSpace(line)
		if key == "" || strings.HasPrefix(key, "#") {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		granted := strings.HasPrefix(key, "permissions:")
		switch {
		case indent == 0:
			inJobs, inJob = strings.HasPrefix(key, "jobs:"), false
			if granted {
				workflow = n + 1
			}
		case inJobs && !inJob && strings.HasPrefix(key, job+":"):
			inJob, begin, depth = true, n+1, indent
		case inJob && indent <= depth:
			inJob = false
		case inJob && granted:
			return n + 1
		}
	}
	if begin > 0 && workflow > 0 {
		return workflow
	}
	return begin
}
