package fetch

import (
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	released "github.com/binary-buildout/binary-buildout/release"
)

// TestIndexOfRelease holds the reader against what package release writes.
func TestIndexOfRelease(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("a", 64)
	set := released.Set{Archives: []released.Archive{{
		File: released.File{Name: "site-1.0-cp313-linux_x86_64-debian12.tar.gz", Size: 7, SHA256: digest},
		Info: released.Sidecar{Name: "site", Version: "1.0", Target: "cp313-linux_x86_64", Label: "debian12",
			Floors: []released.Floor{{Kind: "glibc", Version: "2.36"}}},
	}}}
	data, err := json.Marshal(set.Index())
	if err != nil {
		t.Fatal(err)
	}
	x, err := readIndex(data, "test")
	if err != nil {
		t.Fatal(err)
	}
	a := x.Assets[0]
	if a.Name != set.Archives[0].File.Name || a.Size != 7 || a.SHA256 != digest || a.Target != "cp313-linux_x86_64" || a.Label != "debian12" ||
		len(a.Floors) != 1 || a.Floors[0].Version != "2.36" || x.Name != "site" || x.Version != "1.0" {
		t.Errorf("%+v", x)
	}
}

// TestGitHubRoot: all that GitHub's root lists comes from one certificate, the
// one that the bundle in TestVerifyAttestation was made under.
func TestGitHubRoot(t *testing.T) {
	t.Parallel()
	type authority struct {
		CertChain struct{ Certificates []struct{ RawBytes []byte } }
	}
	r, err := decode[struct{ CertificateAuthorities, TimestampAuthorities []authority }](githubRoot, "the root")
	if err != nil || len(r.CertificateAuthorities) != 6 || len(r.TimestampAuthorities) != 6 {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, a := range append(r.CertificateAuthorities, r.TimestampAuthorities...) {
		chain := a.CertChain.Certificates
		if got := digest.Of(chain[len(chain)-1].RawBytes); got != "dc64d3af9fd46dd840486935c903986d06edd35788769696d2f145d38b7f7887" {
			t.Errorf("chain %d ends in %s", i, got)
		}
		var certs []*x509.Certificate
		for _, c := range chain {
			cert, err := x509.ParseCertificate(c.RawBytes)
			if err != nil {
				t.Fatal(err)
			}
			certs = append(certs, cert)
		}
		for j := range len(certs) - 1 {
			if err := certs[j].CheckSignatureFrom(certs[j+1]); err != nil {
				t.Errorf("chain %d, certificate %d: %v", i, j, err)
			}
		}
	}
}

func TestTrustedRoot(t *testing.T) {
	t.Parallel()
	one, err := json.Marshal(json.RawMessage(publicRoot))
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{"": true, string(one) + "\n" + string(one): true, string(publicRoot) + "\n{}": false, "x": false} {
		if err := (Trust{TrustedRoot: text}).Check(); (err == nil) != ok {
			t.Errorf("%.50q: %v", text, err)
		}
	}
}
