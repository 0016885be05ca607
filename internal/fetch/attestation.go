package fetch

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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

// trust is whose signatures count.
type trust struct {
	material root.TrustedMaterial
	// transparency asks what Sigstore's public instance promises: the
	// certificate and the signature are in logs that anybody can read.
	transparency []verify.VerifierOption
}

// loadTrust reads the embedded roots and those of a file, which holds one JSON
// document or one a line, as `gh attestation trusted-root` writes them.
func loadTrust(file string) (*trust, error) {
	roots := root.TrustedMaterialCollection{}
	add := func(data []byte) error {
		r, err := root.NewTrustedRootFromJSON(data)
		if err == nil {
			roots = append(roots, r)
		}
		return err
	}
	for _, embedded := range [][]byte{publicRoot, githubRoot} {
		if err := add(embedded); err != nil {
			return nil, fmt.Errorf("reading an embedded trusted root: %w", err)
		}
	}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fault.Usage(fmt.Errorf("reading the trusted root: %w", err), "")
		}
		if err := eachDocument(data, add); err != nil {
			return nil, fault.Usage(fmt.Errorf("reading the trusted root %s: %w", file, err), "make it with: gh attestation trusted-root >FILE")
		}
	}
	return &trust{material: roots, transparency: []verify.VerifierOption{
		verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1),
	}}, nil
}

// claim is what an attestation has to say: that a workflow of the repository
// made the file.
type claim struct {
	repository string // "https://github.com/OWNER/REPO"
	name       string
	sha256     string
}

// verifyAttestation accepts a file of bundles, one document or one a line, if
// one of them makes the claim.
func (t *trust) verifyAttestation(data []byte, c claim) error {
	var refused []error
	err := eachDocument(data, func(document []byte) error {
		b := new(bundle.Bundle)
		err := b.UnmarshalJSON(document)
		if err == nil {
			err = t.verifyBundle(b, c)
		}
		refused = append(refused, err)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the attestation: %w", err)
	}
	if slices.Contains(refused, nil) {
		return nil
	}
	if len(refused) == 0 {
		return errors.New("reading the attestation: it is empty")
	}
	return errors.Join(refused...)
}

func (t *trust) verifyBundle(b *bundle.Bundle, c claim) error {
	digest, err := hex.DecodeString(c.sha256)
	if err != nil {
		return fmt.Errorf("reading the digest: %w", err)
	}
	content, err := b.VerificationContent()
	if err != nil {
		return fmt.Errorf("reading the bundle: %w", err)
	}
	if content.Certificate() == nil {
		return errors.New("it is signed with a bare key, not with a certificate of a workflow")
	}
	options := t.transparency
	if slices.Contains(content.Certificate().Issuer.Organization, githubOrganization) {
		// GitHub's own instance keeps no public log; its time stamps count.
		options = []verify.VerifierOption{verify.WithSignedTimestamps(1)}
	}
	v, err := verify.NewVerifier(t.material, options...)
	if err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	// Who signed is looked at below, so that the error can name both.
	result, err := v.Verify(b, verify.NewPolicy(verify.WithArtifactDigest("sha256", digest), verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return err
	}
	return c.hold(result)
}

// hold compares what was verified with what should be.
func (c claim) hold(r *verify.VerificationResult) error {
	if r.Signature == nil || r.Signature.Certificate == nil || r.Statement == nil {
		return errors.New("it has no certificate, or no statement")
	}
	signer := r.Signature.Certificate
	if signer.Issuer != githubIssuer {
		return fmt.Errorf("the signer was vouched for by %s, not by %s", signer.Issuer, githubIssuer)
	}
	if !strings.EqualFold(signer.SourceRepositoryURI, c.repository) {
		return fmt.Errorf("it was signed by a workflow of %s, not of %s", signer.SourceRepositoryURI, c.repository)
	}
	for _, s := range r.Statement.GetSubject() {
		if s.GetName() == c.name && s.GetDigest()["sha256"] == c.sha256 {
			return nil
		}
	}
	return fmt.Errorf("it is about a file of another name than %s", c.name)
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
