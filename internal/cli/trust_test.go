//go:build unix

package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/signtest"
)

// TestOwnerTrust: what root asks of the attestation at install, by a trusted root
// that only root can read, holds in the process of the owner, and for each update.
func TestOwnerTrust(t *testing.T) {
	y := newYard(t)
	authority := signtest.New(t)
	roots := authority.TrustedRoot(t)
	if err := os.Chmod(roots, 0o600); err != nil {
		t.Fatal(err)
	}
	dist := t.TempDir()
	signed := func(versions ...string) {
		t.Helper()
		var subjects []signtest.Subject
		for _, version := range versions {
			data, err := os.ReadFile(y.archives[version])
			if err == nil {
				err = os.WriteFile(filepath.Join(dist, filepath.Base(y.archives[version])), data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(data)
			subjects = append(subjects, signtest.Subject{Name: filepath.Base(y.archives[version]), SHA256: hex.EncodeToString(sum[:])})
		}
		bundle := authority.Sign(t, signtest.Run{Repo: "acme/site", Ref: "refs/tags/v1.0"}, signtest.Provenance, map[string]any{}, subjects...)
		if err := os.WriteFile(filepath.Join(dist, "attestation.sigstore.json"), bundle, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	signed("1.0", "2.0")
	one, two := filepath.Join(dist, filepath.Base(y.archives["1.0"])), filepath.Join(dist, filepath.Base(y.archives["2.0"]))
	place := filepath.Join(y.dir, "app")
	ask := []string{"install", one, "--into", place, "--python", y.python, "--owner", "nobody", "--require-attestation", "--source-repo", "acme/site"}
	if code, out := y.run(t, ask...); code != 1 || !strings.Contains(out, "checking the attestation of ") {
		t.Errorf("without the trusted root: exit code %d\n%s", code, out)
	}
	if code, out := y.run(t, append(ask, "--trusted-root", roots)...); code != 0 || !strings.Contains(out, "signed by "+signtest.Reusable) {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	belongs(t, place, nobody, nobody)
	signed("1.0")
	if code, out := y.run(t, "update", place, two); code != 1 || !strings.Contains(out, "checking the attestation of ") {
		t.Errorf("an update to what isn't attested: exit code %d\n%s", code, out)
	}
	signed("1.0", "2.0")
	if code, out := y.run(t, "update", place, two); code != 0 || !strings.Contains(out, "signed by "+signtest.Reusable) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	belongs(t, place, nobody, nobody)
	if ran := y.ranAs(t); ran != "65534" {
		t.Errorf("the interpreter ran as %q", ran)
	}
}

// TestTrustFlags: --signer-repo is the old name of --source-repo, and says so;
// what can't be asked is refused before anything is looked at.
func TestTrustFlags(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "site-1.0-cp313-linux_x86_64.tar.gz")
	for path, text := range map[string]string{archive: "an archive", filepath.Join(dir, "none.json"): "{}"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"--signer-repo=acme/site", "--require-attestation"}, 1, []string{"--signer-repo is called --source-repo: for gh it is the repository of the workflow that signs", "has no attestation.sigstore.json"}},
		{[]string{"--signer-repo=acme/site", "--source-repo=acme/other"}, 2, []string{"name two repositories"}},
		{[]string{"--source-repo=acme"}, 2, []string{"isn't OWNER/REPO"}},
		{[]string{"--source-ref=main"}, 2, []string{`"main" isn't a ref`, "refs/heads/BRANCH"}},
		{[]string{"--signer-workflow=release.yml"}, 2, []string{"isn't a workflow", "OWNER/REPO/.github/workflows/NAME.yml"}},
		{[]string{"--deny-self-hosted-runners"}, 2, []string{"name the repository with --source-repo OWNER/REPO"}},
		{[]string{"--trusted-root=none.json"}, 2, []string{"reading the trusted root", "gh attestation trusted-root >FILE"}},
		{[]string{"--trusted-root=lacking.json"}, 2, []string{"reading the trusted root", "lacking.json"}},
	} {
		var out bytes.Buffer
		c := &Command{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Dir: dir, OS: "linux", Arch: "amd64"}
		code := c.Main(context.Background(), append([]string{"install", archive, "--into", filepath.Join(dir, "app")}, tt.args...))
		for _, want := range tt.want {
			if code != tt.code || !strings.Contains(out.String(), want) {
				t.Errorf("%q: exit code %d, want %d and %s\n%s", tt.args, code, tt.code, want, out.String())
			}
		}
	}
}
