// Package bench_test runs the benchmarks' own programs on costs that are given.
package bench_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestFall: a pull request fails where something lost a fifth of its speed, and where nothing was measured.
func TestFall(t *testing.T) {
	bash := testtool.Program(t, "bash")
	for _, tt := range []struct {
		name, verify, archive string // what the new program costs; the old one takes 2 seconds
		code                  int
		want                  string
	}{
		{"the same", "2", "2", 0, "| archive | 1.00 |  |"},
		{"a sixth slower", "2", "2.4", 0, "| archive | 1.20 |  |"},
		{"faster", "1", "2", 0, "| verify | 0.50 |  |"},
		{"a fifth slower", "2", "2.6", 1, "| archive | 1.30 | a fifth slower |"},
		{"not measured", "", "2", 1, "| verify |  | not measured |"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"old", "new"} {
				if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			meter := filepath.Join(dir, "meter")
			const script = "#!/bin/sh\ncase $1:${2##*/} in verify:new) echo \"$VERIFY\" ;; archive:new) echo \"$ARCHIVED\" ;; *) echo 2 ;; esac\n"
			if err := os.WriteFile(meter, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(bash, "fall.sh", filepath.Join(dir, "old"), filepath.Join(dir, "new"), "3")
			cmd.Env = append(os.Environ(), "PYTHON=none", "TREE="+dir, "METER="+meter, "VERIFY="+tt.verify, "ARCHIVED="+tt.archive)
			out, err := cmd.Output()
			if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(string(out), tt.want+"\n") {
				t.Errorf("%v: ended with %d\n%s", err, code, out)
			}
		})
	}
}
