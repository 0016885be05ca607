package fetch

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// AttestationName is the bundle's name on a release and in a mirror.
const AttestationName = "attestation.sigstore.json"

// githubIssuer is who says of a signer that it is a workflow of GitHub.
const githubIssuer = "https://token.actions.githubusercontent.com"

// githubOrganization is in the issuer of certificates that GitHub's own
// instance of Sigstore gives, which is for private repositories.
const githubOrganization = "GitHub, Inc."

// publicRoot is the trusted root of Sigstore's public instance, as the PyPI
// project sigstore 4.5.1 brings it.
//
//go:embed trusted_root.json
var publicRoot []byte

// githubRoot is the trusted root of GitHub's own instance, as the crate
// sigstore-trust-root 0.15.1 of the Sigstore project brings it.
//
//go:embed trusted_root_github.json
var githubRoot []byte

// slsaProvenance is what says how something was made; actions/attest and gh know
// no other version of it. An SBOM's attestation of the same workflow says less.
const slsaProvenance = "https://slsa.dev/provenance/v1"

// roots are those whose signatures count.
type roots struct {
	material root.TrustedMaterial
	// transparency asks what Sigstore's public instance promises: the
	// certificate and the signature are in logs that anybody can read.
	transparency []verify.VerifierOption
}

// loadRoots reads the embedded roots and further ones, one JSON document or one
// a line.
func loadRoots(further string) (*roots, error) {
	material := root.TrustedMaterialCollection{}
	add := func(data []byte) error {
		r, err := root.NewTrustedRootFromJSON(data)
		if err == nil {
			material = append(material, r)
		}
		return err
	}
	for _, embedded := range [][]byte{publicRoot, githubRoot} {
		if err := add(embedded); err != nil {
			return nil, fmt.Errorf("reading an embedded trusted root: %w", err)
		}
	}
	if err := eachDocument([]byte(further), add); err != nil {
		return nil, fault.Usage(fmt.Errorf("reading the trusted root that was given: %w", err), "make it with: gh attestation trusted-root >FILE")
	}
	return &roots{material: material, transparency: []verify.VerifierOption{
		verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1),
	}}, nil
}

// claim is what an attestation has to say: that a workflow that counts made the
// file, for the release.
type claim struct {
	Trust
	server string // "https://github.com"
	tag    string // the release's, "" if it isn't known
	name   string
	sha256 string
	index  string // SHA-256 of index.json, where that has to be attested too
}

// verifyAttestation accepts a file of bundles, one document or one a line, if
// one of them makes the claim. It gives the workflow that signed.
func (t *roots) verifyAttestation(data []byte, c claim) (signer string, err error) {
	var refused []error
	err = eachDocument(data, func(document []byte) error {
		b := new(bundle.Bundle)
		by, err := "", b.UnmarshalJSON(document)
		if err == nil {
			by, err = t.verifyBundle(b, c)
		}
		if err == nil {
			signer = by
		} else {
			refused = append(refused, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the attestation: %w", err)
	case signer != "":
		return signer, nil
	case len(refused) == 0:
		return "", errors.New("reading the attestation: it is empty")
	}
	return "", errors.Join(refused...)
}

func (t *roots) verifyBundle(b *bundle.Bundle, c claim) (signer string, err error) {
	digest, err := hex.DecodeString(c.sha256)
	if err != nil {
		return "", fmt.Errorf("reading the digest: %w", err)
	}
	content, err := b.VerificationContent()
	if err != nil {
		return "", fmt.Errorf("reading the bundle: %w", err)
	}
	if content.Certificate() == nil {
		return "", errors.New("it is signed with a bare key, not with a certificate of a workflow")
	}
	options := t.transparency
	if slices.Contains(content.Certificate().Issuer.Organization, githubOrganization) {
		// GitHub's own instance keeps no public log; its time stamps count.
		options = []verify.VerifierOption{verify.WithSignedTimestamps(1)}
	}
	v, err := verify.NewVerifier(t.material, options...)
	if err != nil {
		return "", fmt.Errorf("preparing: %w", err)
	}
	// Who signed is looked at below, so that the error can name both.
	result, err := v.Verify(b, verify.NewPolicy(verify.WithArtifactDigest("sha256", digest), verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return "", err
	}
	return c.hold(result)
}

// hold compares what was verified with what should be.
func (c claim) hold(r *verify.VerificationResult) (signer string, err error) {
	if r.Signature == nil || r.Signature.Certificate == nil || r.Statement == nil {
		return "", errors.New("it has no certificate, or no statement")
	}
	if said := r.Statement.GetPredicateType(); said != slsaProvenance {
		return "", fmt.Errorf("it has the type %s, and a statement of how a file was made has %s", said, slsaProvenance)
	}
	by := r.Signature.Certificate
	if by.Issuer != githubIssuer {
		return "", fmt.Errorf("the signer was vouched for by %s, not by %s", by.Issuer, githubIssuer)
	}
	if repository := c.server + "/" + c.SourceRepo; !strings.EqualFold(by.SourceRepositoryURI, repository) {
		return "", fmt.Errorf("it was signed by a workflow of %s, not of %s", by.SourceRepositoryURI, repository)
	}
	signer, ok := strings.CutPrefix(by.SubjectAlternativeName, c.server+"/")
	if !ok {
		return "", fmt.Errorf("it was signed by %s, which isn't a workflow of %s", by.SubjectAlternativeName, c.server)
	}
	if err := cmp.Or(c.ofRef(by.SourceRepositoryRef, c.tag), c.signedBy(signer, c.SourceRepo), c.onRunner(by.RunnerEnvironment)); err != nil {
		return "", err
	}
	if !subject(r, c.name, c.sha256) {
		return "", fmt.Errorf("it is about a file of another name than %s", c.name)
	}
	if c.index != "" && !subject(r, IndexName, c.index) {
		return "", fmt.Errorf("it isn't about the %s that is there", IndexName)
	}
	return signer, nil
}

func subject(r *verify.VerificationResult, name, sha256 string) bool {
	for _, s := range r.Statement.GetSubject() {
		if s.GetName() == name && s.GetDigest()["sha256"] == sha256 {
			return true
		}
	}
	return false
}

// eachDocument gives each of several JSON documents.
func eachDocument(data []byte, f func([]byte) error) error {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var document json.RawMessage
		if err := d.Decode(&document); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(document); err != nil {
			return err
		}
	}
}
