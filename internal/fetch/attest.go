package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// What Result.Attestation says.
const (
	attestationVerified = "verified"
	AttestationNone     = "none"
)

// attested is what came of looking for an attestation.
type attested struct {
	state    string
	warnings []string
}

func (f *Archive) take(a attested) {
	f.Attestation, f.Warnings = a.state, append(f.Warnings, a.warnings...)
}

// evidence is where an asset's attestation may lie.
type evidence struct {
	name       string
	repository string // OWNER/REPO that the asset is taken from, "" if that isn't known
	document   func(ctx context.Context, name string) ([]byte, error)
}

var ownerRepo = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)

func (o Request) asksForAttestation() bool { return o.RequireAttestation || o.SignerRepo != "" }

// attest holds an asset against its attestation. A wrong one is refused; none
// is a warning, or an error if one is required. Nothing but the digest is
// needed of the asset, so this comes before the download.
func attest(ctx context.Context, o Request, e evidence, a Asset) (attested, error) {
	repo := o.SignerRepo
	if repo == "" {
		repo = e.repository
	}
	if repo == "" && o.RequireAttestation {
		return attested{}, fault.Usage(errors.New("checking the attestation: a mirror doesn't say whose it must be"), "name the repository with --signer-repo OWNER/REPO")
	}
	if repo == "" {
		return attested{AttestationNone, []string{"the attestation was not checked; --signer-repo OWNER/REPO says whose it must be"}}, nil
	}
	if !ownerRepo.MatchString(repo) {
		return attested{}, fault.Usage(fmt.Errorf("checking the attestation: %q is no OWNER/REPO", repo), "")
	}
	o.tell(Event{Step: "attestation", Text: "checking that a workflow of " + repo + " made " + a.Name})
	data, err := e.document(ctx, AttestationName)
	if missing(err) {
		if o.RequireAttestation {
			return attested{}, fault.Failed(fmt.Errorf("checking the attestation: %s has no %s", e.name, AttestationName), "have the release made with its attestation, or leave --require-attestation out")
		}
		return attested{AttestationNone, []string{e.name + " has no attestation: only the digest says that the archive is the right one"}}, nil
	}
	if err != nil {
		return attested{}, &fault.Error{Err: fmt.Errorf("fetching the attestation: %w", err), Code: fault.CodeOf(err, 3), Text: fault.HintOf(err, "")}
	}
	r, err := o.remote()
	if err != nil {
		return attested{}, err
	}
	t, err := loadTrust(o.TrustedRoot)
	if err != nil {
		return attested{}, err
	}
	if err := t.verifyAttestation(data, claim{repository: r.Server + "/" + repo, name: a.Name, sha256: a.SHA256}); err != nil {
		return attested{}, fault.Failed(fmt.Errorf("checking the attestation of %s: %w", a.Name, err),
			"don't use this archive unless you know why; if another repository signs for it, name that with --signer-repo, "+
				"and if GitHub signs with newer certificates than this program knows, those with --trusted-root")
	}
	return attested{state: attestationVerified}, nil
}

// missing is whether a document isn't there, as opposed to not to be had.
func missing(err error) bool {
	var s *statusError
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, &s) && s.code == http.StatusNotFound
}

// fetchFile takes an archive that lies on this disk. Its attestation counts if
// it is asked for.
func fetchFile(ctx context.Context, o Request) (*Archive, error) {
	want, err := expectedDigest(o, o.Source, o.SHA256)
	if err != nil {
		return nil, err
	}
	f, err := openLocal(ctx, o, o.Source, want)
	if err != nil || !o.asksForAttestation() {
		return f, err
	}
	at, err := attestFile(ctx, o, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	f.take(at)
	return f, nil
}

// attestFile holds an archive on this disk against the attestation beside it.
func attestFile(ctx context.Context, o Request, f *Archive) (attested, error) {
	digest, err := f.Sum(ctx)
	if err != nil {
		return attested{}, err
	}
	dir := filepath.Dir(o.Source)
	beside := func(_ context.Context, name string) ([]byte, error) { return o.readFile(filepath.Join(dir, name)) }
	return attest(ctx, o, evidence{dir, "", beside}, Asset{Name: filepath.Base(o.Source), SHA256: digest})
}
