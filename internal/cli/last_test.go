package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// TestShowLast: a workflow's next step builds on the last archive, and makes a
// delta from each.
func TestShowLast(t *testing.T) {
	output := filepath.Join(t.TempDir(), "output")
	var out bytes.Buffer
	c := &Command{Stdout: &out, Getenv: func(name string) string {
		return map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": output}[name]
	}}
	if err := c.showLast(&fetch.LastArchive{Path: "/last/2.0", Earlier: []string{"/last/1.9", "/last/1.8"}}); err != nil {
		t.Fatal(err)
	}
	got := text(t, output)
	if !regexp.MustCompile("^reuse<<(.*)\n/last/2.0\n.*\nsince<<(.*)\n/last/2.0\n/last/1.9\n/last/1.8\n").MatchString(got) || out.String() != "/last/2.0\n/last/1.9\n/last/1.8\n" {
		t.Errorf("%s%s", got, out.String())
	}
}

// TestLastUnattested: an archive without an attestation isn't given to a build
// that will be attested; that fails no build, and the log says so.
func TestLastUnattested(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"buildout.cfg": "[buildout]\nparts =\n", "site-0.9-cp313-linux_x86_64.tar.gz": "an archive", "output": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		flag, stdout, stderr string
	}{
		{"--require-attestation", "", "nothing is reused, and everything is built: checking the attestation: " + dir + " has no attestation.sigstore.json\n"},
		{"--require-attestation=false", filepath.Join(dir, "site-0.9-cp313-linux_x86_64.tar.gz") + "\n", ""},
	} {
		var out, errs bytes.Buffer
		c := &Command{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Dir: dir, OS: "linux", Arch: "amd64", Getenv: func(name string) string {
			return map[string]string{"GITHUB_REPOSITORY": "acme/site", "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": filepath.Join(dir, "output")}[name]
		}}
		code := c.Main(context.Background(), []string{"last", "--name=site", "--version=1.0", tt.flag, "--archive=site-0.9-cp313-linux_x86_64.tar.gz", "."})
		output, err := os.ReadFile(filepath.Join(dir, "output"))
		if err != nil || code != 0 || !strings.Contains(errs.String(), tt.stderr) || !strings.HasSuffix(out.String(), tt.stdout) || strings.Contains(string(output), "reuse") != (tt.stdout != "") {
			t.Errorf("%s: exit code %d, %v\n%s%s%s", tt.flag, code, err, out.String(), errs.String(), output)
		}
	}
}
