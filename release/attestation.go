package release

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// The types of what an attestation says: SLSA's provenance, as actions/attest
// and gh know it, and a bill of materials.
const (
	provenanceType = "https://slsa.dev/provenance/v1"
	cyclonedxType  = "https://cyclonedx.org/bom"
)

// attestationEnding is what follows an archive's name, without its own ending,
// in that of an attestation of this archive alone.
const attestationEnding = ".sigstore.json"

// ArchiveAttestationName is the name of the attestation of one archive, which a
// job of step mode brings.
func ArchiveAttestationName(archive string) string {
	return archiveEnding.ReplaceAllString(archive, "") + attestationEnding
}

func isAttestation(name string) bool { return strings.HasSuffix(name, attestationEnding) }

// speaksOf is whether an attestation is of a file, as far as their names say: an
// archive's is of what else begins with its name, the release's of all.
func speaksOf(attestation, file string) bool {
	if attestation == AttestationName || attestation == SBOMAttestationName {
		return file == SumsName
	}
	return !isAttestation(file) && strings.HasPrefix(file, strings.TrimSuffix(attestation, attestationEnding)+".")
}

// Attestation is what a Sigstore bundle says. Whether that is so is install's to
// check.
type Attestation struct {
	Signer    Signer
	predicate string // its type
	content   json.RawMessage
	attested  map[string]bool // "NAME DIGEST" of each subject
}

// Signer is the workflow that signed, as the certificate says.
type Signer struct {
	Workflow string // OWNER/REPO/.github/workflows/NAME.yml
	Repo     string // OWNER/REPO that the run was of
	Ref      string // of the run, "refs/tags/v1.0"
	Hosted   bool   // GitHub's own runner signed
}

// Verify is the command by which GitHub's program verifies a file that was
// signed so.
func (s Signer) Verify(file string) string {
	ref := s.Ref
	if !signerWord.MatchString(ref) {
		ref = shellQuote(ref)
	}
	line := "gh attestation verify " + file + " --repo " + s.Repo + " --signer-workflow " + s.Workflow + " --source-ref " + ref
	if s.Hosted {
		line += " --deny-self-hosted-runners"
	}
	return line
}

// ReadAttestation reads a Sigstore bundle that a workflow on GitHub signed.
func ReadAttestation(bundle []byte) (*Attestation, error) {
	var doc struct {
		Material struct {
			Certificate certificate `json:"certificate"`
			Chain       struct {
				Certificates []certificate `json:"certificates"`
			} `json:"x509CertificateChain"`
		} `json:"verificationMaterial"`
		Envelope struct {
			Payload []byte `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	var statement struct {
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
		Subject       []struct {
			Name   string
			Digest struct{ SHA256 string }
		}
	}
	err := json.Unmarshal(bundle, &doc)
	if err == nil {
		err = json.Unmarshal(doc.Envelope.Payload, &statement)
	}
	a := &Attestation{predicate: statement.PredicateType, content: statement.Predicate, attested: map[string]bool{}}
	if err == nil {
		a.Signer, err = signerOf(append([]certificate{doc.Material.Certificate}, doc.Material.Chain.Certificates...))
	}
	if err != nil {
		return nil, fail(exitUsage, "it is the file that actions/attest gives as bundle-path", "reading the attestation: it isn't a Sigstore bundle of a workflow: %v", err)
	}
	for _, s := range statement.Subject {
		a.attested[s.Name+" "+s.Digest.SHA256] = true
	}
	return a, nil
}

type certificate struct {
	RawBytes []byte `json:"rawBytes"`
}

// What Fulcio writes into a certificate (docs/oid-info.md of sigstore/fulcio).
var (
	runnerEnvironment = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 11}
	sourceRepository  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 12}
	sourceRef         = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 14}
)

// signerOf reads the first certificate that is there, the signer's own.
func signerOf(chain []certificate) (Signer, error) {
	i := slices.IndexFunc(chain, func(c certificate) bool { return len(c.RawBytes) > 0 })
	if i < 0 {
		return Signer{}, errors.New("it has no certificate")
	}
	cert, err := x509.ParseCertificate(chain[i].RawBytes)
	if err != nil {
		return Signer{}, err
	}
	if len(cert.URIs) != 1 {
		return Signer{}, errors.New("its certificate names no workflow")
	}
	s := Signer{Ref: extension(cert, sourceRef), Hosted: extension(cert, runnerEnvironment) == "github-hosted"}
	s.Workflow, _, _ = strings.Cut(strings.TrimPrefix(cert.URIs[0].Path, "/"), "@")
	if u, err := url.Parse(extension(cert, sourceRepository)); err == nil {
		s.Repo = strings.TrimPrefix(u.Path, "/")
	}
	for _, word := range []string{s.Workflow, s.Repo} {
		if !signerWord.MatchString(word) {
			return Signer{}, fmt.Errorf("its certificate says %q of the workflow", word)
		}
	}
	return s, nil
}

// signerWord is what may stand in a command that people copy.
var signerWord = regexp.MustCompile(`^[A-Za-z0-9._][A-Za-z0-9._/+-]*$`)

func extension(cert *x509.Certificate, id asn1.ObjectIdentifier) string {
	var text string
	for _, e := range cert.Extensions {
		if e.Id.Equal(id) {
			if _, err := asn1.Unmarshal(e.Value, &text); err != nil {
				return ""
			}
		}
	}
	return text
}

// CheckProvenance wants an attestation to speak of how each of the files was
// made, but of SHA256SUMS, which it is made from, and attestations. Without this
// one of other files, of an earlier run say, would be published, and each
// install would fail on it.
func (a *Attestation) CheckProvenance(files []File) error {
	if a.predicate != provenanceType {
		return fail(0, "it is what actions/attest makes without sbom-path and predicate", "reading the attestation: its type is %q, not %s", a.predicate, provenanceType)
	}
	return a.covers(files)
}

// CheckSBOM wants an attestation to say that this is the bill of materials of
// each of the archives.
func (a *Attestation) CheckSBOM(sbom File, archives []Archive) error {
	const hint = "attest the archives with sbom-path, the file that release --prepare writes"
	if a.predicate != cyclonedxType {
		return fail(0, hint, "reading the SBOM's attestation: its type is %q, not %s", a.predicate, cyclonedxType)
	}
	if !equalJSON(a.content, sbom.Data) {
		return fail(0, hint, "reading the SBOM's attestation: it is of another bill of materials than %s", sbom.Name)
	}
	var files []File
	for _, x := range archives {
		files = append(files, x.File)
	}
	return a.covers(files)
}

func (a *Attestation) covers(files []File) error {
	var missing []string
	for _, f := range files {
		if f.Name != SumsName && !isAttestation(f.Name) && !a.attested[f.Name+" "+f.SHA256] && !a.attested[f.of] {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fail(0, "attest what release --prepare writes, with the same --tag and --repo", "reading the attestation: it is not of %s", strings.Join(missing, ", "))
}

// equalJSON compares documents, whatever the order of their members and the
// spelling of their texts: JSON.parse and JSON.stringify lie between them.
func equalJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
