package signtest

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// Gh does what the command line "gh attestation verify FILE ..." does with this
// bundle and trusted root for a file of that digest: it has the flags, defaults
// and comparisons of gh 2.83.0 (pkg/cmd/attestation/verify), read there.
func Gh(t testing.TB, line string, data []byte, trustedRoot, digest string) error {
	t.Helper()
	args, ok := strings.CutPrefix(line, "gh attestation verify FILE ")
	if !ok {
		return fmt.Errorf("%q is another command", line)
	}
	var repo, owner, signerRepo, signerWorkflow, sourceRef, predicate string
	var hosted bool
	fs := flag.NewFlagSet("gh", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&repo, "repo", "", "")
	fs.StringVar(&owner, "owner", "", "")
	fs.StringVar(&signerRepo, "signer-repo", "", "")
	fs.StringVar(&signerWorkflow, "signer-workflow", "", "")
	fs.StringVar(&sourceRef, "source-ref", "", "")
	fs.StringVar(&predicate, "predicate-type", Provenance, "")
	fs.BoolVar(&hosted, "deny-self-hosted-runners", false, "")
	if err := fs.Parse(strings.Fields(args)); err != nil {
		return err
	}
	if (repo == "") == (owner == "") || fs.NArg() > 0 {
		return errors.New("one of --repo and --owner is needed, and one file")
	}
	const host = "https://github.com/"
	identity := "(?i)^" + host + repo + owner + "/"
	switch {
	case signerRepo != "":
		identity = "(?i)^" + host + signerRepo + "/"
	case signerWorkflow != "":
		identity = "^" + host + signerWorkflow
	}
	result, err := verifyAs(data, trustedRoot, digest, identity, hosted)
	if err != nil {
		return err
	}
	c := result.Signature.Certificate
	if repo != "" {
		owner, _, _ = strings.Cut(repo, "/")
	}
	for _, x := range [][3]string{
		{"source repository", host + repo, c.SourceRepositoryURI}, {"owner", host + owner, c.SourceRepositoryOwnerURI},
		{"source ref", sourceRef, c.SourceRepositoryRef}, {"issuer", Issuer, c.Issuer},
	} {
		asked := x[1] != "" && x[1] != host
		if asked && !strings.EqualFold(x[1], x[2]) {
			return fmt.Errorf("expected %s to be %s, got %s", x[0], x[1], x[2])
		}
	}
	if result.Statement.GetPredicateType() != predicate {
		return fmt.Errorf("no attestations found with predicate type: %s", predicate)
	}
	return nil
}

func verifyAs(data []byte, trustedRoot, digest, identity string, hosted bool) (*verify.VerificationResult, error) {
	trusted, err := root.NewTrustedRootFromPath(trustedRoot)
	if err != nil {
		return nil, err
	}
	v, err := verify.NewVerifier(trusted, verify.WithSignedTimestamps(1))
	if err != nil {
		return nil, err
	}
	b := new(bundle.Bundle)
	if err := b.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	san, err := verify.NewSANMatcher("", identity)
	if err != nil {
		return nil, err
	}
	issuer, err := verify.NewIssuerMatcher("", ".*")
	if err != nil {
		return nil, err
	}
	extensions := certificate.Extensions{}
	if hosted {
		extensions.RunnerEnvironment = "github-hosted"
	}
	id, err := verify.NewCertificateIdentity(san, issuer, extensions)
	if err != nil {
		return nil, err
	}
	sum, err := hex.DecodeString(digest)
	if err != nil {
		return nil, err
	}
	return v.Verify(b, verify.NewPolicy(verify.WithArtifactDigest("sha256", sum), verify.WithCertificateIdentity(id)))
}
