package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
)

// What Result.Attestation says.
const (
	attestationVerified = "verified"
	attestationNone     = "none"
)

// attested is what came of looking for an attestation.
type attested struct {
	state    string
	warnings []string
}

func (f *fetched) take(a attested) {
	f.attestation, f.warnings = a.state, append(f.warnings, a.warnings...)
	if f.unchanged != nil {
		f.unchanged.Attestation, f.unchanged.Warnings = f.attestation, f.warnings
	}
}

// evidence is where an asset's attestation may lie.
type evidence struct {
	name       string
	repository string // OWNER/REPO that the asset is taken from, "" if that isn't known
	document   func(ctx context.Context, name string) ([]byte, error)
}

var ownerRepo = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)

func (o Options) asksForAttestation() bool { return o.RequireAttestation || o.SignerRepo != "" }

// attest holds an asset against its attestation. A wrong one is refused; none
// is a warning, or an error if one is required. Nothing but the digest is
// needed of the asset, so this comes before the download.
func attest(ctx context.Context, o Options, e evidence, a Asset) (attested, error) {
	repo := o.SignerRepo
	if repo == "" {
		repo = e.repository
	}
	if repo == "" && o.RequireAttestation {
		return attested{}, usage(errors.New("checking the attestation: a mirror doesn't say whose it must be"), "name the repository with --signer-repo OWNER/REPO")
	}
	if repo == "" {
		return attested{attestationNone, []string{"the attestation was not checked; --signer-repo OWNER/REPO says whose it must be"}}, nil
	}
	if !ownerRepo.MatchString(repo) {
		return attested{}, usage(fmt.Errorf("checking the attestation: %q is no OWNER/REPO", repo), "")
	}
	o.tell(Event{Step: "attestation", Text: "checking that a workflow of " + repo + " made " + a.Name})
	data, err := e.document(ctx, attestationName)
	if missing(err) {
		if o.RequireAttestation {
			return attested{}, failed(fmt.Errorf("checking the attestation: %s has no %s", e.name, attestationName), "have the release made with its attestation, or leave --require-attestation out")
		}
		return attested{attestationNone, []string{e.name + " has no attestation: only the digest says that the archive is the right one"}}, nil
	}
	if err != nil {
		return attested{}, &Error{Err: fmt.Errorf("fetching the attestation: %w", err), Code: codeOf(err, 3), Text: hintOf(err, "")}
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
		return attested{}, failed(fmt.Errorf("checking the attestation of %s: %w", a.Name, err),
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
func fetchFile(ctx context.Context, o Options, dir string) (*fetched, error) {
	want, err := expectedDigest(o, o.Source, o.SHA256)
	if err != nil {
		return nil, err
	}
	f, err := openLocal(ctx, o, dir, o.Source, want)
	if err != nil || !o.asksForAttestation() {
		return f, err
	}
	at, err := attestFile(ctx, o, f)
	if err != nil {
		f.close()
		return nil, err
	}
	f.take(at)
	return f, nil
}

// attestFile holds an archive on this disk against the attestation beside it.
func attestFile(ctx context.Context, o Options, f *fetched) (attested, error) {
	digest, err := f.sum(ctx)
	if err != nil {
		return attested{}, err
	}
	dir := filepath.Dir(o.Source)
	beside := func(_ context.Context, name string) ([]byte, error) { return o.readFile(filepath.Join(dir, name)) }
	return attest(ctx, o, evidence{dir, "", beside}, Asset{Name: filepath.Base(o.Source), SHA256: digest})
}
