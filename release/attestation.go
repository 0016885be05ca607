package release

import (
	"encoding/json"
	"slices"
	"strings"
)

// CheckAttestation wants a Sigstore bundle to speak of each of the files, but
// SHA256SUMS, which it is made from, and itself. Who signed it is install's to
// check. Without this a bundle of other files, of an earlier run say, would be
// published, and each install would fail on it.
func CheckAttestation(bundle []byte, files []File) error {
	var doc struct {
		Envelope struct {
			Payload []byte `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	var statement struct {
		Subject []struct {
			Name   string
			Digest struct{ SHA256 string }
		}
	}
	err := json.Unmarshal(bundle, &doc)
	if err == nil {
		err = json.Unmarshal(doc.Envelope.Payload, &statement)
	}
	if err != nil {
		return fail(exitUsage, "it is the file that actions/attest-build-provenance gives as bundle-path", "reading the attestation: it is no Sigstore bundle: %v", err)
	}
	attested := map[string]bool{}
	for _, s := range statement.Subject {
		attested[s.Name+" "+s.Digest.SHA256] = true
	}
	var missing []string
	for _, f := range files {
		if f.Name != SumsName && f.Name != AttestationName && !attested[f.Name+" "+f.SHA256] {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fail(0, "attest what release --prepare writes, with the same --tag and --repo", "reading the attestation: it is not of %s", strings.Join(missing, ", "))
}
