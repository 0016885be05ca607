package fetch

import (
	"os"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/signtest"
)

// TestTrust: of an attestation count its type, the repository, the ref and the
// workflow of the run, its runner, and that it is of the archive and of the index
// that named it.
func TestTrust(t *testing.T) {
	t.Parallel()
	authority := signtest.New(t)
	root, err := os.ReadFile(authority.TrustedRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := loadRoots(string(root))
	if err != nil {
		t.Fatal(err)
	}
	const name = "site-1.0-cp313-linux_x86_64.tar.gz"
	digest, index := strings.Repeat("a", 64), strings.Repeat("b", 64)
	type of struct {
		run       signtest.Run
		predicate string
		index     string
	}
	ours := of{signtest.Run{Repo: "acme/site", Ref: "refs/tags/v1.0"}, signtest.Provenance, index}
	signed := func(change func(*of)) of { x := ours; change(&x); return x }
	own := signed(func(x *of) { x.run.Workflow = "acme/site/.github/workflows/release.yml@refs/tags/v1.0" })
	asked := func(change func(*claim)) claim {
		c := claim{Trust: Trust{SourceRepo: "acme/site"}, server: "https://github.com", tag: "v1.0", name: name, sha256: digest, index: index}
		change(&c)
		return c
	}
	usual := asked(func(*claim) {})
	const reusable = "binary-buildout/binary-buildout/.github/workflows/buildout.yml"
	for _, tt := range []struct {
		name   string
		signed of
		claim  claim
		want   string // of the error, or the signer
	}{
		{"usual", ours, usual, reusable + "@refs/tags/v1"},
		{"own workflow", own, usual, "acme/site/.github/workflows/release.yml@refs/tags/v1.0"},
		{"own workflow, in other letters", own, asked(func(c *claim) { c.SourceRepo = "Acme/Site" }), "acme/site/.github/workflows/release.yml@refs/tags/v1.0"},

		{"SBOM", signed(func(x *of) { x.predicate = signtest.SBOM }), usual, "error: it has the type https://cyclonedx.org/bom, and a statement of how a file was made has"},
		{"older provenance", signed(func(x *of) { x.predicate = "https://slsa.dev/provenance/v0.2" }), usual, "error: it has the type https://slsa.dev/provenance/v0.2"},
		{"own predicate", signed(func(x *of) { x.predicate = "https://slsa.dev/provenance/v1.acme.example" }), usual, "error: it has the type"},

		{"a branch's", signed(func(x *of) { x.run.Ref = "refs/heads/v1.0" }), usual, "error: it was made for refs/heads/v1.0, and the release is v1.0"},
		{"another tag's", signed(func(x *of) { x.run.Ref = "refs/tags/v0.9" }), usual, "error: it was made for refs/tags/v0.9, and the release is v1.0"},
		{"a pull request's", signed(func(x *of) { x.run.Ref = "refs/pull/1/merge" }), asked(func(c *claim) { c.tag = "" }), "error: it was made for refs/pull/1/merge, which isn't a tag"},
		{"any tag's, where none is known", signed(func(x *of) { x.run.Ref = "refs/tags/v0.9" }), asked(func(c *claim) { c.tag = "" }), reusable + "@refs/tags/v1"},
		{"a branch's, as asked", signed(func(x *of) { x.run.Ref = "refs/heads/main" }), asked(func(c *claim) { c.SourceRef = "refs/heads/main" }), reusable + "@refs/tags/v1"},
		{"a tag's, where a branch is asked", ours, asked(func(c *claim) { c.SourceRef = "refs/heads/main" }), "error: it was made for refs/tags/v1.0, not for refs/heads/main"},

		{"another repository's workflow", signed(func(x *of) { x.run.Workflow = "acme/other/.github/workflows/buildout.yml@refs/tags/v1" }), usual, "error: it was signed by the workflow acme/other/"},
		{"a longer repository's", signed(func(x *of) { x.run.Workflow = "acme/site2/.github/workflows/a.yml@refs/tags/v1" }), usual, "error: it was signed by the workflow acme/site2/"},
		{"another workflow of ours", signed(func(x *of) {
			x.run.Workflow = "binary-buildout/binary-buildout/.github/workflows/test.yml@refs/tags/v1"
		}), usual, "error: it was signed by the workflow binary-buildout/binary-buildout/.github/workflows/test.yml"},
		{"a longer name", signed(func(x *of) { x.run.Workflow = reusable + ".yml@refs/tags/v1" }), asked(func(c *claim) { c.SignerWorkflow = reusable }), "error: it was signed by the workflow " + reusable + ".yml"},
		{"the asked workflow", signed(func(x *of) { x.run.Workflow = "acme/shared/.github/workflows/a.yml@refs/heads/main" }), asked(func(c *claim) { c.SignerWorkflow = "Acme/shared/.github/workflows/a.yml" }), "acme/shared/.github/workflows/a.yml@refs/heads/main"},
		{"the asked workflow at its ref", signed(func(x *of) { x.run.Workflow = "acme/shared/.github/workflows/a.yml@refs/heads/main" }), asked(func(c *claim) { c.SignerWorkflow = "acme/shared/.github/workflows/a.yml@refs/tags/v1" }), "error: it was signed by the workflow acme/shared/.github/workflows/a.yml@refs/heads/main, not by"},
		{"our own, where another is asked", ours, asked(func(c *claim) { c.SignerWorkflow = "acme/shared/.github/workflows/a.yml" }), "error: it was signed by the workflow " + reusable},

		{"a runner of their own", signed(func(x *of) { x.run.Runner = "self-hosted" }), usual, reusable + "@refs/tags/v1"},
		{"a runner of their own, refused", signed(func(x *of) { x.run.Runner = "self-hosted" }), asked(func(c *claim) { c.DenySelfHosted = true }), "error: a runner signed it that isn't GitHub's own"},
		{"GitHub's runner", ours, asked(func(c *claim) { c.DenySelfHosted = true }), reusable + "@refs/tags/v1"},

		{"another server's", signed(func(x *of) { x.run.Server = "https://github.example" }), usual, "error: it was signed by a workflow of https://github.example/acme/site"},
		{"another issuer's", signed(func(x *of) { x.run.Issuer = signtest.Issuer + "/acme" }), usual, "error: the signer was vouched for by"},
		{"another index", signed(func(x *of) { x.index = strings.Repeat("c", 64) }), usual, "error: it isn't about the index.json that is there"},
		{"an archive's alone", signed(func(x *of) { x.index = strings.Repeat("c", 64) }), asked(func(c *claim) { c.index = "" }), reusable + "@refs/tags/v1"},
	} {
		bundle := authority.Sign(t, tt.signed.run, tt.signed.predicate, map[string]any{}, signtest.Subject{Name: name, SHA256: digest}, signtest.Subject{Name: IndexName, SHA256: tt.signed.index})
		got, err := trusted.verifyAttestation(bundle, tt.claim)
		if err != nil {
			got = "error: " + err.Error()
		}
		if want, refused := strings.CutPrefix(tt.want, "error: "); got != tt.want && (!refused || err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTrustCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		trust Trust
		want  string
	}{
		{Trust{}, ""},
		{Trust{SourceRepo: "acme/site", SourceRef: "refs/heads/a b", SignerWorkflow: "acme/site/.github/workflows/a.yml@refs/tags/v1"}, ""},
		{Trust{SourceRepo: "../x"}, "isn't OWNER/REPO"},
		{Trust{SourceRef: "v1.0"}, "isn't a ref"},
		{Trust{SignerWorkflow: "a.yml"}, "isn't a workflow"},
		{Trust{SignerWorkflow: "github.com/acme/site/.github/workflows/a.yml"}, "isn't a workflow"},
		{Trust{TrustedRoot: "{}"}, "trusted root"},
	} {
		if err := tt.trust.Check(); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt.trust, err)
		}
	}
}

// TestTrustOver: what isn't said now is as it was, and what is said can be less.
func TestTrustOver(t *testing.T) {
	t.Parallel()
	before := Trust{RequireAttestation: true, SourceRepo: "acme/site", SourceRef: "refs/heads/main", SignerWorkflow: "w", DenySelfHosted: true, TrustedRoot: "r"}
	for _, tt := range []struct {
		now, want Trust
		said      []string
	}{
		{Trust{}, before, nil},
		{Trust{}, Trust{}, []string{SaidRequire, SaidSourceRepo, SaidSourceRef, SaidSignerWorkflow, SaidDenySelfHosted, SaidTrustedRoot}},
		{Trust{SourceRepo: "acme/new"}, func() Trust { t := before; t.SourceRepo = "acme/new"; return t }(), nil},
		{Trust{}, func() Trust { t := before; t.RequireAttestation = false; return t }(), []string{SaidRequire, "python"}},
	} {
		if got := tt.now.Over(before, tt.said...); got != tt.want {
			t.Errorf("%+v, %q: %+v", tt.now, tt.said, got)
		}
	}
	if got := before.Over(Trust{}); got != before {
		t.Errorf("%+v", got)
	}
}

func TestSignedWords(t *testing.T) {
	t.Parallel()
	for signer, want := range map[string]string{
		signtest.Reusable: "signed by " + signtest.Reusable,
		"acme/site/.github/workflows/a.yml@refs/tags/v1":   "signed by acme/site/.github/workflows/a.yml@refs/tags/v1, a workflow of the repository itself, not by binary-buildout's",
		"acme/shared/.github/workflows/a.yml@refs/tags/v1": "signed by acme/shared/.github/workflows/a.yml@refs/tags/v1, not by binary-buildout's workflow",
	} {
		if got := signedWords(signer, "Acme/site"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
