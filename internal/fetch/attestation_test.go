package fetch

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readBundle(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "attestation", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestVerifyAttestation holds bundles that GitHub really made against the
// embedded roots, without a network.
func TestVerifyAttestation(t *testing.T) {
	t.Parallel()
	trusted, err := loadRoots("")
	if err != nil {
		t.Fatal(err)
	}
	good := claim{
		Trust: Trust{
			SourceRepo: "malancas/attest-demo", SourceRef: "refs/heads/main", SignerWorkflow: "github/artifact-attestations-workflows/.github/workflows/attest.yml",
		},
		server: "https://github.com",
		name:   "github_provenance_demo-0.0.0-py3-none-any.whl",
		sha256: "49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25",
	}
	with := func(change func(*claim)) claim { c := good; change(&c); return c }
	real := string(readBundle(t, "reusable-workflow.sigstore.json"))
	// A space more in the statement is the same JSON under another digest.
	altered := regexp.MustCompile(`"payload": *"eyJf`).ReplaceAllString(real, `"payload":"eyAgIl`)
	if altered == real {
		t.Fatal("nothing was altered")
	}
	private := string(readBundle(t, "private-repository.sigstore.json"))
	privateClaim := claim{
		Trust: Trust{SourceRepo: "actions/attest-demo", SourceRef: "refs/heads/main"}, server: "https://github.com",
		name: "github_provenance_demo-0.0.12-py3-none-any.whl", sha256: "ae57936def59bc4c75edd3a837d89bcefc6d3a5e31d55a6fa7a71624f92c3c3b",
	}
	for _, tt := range []struct {
		name, bundle string
		claim        claim
		want         string // of the error; empty: accepted
	}{
		{"as it is", real, good, ""},
		{"in other letters", real, with(func(c *claim) { c.SourceRepo = "Malancas/Attest-Demo" }), ""},
		{"second line", string(readBundle(t, "custom-issuer.sigstore.json")) + "\n" + real, good, ""},
		{"another repository", real, with(func(c *claim) { c.SourceRepo = "acme/site" }),
			"signed by a workflow of https://github.com/malancas/attest-demo, not of https://github.com/acme/site"},
		{"the signer's workflow alone", real, with(func(c *claim) { c.SourceRepo = "github/artifact-attestations-workflows" }), "not of"},
		{"nothing of the workflow is said", real, with(func(c *claim) { c.SignerWorkflow = "" }), "neither binary-buildout/binary-buildout/"},
		{"nothing of the ref is said", real, with(func(c *claim) { c.SourceRef = "" }), "it was made for refs/heads/main, which isn't a tag"},
		{"a longer repository", real, with(func(c *claim) { c.SourceRepo += "2" }), "not of"},
		{"altered digest", real, with(func(c *claim) { c.sha256 = strings.Repeat("0", 64) }), "digest"},
		{"another name", real, with(func(c *claim) { c.name = "x.whl" }), "another name than x.whl"},
		{"altered statement", altered, good, "payload hash"},
		{"another issuer", string(readBundle(t, "custom-issuer.sigstore.json")), claim{
			Trust: Trust{SourceRepo: "too-legit/attest", SourceRef: "refs/heads/main"}, server: "https://github.com",
			name: "artifact", sha256: "afa27b44d43b02a9fea41d13cedc2e4016cfcf87c5dbf990e593669aa8ce286d",
		}, "hammer-time, not by"},
		{"a private repository's", private, privateClaim, ""},
		{"another private repository", private, claim{Trust: Trust{SourceRepo: "acme/site"}, server: privateClaim.server, name: privateClaim.name, sha256: privateClaim.sha256}, "not of https://github.com/acme/site"},
		{"altered digest of a private one", private, claim{Trust: privateClaim.Trust, server: privateClaim.server, name: privateClaim.name, sha256: strings.Repeat("0", 64)}, "digest"},
		{"empty", "", good, "empty"},
		{"no JSON", "x", good, "reading the attestation"},
		{"no bundle", "{}", good, "media type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := trusted.verifyAttestation([]byte(tt.bundle), tt.claim)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// TestAttested: of an asset whose attestation is right nothing else is said.
func TestAttested(t *testing.T) {
	dir := filepath.Join("testdata", "attestation")
	bundle := func(context.Context, string) ([]byte, error) {
		return readBundle(t, "reusable-workflow.sigstore.json"), nil
	}
	asset := Asset{Name: "github_provenance_demo-0.0.0-py3-none-any.whl", SHA256: "49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25"}
	at, err := attest(t.Context(), Request{Trust: Trust{
		RequireAttestation: true, SourceRepo: "malancas/attest-demo", SourceRef: "refs/heads/main", SignerWorkflow: "github/artifact-attestations-workflows/.github/workflows/attest.yml",
	}}, evidence{name: dir, document: bundle, archive: asset.Name}, asset)
	if err != nil || at.state != attestationVerified || at.signer != "github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d" || len(at.warnings) > 0 {
		t.Errorf("%+v, %v", at, err)
	}
}
