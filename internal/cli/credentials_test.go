package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/pack"
)

// When the proof starts, the credentials are gone, and nothing else is.
func TestProofFindsNoCredentials(t *testing.T) {
	home := t.TempDir()
	for _, name := range append(credentialFiles(), ".gitconfig") {
		writeFile(t, filepath.Join(home, name), "secret")
	}
	for _, dir := range []string{"", home, home} { // the second time there is nothing left to remove
		var out bytes.Buffer
		c := &Command{Stderr: &out, Stdout: &out, Dir: home, OS: "linux", Arch: "amd64", Getenv: func(k string) string {
			if k == "BINARY_BUILDOUT_CREDENTIALS" {
				return dir
			}
			return ""
		}}
		p := &packing{Command: c, ui: c.ui(&common{quiet: true}), flags: &packFlags{}}
		w := &job.Written{
			Planned: &job.Planned{
				Verified: &job.Verified{Listed: &job.Listed{Gated: &job.Gated{Built: &job.Built{Tree: &buildout.Tree{}}}}},
				Plan:     &pack.Plan{Report: &pack.Report{}},
			},
			File: job.File{Path: filepath.Join(home, "dist/none.tar.gz")},
		}
		if _, err := p.prove(context.Background(), w); err == nil {
			t.Fatal("an archive that isn't there is proved")
		}
		for _, name := range credentialFiles() {
			if _, err := os.Stat(filepath.Join(home, name)); (err == nil) != (dir == "") {
				t.Errorf("%q: %s: %v", dir, name, err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(home, ".gitconfig")); err != nil {
		t.Error(err)
	}
}
