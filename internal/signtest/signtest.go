// Package signtest signs statements as a workflow on GitHub would, for tests. Its
// authority is its own, and it writes the trusted root that vouches for it to a file.
package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// Predicates, by their types.
const (
	Provenance = "https://slsa.dev/provenance/v1"
	SBOM       = "https://cyclonedx.org/bom"
)

// Issuer is who says that a signer is a workflow on GitHub.
const Issuer = "https://token.actions.githubusercontent.com"

// Reusable is the workflow that binary-buildout's users call.
const Reusable = "binary-buildout/binary-buildout/.github/workflows/buildout.yml@refs/tags/v1"

// Run is what a certificate says of the run of a workflow.
type Run struct {
	Server   string // default https://github.com
	Repo     string // OWNER/REPO that the run is of
	Ref      string // "refs/tags/v1.0"
	Workflow string // OWNER/REPO/PATH@REF that signs; default Reusable
	Runner   string // default "github-hosted"
	Issuer   string // default Issuer
}

// Subject is a file that a statement speaks of.
type Subject struct{ Name, SHA256 string }

// Authority signs what it is asked to. It has the form of GitHub's own instance
// of Sigstore: time stamps count, and there is no public log.
type Authority struct {
	root          *x509.Certificate
	signer, clock *x509.Certificate // the one that certifies, and the one that says the time
	signerKey     *ecdsa.PrivateKey
	clockKey      *ecdsa.PrivateKey
}

// New makes an authority that nobody trusts yet.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{}
	authority := func(name string) *x509.Certificate {
		return &x509.Certificate{
			Subject: pkix.Name{CommonName: name, Organization: []string{"GitHub, Inc."}}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	var rootKey *ecdsa.PrivateKey
	a.root, rootKey = certify(t, authority("Root"), nil, nil)
	signer := authority("Fulcio Intermediate")
	signer.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	a.signer, a.signerKey = certify(t, signer, a.root, rootKey)
	// The usage is critical: RFC 3161, 2.3.
	a.clock, a.clockKey = certify(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Timestamping"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: encode(t, []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}, "")}},
	}, a.root, rootKey)
	return a
}

// TrustedRoot writes the file that --trusted-root of binary-buildout and
// --custom-trusted-root of gh take.
func (a *Authority) TrustedRoot(t testing.TB) string {
	t.Helper()
	start, end := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, []root.CertificateAuthority{&root.FulcioCertificateAuthority{
		Root: a.root, Intermediates: []*x509.Certificate{a.signer}, URI: "https://fulcio.example", ValidityPeriodStart: start, ValidityPeriodEnd: end,
	}}, nil, []root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{
		Root: a.root, Leaf: a.clock, URI: "https://timestamp.example", ValidityPeriodStart: start, ValidityPeriodEnd: end,
	}}, nil)
	check(t, err)
	data, err := trusted.MarshalJSON()
	check(t, err)
	file := filepath.Join(t.TempDir(), "trusted_root.jsonl")
	check(t, os.WriteFile(file, append(data, '\n'), 0o644))
	return file
}

// Sign gives the bundle of a statement about the subjects.
func (a *Authority) Sign(t testing.TB, r Run, predicateType string, predicate any, subjects ...Subject) []byte {
	t.Helper()
	const payloadType = "application/vnd.in-toto+json"
	leaf, key := certify(t, r.certificate(t), a.signer, a.signerKey)
	payload := Statement(t, predicateType, predicate, subjects...)
	// What is signed: DSSE v1, "PAE".
	digest := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	check(t, err)
	return marshal(t, map[string]any{
		"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"verificationMaterial": map[string]any{
			"certificate":               map[string]any{"rawBytes": leaf.Raw},
			"timestampVerificationData": map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": a.stamp(t, signature)}}},
		},
		"dsseEnvelope": map[string]any{"payload": payload, "payloadType": payloadType, "signatures": []any{map[string]any{"sig": signature}}},
	})
}

// stamp says that there was a signature now.
func (a *Authority) stamp(t testing.TB, signature []byte) []byte {
	t.Helper()
	digest := sha256.Sum256(signature)
	answer, err := (&timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Time: time.Now(), Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
	}).CreateResponseWithOpts(a.clock, a.clockKey, crypto.SHA256)
	check(t, err)
	return answer
}

// Certificate is a run's, in DER, by an authority that nobody knows.
func Certificate(t testing.TB, r Run) []byte {
	t.Helper()
	cert, _ := certify(t, r.certificate(t), nil, nil)
	return cert.Raw
}

// Statement is an in-toto statement about the subjects.
func Statement(t testing.TB, predicateType string, predicate any, subjects ...Subject) []byte {
	t.Helper()
	all := []any{}
	for _, s := range subjects {
		all = append(all, map[string]any{"name": s.Name, "digest": map[string]string{"sha256": s.SHA256}})
	}
	return marshal(t, map[string]any{"_type": "https://in-toto.io/Statement/v1", "subject": all, "predicateType": predicateType, "predicate": predicate})
}

// certificate is what Fulcio makes of a workflow's token (docs/oid-info.md of
// sigstore/fulcio).
func (r Run) certificate(t testing.TB) *x509.Certificate {
	t.Helper()
	server, workflow, runner, issuer := or(r.Server, "https://github.com"), or(r.Workflow, Reusable), or(r.Runner, "github-hosted"), or(r.Issuer, Issuer)
	san, err := url.Parse(server + "/" + workflow)
	check(t, err)
	owner, _ := filepath.Split(r.Repo)
	cert := &x509.Certificate{
		URIs: []*url.URL{san}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	for number, value := range map[int]string{
		8: issuer, 9: san.String(), 11: runner, 12: server + "/" + r.Repo, 14: r.Ref, 16: server + "/" + filepath.Clean(owner),
		18: server + "/" + r.Repo + "/.github/workflows/release.yml@" + r.Ref, // the caller
	} {
		cert.ExtraExtensions = append(cert.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, number}, Value: encode(t, value, "utf8")})
	}
	return cert
}

// certify makes a certificate, and its key; without a parent it signs itself.
func certify(t testing.TB, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	if parent == nil {
		parent, parentKey = template, key
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err == nil {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(10*time.Minute)
	}
	check(t, err)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	return cert, key
}

func encode(t testing.TB, v any, params string) []byte {
	t.Helper()
	der, err := asn1.MarshalWithParams(v, params)
	check(t, err)
	return der
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	check(t, err)
	return data
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
