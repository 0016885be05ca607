package release

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/signtest"
)

// subjects are the files that SHA256SUMS lists.
func subjects(sums string) []signtest.Subject {
	var all []signtest.Subject
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		all = append(all, signtest.Subject{Name: name, SHA256: sum})
	}
	return all
}

var ownRun = signtest.Run{Repo: "acme/site", Ref: "refs/tags/v1.0"}

func TestCheckProvenance(t *testing.T) {
	authority := signtest.New(t)
	set := gathered(t)
	all := files(t, set)
	sums := string(byName(all, SumsName).Data)
	set.Tag = "v1.1"
	other := string(byName(files(t, set), SumsName).Data)
	sign := func(predicate, sums string) []byte {
		return authority.Sign(t, ownRun, predicate, map[string]any{}, subjects(sums)...)
	}
	for _, tt := range []struct {
		name   string
		bundle []byte
		want   string
	}{
		{"of all", sign(signtest.Provenance, sums), ""},
		{"of more", sign(signtest.Provenance, sums+strings.Repeat("0", 64)+"  manual.pdf\n"), ""},
		{"of another tag's", sign(signtest.Provenance, other), "it is not of index.json"},
		{"of one", sign(signtest.Provenance, sums[:strings.Index(sums, "\n")+1]), "it is not of install.sh, "},
		{"of what they consist of", sign(signtest.SBOM, sums), `its type is "https://cyclonedx.org/bom", not https://slsa.dev/provenance/v1`},
		{"of an older form", sign("https://slsa.dev/provenance/v0.2", sums), "not https://slsa.dev/provenance/v1"},
		{"by no workflow", []byte(`{"dsseEnvelope": {"payload": "e30="}}`), "it has no certificate"},
		{"empty", []byte("{}"), "isn't a Sigstore bundle"},
		{"no JSON", []byte("signed"), "isn't a Sigstore bundle"},
	} {
		a, err := ReadAttestation(tt.bundle)
		if err == nil {
			err = a.CheckProvenance(all)
		}
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestCheckSBOMAttestation: an SBOM's attestation is of the file that the release has, and
// of each archive.
func TestCheckSBOMAttestation(t *testing.T) {
	authority := signtest.New(t)
	set := gathered(t)
	sbom := byName(files(t, set), SBOMName("site", "1.0"))
	var document map[string]any
	if err := json.Unmarshal(sbom.Data, &document); err != nil {
		t.Fatal(err)
	}
	var archives []signtest.Subject
	for _, a := range set.Archives {
		archives = append(archives, signtest.Subject{Name: a.File.Name, SHA256: a.File.SHA256})
	}
	sign := func(predicate string, content any, subjects ...signtest.Subject) []byte {
		return authority.Sign(t, ownRun, predicate, content, subjects...)
	}
	for _, tt := range []struct {
		name   string
		bundle []byte
		want   string
	}{
		{"of this", sign(signtest.SBOM, document, archives...), ""},
		{"of another", sign(signtest.SBOM, map[string]any{"bomFormat": "CycloneDX"}, archives...), "of another bill of materials than site-1.0.cdx.json"},
		{"of one archive", sign(signtest.SBOM, document, archives[0]), "it is not of " + archives[1].Name},
		{"provenance", sign(signtest.Provenance, document, archives...), "not https://cyclonedx.org/bom"},
	} {
		a, err := ReadAttestation(tt.bundle)
		if err == nil {
			err = a.CheckSBOM(sbom, set.Archives)
		}
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestVerifyLine: the line in the release's text succeeds as gh runs it, for who
// calls the reusable workflow and for who doesn't, and fails for what another
// repository, workflow or ref signed.
func TestVerifyLine(t *testing.T) {
	authority := signtest.New(t)
	trusted := authority.TrustedRoot(t)
	set := gathered(t)
	archive := set.Archives[0].File
	sign := func(r signtest.Run, predicate string) []byte {
		return authority.Sign(t, r, predicate, map[string]any{}, signtest.Subject{Name: archive.Name, SHA256: archive.SHA256})
	}
	with := func(change func(*signtest.Run)) signtest.Run { r := ownRun; change(&r); return r }
	own := with(func(r *signtest.Run) { r.Workflow = "acme/site/.github/workflows/release.yml@refs/tags/v1.0" })
	branch := with(func(r *signtest.Run) { r.Ref = "refs/heads/feature#1" })
	elsewhere := with(func(r *signtest.Run) { r.Runner = "self-hosted" })
	for _, tt := range []struct {
		name string
		run  signtest.Run
		line string
		not  []signtest.Run
	}{
		{
			"reusable", ownRun,
			"gh attestation verify FILE --repo acme/site --signer-workflow binary-buildout/binary-buildout/.github/workflows/buildout.yml --source-ref refs/tags/v1.0 --deny-self-hosted-runners",
			[]signtest.Run{own, branch, elsewhere, with(func(r *signtest.Run) { r.Repo = "acme/other" }), with(func(r *signtest.Run) { r.Issuer += "/acme" })},
		},
		{
			"own", own,
			"gh attestation verify FILE --repo acme/site --signer-workflow acme/site/.github/workflows/release.yml --source-ref refs/tags/v1.0 --deny-self-hosted-runners",
			[]signtest.Run{ownRun},
		},
		{
			"runner of their own", elsewhere,
			"gh attestation verify FILE --repo acme/site --signer-workflow binary-buildout/binary-buildout/.github/workflows/buildout.yml --source-ref refs/tags/v1.0",
			[]signtest.Run{branch},
		},
	} {
		bundle := sign(tt.run, signtest.Provenance)
		a, err := ReadAttestation(bundle)
		if err != nil {
			t.Fatal(err)
		}
		set.Signer = &a.Signer
		line := regexp.MustCompile("(?m)^gh attestation verify .*$").FindString(set.Notes())
		if line != tt.line {
			t.Errorf("%s: %s\nwant %s", tt.name, line, tt.line)
		}
		if err := signtest.Gh(t, line, bundle, trusted, archive.SHA256); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err := signtest.Gh(t, line, sign(tt.run, signtest.SBOM), trusted, archive.SHA256); err == nil {
			t.Errorf("%s: an SBOM's attestation passes for provenance", tt.name)
		}
		for _, r := range tt.not {
			if err := signtest.Gh(t, line, sign(r, signtest.Provenance), trusted, archive.SHA256); err == nil {
				t.Errorf("%s: it takes what %+v signed", tt.name, r)
			}
		}
	}
	// Whoever reads the README has the line before there is a release.
	a, err := ReadAttestation(sign(ownRun, signtest.Provenance))
	if err != nil {
		t.Fatal(err)
	}
	set.Signer = &a.Signer
	line := regexp.MustCompile("(?m)^gh attestation verify .*$").FindString(set.Notes())
	for _, page := range []string{"../README.md", "../docs/server.md"} {
		text, err := os.ReadFile(page)
		if err != nil || !strings.Contains(string(text), "    $ "+strings.NewReplacer("acme/site", "OWNER/REPO", "v1.0", "TAG").Replace(line)+"\n") {
			t.Errorf("%s doesn't have the line: %v", page, err)
		}
	}
	// What gh does by itself fails for the reusable workflow, which is why the line is there (cli/cli#9045).
	if err := signtest.Gh(t, "gh attestation verify FILE --repo acme/site", sign(ownRun, signtest.Provenance), trusted, archive.SHA256); err == nil {
		t.Error("gh takes it without --signer-workflow")
	}
	a, err = ReadAttestation(sign(branch, signtest.Provenance))
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]bool{"v1.0": true, "": false} {
		set.Tag, set.Signer = tag, &a.Signer
		if got := strings.Contains(set.Notes(), "`binary-buildout install` needs `--source-ref refs/heads/feature#1`"); got != want {
			t.Errorf("the text for %q: %s", tag, set.Notes())
		}
	}
	if !strings.Contains(a.Signer.Verify("FILE"), " --source-ref 'refs/heads/feature#1' ") {
		t.Errorf("%+v, %v", a, err)
	}
}
