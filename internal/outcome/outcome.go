// Package outcome says how a run of pack ended, for people: in the summary of a
// job, and at the head of the report.
package outcome

import (
	"cmp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// Outcome is what a person wants to know of a run. What didn't become known is
// empty: a run may have ended before.
type Outcome struct {
	Name, Version string
	Target        string // with the label, if the archive has one
	Commit        string // of the checkout
	Run           string // the address of the workflow's run

	Failure *Failure // nil: the archive is packed and proved

	Archive Archive
	Last    *Archive // the archive that it is compared with: --since's first, else --reuse's
	Marks   []Mark   // of the proof
	Deltas  []Delta
	Reused  string // what was taken from the last archive, in words
	Steps   []Step // in their order
	Eggs    []Egg
}

// Archive is a file of an archive.
type Archive struct {
	File    string // its name
	Version string // of the application in it
	Size    int64  // in bytes
	SHA256  string // in lower-case hex
}

// Failure is what ended a run.
type Failure struct {
	Missing, Unusable int    // extensions, if verification found some; else 0
	Unproved          bool   // the archive was written, and its proof failed
	Text              string // the error
	Hint              string // what a person can do; may be empty
}

// Mark is how strictly the proof kept something away.
type Mark struct {
	What  string // "network"
	Grade string // "enforced", "by-convention", "not"
	Good  bool   // the operating system kept it away
}

// Delta leads to the archive from an earlier version.
type Delta struct {
	From string
	Size int64 // in bytes
}

// Step is a step of the run.
type Step struct {
	Title   string
	Seconds float64
	Failed  bool
}

// Egg is an egg of the archive.
type Egg struct {
	Name, Version string
	License       string // as the egg names it; empty: it doesn't
	Develop       bool
	Size          int64 // of its files, in bytes
}

// Verdict is the outcome in a few words.
func (o Outcome) Verdict() string {
	f := o.Failure
	switch {
	case f == nil:
		return "packed and proved"
	case f.Missing+f.Unusable > 0:
		return "not packed: " + f.extensions()
	case f.Unproved:
		return "not proved"
	}
	return "not packed"
}

func (f *Failure) extensions() string {
	var texts []string
	if f.Missing > 0 {
		texts = append(texts, plural.Of(f.Missing, "extension")+" "+plural.Is(f.Missing)+" missing")
	}
	if f.Unusable > 0 {
		texts = append(texts, plural.Of(f.Unusable, "extension")+" can't be used")
	}
	return strings.Join(texts, ", ")
}

// Change is the archive's size beside the last one's, in words; empty if there
// is nothing to compare.
func (o Outcome) Change() string {
	if o.Last == nil || o.Archive.File == "" {
		return ""
	}
	switch d := o.Archive.Size - o.Last.Size; {
	case d > 0:
		return plural.Bytes(d) + " more than " + o.Last.Version
	case d < 0:
		return plural.Bytes(-d) + " less than " + o.Last.Version
	}
	return "as large as " + o.Last.Version
}

// Largest are the eggs by size, the largest first, at most n of them.
func (o Outcome) Largest(n int) []Egg {
	eggs := slices.Clone(o.Eggs)
	slices.SortStableFunc(eggs, func(a, b Egg) int { return cmp.Compare(b.Size, a.Size) })
	return eggs[:min(n, len(eggs))]
}

// share is the part that n is of most, in percent, at least 1 if n isn't 0.
func share[N int64 | float64](n, most N) int {
	if n <= 0 || most <= 0 {
		return 0
	}
	return max(1, int(float64(n)/float64(most)*100+0.5))
}
