package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/signtest"
	"github.com/binary-buildout/binary-buildout/release"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// TestReleasePrepare: install.sh and install.ps1 are among the documents, filled
// in from GitHub's variables, and a second run takes what the first wrote for its own.
func TestReleasePrepare(t *testing.T) {
	dir := t.TempDir()
	dist := filepath.Join(dir, "dist")
	if err := os.Mkdir(dist, 0o755); err != nil {
		t.Fatal(err)
	}
	archive := release.NewFile("site-1.0-cp313-manylinux_2_28_x86_64.tar.gz", []byte("an archive"))
	sidecar, err := json.Marshal(release.Sidecar{
		Format: release.SidecarFormat, Archive: archive.Name, Size: archive.Size, SHA256: archive.SHA256,
		Name: "site", Version: "1.0", Target: "cp313-manylinux_2_28_x86_64",
	})
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dist, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(archive.Name, archive.Data)
	write("site-1.0-cp313-manylinux_2_28_x86_64.json", sidecar)

	env := map[string]string{"GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "acme/site", "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.0"}
	var first string
	for range 2 {
		var out bytes.Buffer
		c := &Command{
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out,
			Getenv: func(name string) string { return env[name] }, Dir: dir, OS: "linux", Arch: "amd64",
		}
		if code := c.Main(context.Background(), []string{"release", "--prepare"}); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out.String())
		}
		sums, err := os.ReadFile(filepath.Join(dist, release.SumsName))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{release.InstallerName, release.WindowsInstallerName} {
			script, err := release.ReadFile(name, filepath.Join(dist, name))
			if err != nil || !strings.Contains(string(sums), script.SHA256+"  "+name+"\n") {
				t.Errorf("%v, SHA256SUMS is\n%s", err, sums)
			}
		}
		if first == "" {
			first = string(sums)
		}
		if string(sums) != first {
			t.Errorf("the second run writes\n%s\nand the first wrote\n%s", sums, first)
		}
	}
	for name, wants := range map[string][]string{
		release.InstallerName:        {"server='https://github.example'\n", "repo='acme/site'\n", "release='v1.0'\n"},
		release.WindowsInstallerName: {"('https://github.example')\n", "('acme/site')\n", "('v1.0')\n"},
	} {
		text, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
}

// Of what is attested and what is released, each is the other: no bundle of
// other files, of a job's archive alone without what lies beside it, or of
// something else than how it was made.
func TestReleaseAttestation(t *testing.T) {
	authority := signtest.New(t)
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"release", "--tag", "v1.0", "--attestation", "bundle.json"}, 1, "it is not of index.json, "},
		{[]string{"release", "--tag", "v1.0", "--step", "--expect-archives", "2", "--attestation", "bundle.json"}, 1, "it is not of site-1.0-cp313-manylinux_2_28_x86_64.json\n"},
		{[]string{"release", "--tag", "v1.0", "--sbom-attestation", "bundle.json"}, 1, "not https://cyclonedx.org/bom\n"},
		{[]string{"release", "--tag", "v1.0", "--step", "--expect-archives", "2", "--sbom-attestation", "bundle.json"}, 2, "the SBOM is of all archives"},
		{[]string{"release", "--tag", "v1.0", "--prepare", "--vex", "bundle.json"}, 2, "bundle.json isn't one"},
	} {
		dir := distOfOne(t)
		archive := release.NewFile("site-1.0-cp313-manylinux_2_28_x86_64.tar.gz", []byte("an archive"))
		bundle := authority.Sign(t, signtest.Run{Repo: "acme/site", Ref: "refs/tags/v1.0"}, signtest.Provenance, map[string]any{}, signtest.Subject{Name: archive.Name, SHA256: archive.SHA256})
		if err := os.WriteFile(filepath.Join(dir, "bundle.json"), bundle, 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := &Command{
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Dir: dir, OS: "linux", Arch: "amd64",
			Getenv: func(name string) string { return map[string]string{"GITHUB_REPOSITORY": "acme/site"}[name] },
		}
		if code := c.Main(context.Background(), tt.args); code != tt.code || !strings.Contains(out.String(), tt.want) || !strings.Contains(out.String(), "\nhint: ") {
			t.Errorf("%v: exit code %d\n%s", tt.args, code, out.String())
		}
	}
}

// distOfOne is a directory whose dist has one archive and its sidecar.
func distOfOne(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	archive := release.NewFile("site-1.0-cp313-manylinux_2_28_x86_64.tar.gz", []byte("an archive"))
	sidecar, err := json.Marshal(release.Sidecar{
		Format: release.SidecarFormat, Archive: archive.Name, Size: archive.Size, SHA256: archive.SHA256,
		Name: "site", Version: "1.0", Target: "cp313-manylinux_2_28_x86_64",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "dist"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{archive.Name: archive.Data, "site-1.0-cp313-manylinux_2_28_x86_64.json": sidecar} {
		if err := os.WriteFile(filepath.Join(dir, "dist", name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A job whose token may not write, or has expired, says what is missing, in
// which line of its workflow, and releases nothing.
func TestReleaseRights(t *testing.T) {
	for token, want := range map[string]string{
		releasetest.ReadToken: "hint: the token may not write releases: the job needs, in line 6 of .github/workflows/a.yml, of job build:\n    permissions:\n      contents: write\n",
		"ghs_expired":         "hint: the token is wrong or has expired: a GITHUB_TOKEN ends with its job, and after 24 hours\n",
	} {
		s := releasetest.New("acme/site", nil)
		defer s.Close()
		dir := distOfOne(t)
		workflow := filepath.Join(dir, ".github", "workflows", "a.yml")
		if err := os.MkdirAll(filepath.Dir(workflow), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(workflow, []byte("on: push\npermissions: {}\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    permissions: {contents: read}\n    steps: []\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		env := map[string]string{
			"GITHUB_REPOSITORY": "acme/site", "GITHUB_API_URL": s.API(), "GITHUB_TOKEN": token, "GITHUB_JOB": "build",
			"GITHUB_WORKFLOW_REF": "acme/site/.github/workflows/a.yml@refs/tags/v1.0", "GITHUB_WORKSPACE": dir,
		}
		var out bytes.Buffer
		c := &Command{
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Dir: dir, OS: "linux", Arch: "amd64",
			Getenv: func(name string) string { return env[name] },
		}
		code := c.Main(context.Background(), []string{"release", "--tag", "v1.0"})
		if code != 3 || !strings.HasSuffix(out.String(), want) || strings.Contains(out.String(), token) || len(s.Releases()) > 0 {
			t.Errorf("exit code %d, %d releases\n%s", code, len(s.Releases()), out.String())
		}
	}
}
