package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestWineDigest: what decides whether the wine stage runs reads each file that
// its tests, and the program that they build for Windows, are compiled from or
// embed, and their data.
func TestWineDigest(t *testing.T) {
	testtool.Program(t, "git")
	if _, err := os.Stat(".git"); err != nil {
		t.Skip("no checkout of git")
	}
	out, err := exec.Command("bash", "-euo", "pipefail", ".ci/wine-digest.sh", "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Fields(string(out))
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"go.mod", "go.sum", ".ci/wine.sh", ".ci/wine-digest.sh", ".ci/wine-root.sh", ".ci/pwsh.sh", "target/install.ps1", "target/src/probe.py", "examples/acceptance/windows/testdata/app/buildout.cfg"}
	fields := "-json=Dir,Module,GoFiles,EmbedFiles,TestGoFiles,XTestGoFiles,TestEmbedFiles,XTestEmbedFiles"
	for _, args := range [][]string{
		{"-test", "-tags", "wine", fields, "./examples/acceptance/windows", "./internal/install"},
		{fields, "."},
	} {
		cmd := exec.Command("go", append([]string{"list", "-deps"}, args...)...)
		if args[0] != "-test" {
			cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for d := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p struct {
				Dir                                                                             string
				Module                                                                          *struct{ Main bool }
				GoFiles, EmbedFiles, TestGoFiles, XTestGoFiles, TestEmbedFiles, XTestEmbedFiles []string
			}
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			dir, err := filepath.Rel(root, p.Dir)
			if p.Module == nil || !p.Module.Main || err != nil {
				continue
			}
			files := slices.Concat(p.GoFiles, p.EmbedFiles)
			if strings.HasPrefix(dir, "examples/acceptance/windows") || dir == "internal/install" {
				files = slices.Concat(files, p.TestGoFiles, p.XTestGoFiles, p.TestEmbedFiles, p.XTestEmbedFiles)
			}
			for _, f := range files {
				if !filepath.IsAbs(f) { // the test's main is made elsewhere
					want = append(want, filepath.Join(dir, f))
				}
			}
		}
	}
	if len(want) < 200 {
		t.Errorf("go list names %d files", len(want))
	}
	for _, f := range want {
		if !slices.Contains(listed, f) {
			t.Errorf("wine-digest.sh misses %s", f)
		}
	}
}
