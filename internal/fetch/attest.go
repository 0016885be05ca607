package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"

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
	signer   string
	warnings []string
}

func (f *Archive) take(a attested) {
	f.Attestation, f.Signer, f.Warnings = a.state, a.signer, append(f.Warnings, a.warnings...)
}

// evidence is where an asset's attestation may lie.
type evidence struct {
	name       string
	repository string // OWNER/REPO that the asset is taken from, "" if that isn't known
	document   func(ctx context.Context, name string) ([]byte, error)
	archive    string // the name of the archive, which the asset may be a delta to
	tag        string // the release's, "" if that isn't known
	index      string // SHA-256 of index.json, "" without one
}

// evidenceOf is where the attestation of an archive of an index lies.
func evidenceOf(s shelf, x *Index, a Asset) evidence {
	e := evidence{name: s.name(), repository: s.repository(), document: s.document, archive: a.Name, tag: x.Tag, index: x.sha256}
	if e.tag == "" {
		e.tag = tagOf(s)
	}
	return e
}

// ArchiveAttestationName is the bundle's name of one archive, which a job of step
// mode brings.
func ArchiveAttestationName(archive string) string {
	return ArchiveSuffix.ReplaceAllString(archive, "") + ".sigstore.json"
}

// bundle is the release's attestation, else the archive's own. The release's is of
// its index.json too.
func (e evidence) bundle(ctx context.Context) (data []byte, index string, err error) {
	data, err = e.document(ctx, AttestationName)
	if !missing(err) {
		return data, e.index, err
	}
	data, err = e.document(ctx, ArchiveAttestationName(e.archive))
	return data, "", err
}

// attest checks an asset against its attestation. A wrong one is refused; none
// is a warning, or an error if one is required. Nothing but the digest is
// needed of the asset, so this comes before the download.
func attest(ctx context.Context, o Request, e evidence, a Asset) (attested, error) {
	c := claim{Trust: o.Trust, tag: e.tag, name: a.Name, sha256: a.SHA256}
	if c.SourceRepo == "" {
		c.SourceRepo = e.repository
	}
	if err := c.Check(); err != nil {
		return attested{}, err
	}
	if c.SourceRepo == "" && o.asks() {
		return attested{}, fault.Usage(errors.New("checking the attestation: a mirror doesn't say which repository it belongs to"), "name the repository with --source-repo OWNER/REPO")
	}
	if c.SourceRepo == "" {
		return attested{state: AttestationNone, warnings: []string{"the attestation was not checked; --source-repo OWNER/REPO says whose it must be"}}, nil
	}
	o.tell(Event{Step: "attestation", Text: "checking that a workflow of " + c.SourceRepo + " made " + a.Name})
	data, index, err := e.bundle(ctx)
	if missing(err) {
		if o.RequireAttestation {
			return attested{}, fault.Failed(fmt.Errorf("checking the attestation: %s has no %s", e.name, AttestationName), "have the release made with its attestation, or leave --require-attestation out")
		}
		return attested{state: AttestationNone, warnings: []string{e.name + " has no attestation: only the digest says that the archive is the right one"}}, nil
	}
	if err != nil {
		return attested{}, &fault.Error{Err: fmt.Errorf("fetching the attestation: %w", err), Code: fault.CodeOf(err, 3), Text: fault.HintOf(err, "")}
	}
	r, err := o.remote()
	if err != nil {
		return attested{}, err
	}
	t, err := loadRoots(o.TrustedRoot)
	if err != nil {
		return attested{}, err
	}
	c.server, c.index = r.Server, index
	signer, err := t.verifyAttestation(data, c)
	if err != nil {
		return attested{}, fault.Failed(fmt.Errorf("checking the attestation of %s: %w", a.Name, err),
			"don't use this archive unless you know why; --source-repo, --source-ref and --signer-workflow name another repository, ref or workflow that makes it, "+
				"and if GitHub signs with newer certificates than this program knows, --trusted-root names those")
	}
	o.tell(Event{Step: "attestation", Text: signedWords(signer, c.SourceRepo)})
	return attested{state: attestationVerified, signer: signer}, nil
}

// signedWords say which workflow signed, and whether it was binary-buildout's own.
func signedWords(signer, source string) string {
	got := workflowPath.FindStringSubmatch(signer)
	switch {
	case got == nil || sameWorkflow(got, workflowPath.FindStringSubmatch(ReusableWorkflow)):
		return "signed by " + signer
	case strings.EqualFold(got[1], source):
		return "signed by " + signer + ", a workflow of the repository itself, not by binary-buildout's"
	}
	return "signed by " + signer + ", not by binary-buildout's workflow"
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
	if err != nil || !o.asks() {
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

// attestFile checks an archive on this disk against the attestation beside it.
func attestFile(ctx context.Context, o Request, f *Archive) (attested, error) {
	digest, err := f.Sum(ctx)
	if err != nil {
		return attested{}, err
	}
	dir := filepath.Dir(o.Source)
	beside := func(_ context.Context, name string) ([]byte, error) { return o.readFile(filepath.Join(dir, name)) }
	name := filepath.Base(o.Source)
	return attest(ctx, o, evidence{name: dir, document: beside, archive: name}, Asset{Name: name, SHA256: digest})
}
