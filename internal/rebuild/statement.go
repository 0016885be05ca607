package rebuild

import (
	"net/url"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// The types of what a rebuild attests. in-toto has none of its own for
// reproduced builds: of the vetted predicates Test Result fits (a test of an
// artifact, its result, and with what it was run), while SLSA's verification
// summary is about a policy, and its provenance would call the rebuild the
// build. Sources: in-toto/attestation, spec/v1/statement.md and
// spec/predicates/test-result.md (version 0.1.0), read 2026-11-30.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PredicateType = "https://in-toto.io/attestation/test-result/v0.1"
)

// The names of the tests of a predicate.
const (
	TestBytes    = "rebuild: the same bytes"
	TestContents = "rebuild: the same contents" // of the files, if the compression differs
)

// Statement is an in-toto statement (Statement v1) of a rebuild. actions/attest
// makes one itself, of the archive and the Predicate alone (its inputs
// subject-path, predicate-type and predicate-path).
type Statement struct {
	Type          string     `json:"_type"`
	Subject       []Resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     Predicate  `json:"predicate"`
}

// Predicate is one of the type Test Result, version 0.1.0.
type Predicate struct {
	Result        TestResult `json:"result"`
	Configuration []Resource `json:"configuration"` // what the rebuild was made of
	URL           string     `json:"url,omitempty"` // of the run
	PassedTests   []string   `json:"passedTests"`
	WarnedTests   []string   `json:"warnedTests"`
	FailedTests   []string   `json:"failedTests"`
}

// TestResult is the result of a predicate.
type TestResult string

// The results that the predicate's type has, but for WARNED.
const (
	Passed TestResult = "PASSED"
	Failed TestResult = "FAILED"
)

// Resource is a ResourceDescriptor of in-toto, spec/v1/resource_descriptor.md:
// at least one of URI and Digest is there.
type Resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

// Attest gives the statement of a rebuild. is is the manifest of the archive
// that was rebuilt, run the URL of the run, which may be empty.
func Attest(r Result, is archive.Manifest, run string) Statement {
	p := Predicate{Result: Passed, Configuration: configuration(r, is), URL: run, PassedTests: []string{}, WarnedTests: []string{}, FailedTests: []string{}}
	add := func(name string, ok bool) {
		if ok {
			p.PassedTests = append(p.PassedTests, name)
		} else {
			p.FailedTests = append(p.FailedTests, name)
			p.Result = Failed
		}
	}
	add(TestBytes, r.Same)
	add(TestContents, r.Same || len(r.Differences) == 0)
	return Statement{Type: StatementType, Subject: []Resource{{Name: r.Archive, Digest: sha256(r.SHA256)}}, PredicateType: PredicateType, Predicate: p}
}

// configuration is what the rebuild was made of, and with what.
func configuration(r Result, m archive.Manifest) []Resource {
	list := []Resource{{Name: "rebuilt " + r.Archive, Digest: sha256(r.RebuiltSHA256)}}
	if p := m.Provenance; p != nil {
		if s := p.Source; s != nil {
			list = append(list, Resource{Name: "source", URI: sourceURI(*s), Digest: map[string]string{"gitCommit": s.Commit}})
		}
		if name, digest, ok := strings.Cut(p.Image, "@sha256:"); ok {
			list = append(list, Resource{Name: "image", URI: name, Digest: sha256(digest)})
		} else if p.Image != "" {
			list = append(list, Resource{Name: "image", URI: p.Image})
		}
	}
	program, version, _ := strings.Cut(m.Generator, " ")
	list = append(list, Resource{Name: "builder", URI: "pkg:github/binary-buildout/" + program + "@" + url.QueryEscape(version)},
		Resource{Name: "python", URI: "pkg:generic/" + url.PathEscape(m.Python.Implementation) + "@" + url.QueryEscape(m.Python.Version)})
	for _, d := range m.Downloads {
		list = append(list, Resource{Name: d.File, URI: d.URL, Digest: sha256(d.SHA256)})
	}
	return list
}

func sha256(digest string) map[string]string { return map[string]string{"sha256": digest} }

// sourceURI is a checkout's address as SPDX and SLSA write it, or nothing.
func sourceURI(s archive.Source) string {
	if s.URL == "" {
		return ""
	}
	return "git+" + s.URL + "@" + s.Commit
}
