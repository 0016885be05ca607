package install

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/signtest"
)

// offer makes a mirror of one version, whose index says said of it.
func offer(t *testing.T, archive, tag, said string) string {
	t.Helper()
	dir, name := t.TempDir(), filepath.Base(archive)
	copyFile(t, archive, filepath.Join(dir, name), nil)
	_, rest, _ := strings.Cut(name, "-cp")
	writeIndex(t, dir, fetch.Index{Format: 1, Name: "app", Version: said, Tag: tag, Assets: []fetch.Asset{{
		Target: "cp" + strings.TrimSuffix(rest, ".tar.gz"), Name: name, SHA256: digest.Of(mustRead(t, archive)),
	}}})
	return dir
}

// TestAskedHolds: what was asked of the attestation at install is asked of each
// version that an update brings, until it is said otherwise.
func TestAskedHolds(t *testing.T) {
	dist := t.TempDir()
	one, two, three := packReal(t, dist, "1.0"), packReal(t, dist, "1.1"), packReal(t, dist, "1.2")
	authority := signtest.New(t)
	run := signtest.Run{Repo: "acme/site", Ref: "refs/tags/v1.0"}
	sign := func(mirror string, change func(*signtest.Run)) {
		t.Helper()
		r := run
		change(&r)
		mkfile(t, filepath.Join(mirror, fetch.AttestationName), string(authority.Sign(t, r, signtest.Provenance, map[string]any{}, subjectsOf(t, mirror)...)))
	}
	into := filepath.Join(t.TempDir(), "app")
	mirror := offer(t, one, "v1.0", "1.0")
	sign(mirror, func(*signtest.Run) {})
	o := realOptions(t, mirror, into)
	o.Trust = fetch.Trust{RequireAttestation: true, SourceRepo: "acme/site", DenySelfHosted: true, TrustedRoot: string(mustRead(t, authority.TrustedRoot(t)))}
	asked := o.Trust
	res, err := Install(t.Context(), o.Options)
	if err != nil || res.Attestation != "verified" || res.Signer != signtest.Reusable || len(res.Warnings) > 0 {
		t.Fatalf("%+v, %v", res, err)
	}

	next := offer(t, two, "v1.1", "1.1")
	refused := func(want string) {
		t.Helper()
		_, err := Update(t.Context(), realOptions(t, next, into))
		if fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), want) || numberIn(t, into) != "1.0" {
			t.Errorf("%v, want %s; %s is there", err, want, numberIn(t, into))
		}
		noIncoming(t, into)
	}
	refused("has no attestation.sigstore.json")
	run.Ref = "refs/tags/v1.1"
	sign(next, func(r *signtest.Run) { r.Repo = "acme/other" })
	refused("it was signed by a workflow of https://github.com/acme/other")
	sign(next, func(r *signtest.Run) { r.Runner = "self-hosted" })
	refused("isn't GitHub's own")
	sign(next, func(r *signtest.Run) { r.Ref = "refs/tags/v1.0" })
	refused("it was made for refs/tags/v1.0, and the release is v1.1")
	sign(next, func(*signtest.Run) {})
	updated, err := Update(t.Context(), realOptions(t, next, into))
	if err != nil || updated.Attestation != "verified" || updated.Signer != signtest.Reusable || numberIn(t, into) != "1.1" {
		t.Fatalf("%+v, %v", updated, err)
	}
	if r, err := readRecord(into); err != nil || r.Attestation == nil || *r.Attestation != asked || r.Source != next {
		t.Errorf("%+v, %v", r, err)
	}

	// Less is asked only where that is said.
	last := offer(t, three, "v1.2", "1.2")
	u := realOptions(t, last, into)
	if _, err := Update(t.Context(), u); err == nil || numberIn(t, into) != "1.1" {
		t.Errorf("an update without an attestation: %v", err)
	}
	u.TrustSaid = []string{fetch.SaidRequire, fetch.SaidDenySelfHosted}
	updated, err = Update(t.Context(), u)
	if err != nil || updated.Attestation != fetch.AttestationNone || numberIn(t, into) != "1.2" {
		t.Errorf("%+v, %v", updated, err)
	}
	asked.RequireAttestation, asked.DenySelfHosted = false, false
	if r, err := readRecord(into); err != nil || r.Attestation == nil || *r.Attestation != asked {
		t.Errorf("%+v, %v", r, err)
	}
	// What can't be read isn't taken for nothing.
	mkfile(t, filepath.Join(into, recordName), "{")
	if _, err := Update(t.Context(), realOptions(t, last, into)); fault.CodeOf(err, 0) != 3 || !strings.Contains(err.Error(), "install.json") {
		t.Error(err)
	}
}

// TestRemember: install.json keeps its mode, and what else it says.
func TestRemember(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, recordName)
	r := record{Format: 1, Archive: "a", SHA256: "b", Source: "https://user:secret@mirror.example/site"}
	mkfile(t, filepath.Join(filepath.Dir(path), "x"), "")
	if err := writeRecord(dir, r); err != nil {
		t.Fatal(err)
	}
	for _, trust := range []fetch.Trust{{SourceRepo: "acme/site"}, {RequireAttestation: true}, {}} {
		if err := remember(dir, trust); err != nil {
			t.Fatal(err)
		}
		got, err := readRecord(dir)
		r.Attestation = noted(trust)
		if info, serr := os.Stat(path); err != nil || serr != nil || info.Mode().Perm() != 0o600 || fmt.Sprintf("%+v", noTrust(*got)) != fmt.Sprintf("%+v", noTrust(r)) ||
			(got.Attestation == nil) != (r.Attestation == nil) || r.Attestation != nil && *got.Attestation != trust {
			t.Errorf("%+v: %+v, %v", trust, got, err)
		}
	}
	onlyThese(t, filepath.Dir(path), "install.json", "x")
	if err := remember(t.TempDir(), fetch.Trust{}); err != nil {
		t.Errorf("nothing to note: %v", err)
	}
}

func noTrust(r record) record { r.Attestation = nil; return r }

// TestUpdateDowngrade: what a mirror, a remembered tag or an archive has is no
// way back by itself, also of versions that aren't plain numbers; what is named
// on the command line is. The index and the archive say the same version.
func TestUpdateDowngrade(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist := t.TempDir()
	candidate, final, odd := packReal(t, dist, "1.0rc1"), packReal(t, dist, "1.0"), packReal(t, dist, "1.0-foo")
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, final, into).Options); err != nil {
		t.Fatal(err)
	}
	old, liar := offer(t, candidate, "v1.0rc1", "1.0rc1"), offer(t, candidate, "v2.0", "2.0")
	srv := httptest.NewServer(http.FileServer(http.Dir(old)))
	defer srv.Close()
	tagged := httptest.NewServer(http.StripPrefix("/acme/site/releases/download/v1.0", http.FileServer(http.Dir(offer(t, candidate, "v1.0", "1.0rc1")))))
	defer tagged.Close()
	update := func(source string, change func(*UpdateOptions)) (*Updated, error) {
		o := realOptions(t, source, into)
		remote := remoteOptions(t, "")
		o.Remote, o.Env = remote.Remote, remote.Env
		change(&o)
		return Update(t.Context(), o)
	}
	as := func(*UpdateOptions) {}
	remembered := func(source string) func(*UpdateOptions) {
		return func(o *UpdateOptions) {
			r, err := readRecord(into)
			if err != nil {
				t.Fatal(err)
			}
			r.Source = source
			if err := writeJSON(filepath.Join(into, recordName), r); err != nil {
				t.Fatal(err)
			}
			o.Remote.Server = tagged.URL
		}
	}
	for _, tt := range []struct {
		name, source string
		change       func(*UpdateOptions)
		code         int
		want         string
	}{
		{"folder", old, as, 3, "has version 1.0rc1, and 1.0 is installed"},
		{"mirror", srv.URL, as, 3, "has version 1.0rc1, and 1.0 is installed"},
		{"remembered mirror", "", remembered(srv.URL), 3, "has version 1.0rc1, and 1.0 is installed"},
		{"remembered tag", "", remembered("acme/site@v1.0"), 3, "has version 1.0rc1, and 1.0 is installed"},
		{"an index that lies", liar, as, 1, "it is app 1.0rc1 for "},
	} {
		_, err := update(tt.source, tt.change)
		if fault.CodeOf(err, 0) != tt.code || !strings.Contains(err.Error(), tt.want) || numberIn(t, into) != "1.0" {
			t.Errorf("%s: %v, want %s; %s is there", tt.name, err, tt.want, numberIn(t, into))
		}
		noIncoming(t, into)
	}
	if _, err := Install(t.Context(), func() Options { o := realOptions(t, liar, filepath.Join(t.TempDir(), "new")).Options; return o }()); fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), "index.json says app 2.0") {
		t.Errorf("an install by an index that lies: %v", err)
	}
	back := func(source string, change func(*UpdateOptions)) {
		t.Helper()
		if res, err := update(source, change); err != nil || numberIn(t, into) != "1.0rc1" || len(res.Warnings) > 0 && !strings.Contains(res.Warnings[0], "attestation") {
			t.Fatalf("%+v, %v; %s is there", res, err, numberIn(t, into))
		}
		if _, err := update(final, as); err != nil || numberIn(t, into) != "1.0" {
			t.Fatalf("%v; %s is there", err, numberIn(t, into))
		}
	}
	back(candidate, as)
	back(old, func(o *UpdateOptions) { o.AllowDowngrade = true })
	res, err := update(offer(t, odd, "v1.0-foo", "1.0-foo"), as)
	if err != nil || numberIn(t, into) != "1.0-foo" || !strings.Contains(strings.Join(res.Warnings, "\n"), "whether 1.0-foo is newer than 1.0 isn't known") {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestAttestationOfArchive: a job of step mode brings an archive's own
// attestation, which says nothing of the index.
func TestAttestationOfArchive(t *testing.T) {
	archive := packReal(t, t.TempDir(), "1.0")
	authority := signtest.New(t)
	root := string(mustRead(t, authority.TrustedRoot(t)))
	subject := signtest.Subject{Name: filepath.Base(archive), SHA256: digest.Of(mustRead(t, archive))}
	install := func(source string) (*Result, error) {
		o := realOptions(t, source, filepath.Join(t.TempDir(), "app"))
		o.Trust = fetch.Trust{RequireAttestation: true, SourceRepo: "acme/site", TrustedRoot: root}
		return Install(t.Context(), o.Options)
	}
	mirror := offer(t, archive, "v1.0", "1.0")
	run := signtest.Run{Repo: "acme/site", Ref: "refs/tags/v1.0", Workflow: "acme/site/.github/workflows/release.yml@refs/tags/v1.0"}
	bundle := string(authority.Sign(t, run, signtest.Provenance, map[string]any{}, subject))
	mkfile(t, filepath.Join(mirror, strings.TrimSuffix(subject.Name, ".tar.gz")+".sigstore.json"), bundle)
	for _, source := range []string{mirror, filepath.Join(mirror, subject.Name)} {
		if res, err := install(source); err != nil || res.Attestation != "verified" || res.Signer != run.Workflow {
			t.Errorf("%s: %+v, %v", source, res, err)
		}
	}
	// The release's own is of its index too.
	mkfile(t, filepath.Join(mirror, fetch.AttestationName), bundle)
	if _, err := install(mirror); fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), "it isn't about the index.json that is there") {
		t.Error(err)
	}
}
