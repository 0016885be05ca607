package place

import (
	"bytes"
	"io"
	"slices"
	"sort"

	"github.com/binary-buildout/binary-buildout/archive"
)

const (
	chunkSize = 1 << 20
	headSize  = 512
	// MaxHits bounds what is kept of one file.
	MaxHits = 1 << 20
)

// Hit is a place that was found in a file.
type Hit struct {
	Offset int64
	N      int // bytes
	Place  int // index into Searcher.Places; Mark for the text of a placeholder
	Enc    Encoding
	Bound  Boundary
	Shape
}

// Mark is the Place of a hit that is the start of a placeholder's text.
const Mark = -1

// End is where the hit is over.
func (h Hit) End() int64 { return h.Offset + int64(h.N) }

// Searcher looks for all forms of all places in one pass. For each place it
// looks for one distinctive run of characters that no form changes, all such
// runs at once, and tries the forms only there. It is immutable, and used by
// all workers.
type Searcher struct {
	Places  []Place
	narrow  finder
	wide    finder // UTF-16: only in files with NUL bytes
	longest int    // of all patterns
}

// anchor is a run of bytes, and the patterns that hold it.
type anchor struct {
	needle   []byte
	patterns []pattern
}

// pattern is one form of a place, with where its anchor is in it.
type pattern struct {
	text  []byte
	at    int
	place int
	enc   Encoding
	posix bool
	bare  bool // of a secret: found wherever it stands
	Shape
}

// New makes a searcher for places.
func New(places []Place) *Searcher {
	s := &Searcher{Places: places}
	add := func(needle string, p pattern) {
		f := &s.narrow
		if p.enc == EncUTF16L || p.enc == EncUTF16B {
			f = &s.wide
		}
		p.at = bytes.Index(p.text, []byte(needle))
		f.add(needle, p)
		s.longest = max(s.longest, len(p.text))
	}
	for i, pl := range places {
		if pl.Secret {
			needle := run(pl.Path)
			if len(needle) < minAnchor {
				needle = pl.Path
			}
			add(needle, pattern{text: []byte(pl.Path), place: i, bare: true})
			continue
		}
		base := pl.Path
		for _, other := range places {
			if !other.Secret && Under(base, other.Path) && len(run(other.Path)) >= minAnchor {
				base = other.Path
			}
		}
		for _, f := range forms(pl.Path) {
			needle := run(base)
			if f.enc == EncUTF16L || f.enc == EncUTF16B {
				w := ToUTF16(needle, false)
				needle = w[:max(len(w)-1, 0)] // in either byte order
			}
			if len(needle) < minAnchor || !bytes.Contains([]byte(f.text), []byte(needle)) {
				needle = f.text
			}
			add(needle, pattern{text: []byte(f.text), place: i, enc: f.enc, Shape: f.Shape, posix: pl.Path[0] == '/'})
		}
	}
	add(archive.PlaceholderMark, pattern{text: []byte(archive.PlaceholderMark), place: Mark})
	wide := ToUTF16(archive.PlaceholderMark, false)
	add(wide, pattern{text: []byte(wide), place: Mark, enc: EncUTF16L})
	s.narrow.build()
	s.wide.build()
	return s
}

const (
	minAnchor = 4
	maxAnchor = 16
)

// run is the most varied piece, up to maxAnchor long, of a path's longest run
// of characters that no encoding changes.
func run(p string) string {
	best, start := "", 0
	for i := 0; i <= len(p); i++ {
		if i < len(p) && (isAlnum(p[i]) || p[i] == '_' || p[i] == '.' || p[i] == '-') {
			continue
		}
		if i-start > len(best) {
			best = p[start:i]
		}
		start = i + 1
	}
	if len(best) <= maxAnchor {
		return best
	}
	at, most := 0, 0
	for i := 0; i+maxAnchor <= len(best); i++ {
		if n := variety(best[i : i+maxAnchor]); n > most {
			at, most = i, n
		}
	}
	return best[at : at+maxAnchor]
}

func variety(s string) int {
	var seen [256]bool
	n := 0
	for i := 0; i < len(s); i++ {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	return n
}

// Buffer is scratch space for [Searcher.Stream].
func (s *Searcher) Buffer() []byte {
	return make([]byte, chunkSize+lookBehind+2*s.longest)
}

// Within searches what is in memory, in one byte an ASCII character.
func (s *Searcher) Within(data []byte) []Hit {
	var res Found
	s.window(data, 0, len(data), 0, &res)
	return settle(res.Hits)
}

// Found is what one pass over a file tells.
type Found struct {
	Hits   []Hit // by offset; none overlap
	HasNUL bool
	Head   []byte // the first headSize bytes
	Size   int64
	// Secrets are indices into Searcher.Places, each once.
	Secrets []int
}

// Stream searches all that r gives, and writes it to each as it goes.
// buf is scratch space, as Buffer gives it.
func (s *Searcher) Stream(r io.Reader, w io.Writer, buf []byte) (Found, error) {
	var res Found
	keep := lookBehind + s.longest
	slack := s.longest + lookAhead
	n, from, base := 0, 0, int64(0)
	for {
		m, err := io.ReadFull(r, buf[n:])
		if m > 0 {
			w.Write(buf[n : n+m])
			res.HasNUL = res.HasNUL || bytes.IndexByte(buf[n:n+m], 0) >= 0
			if len(res.Head) < headSize {
				res.Head = append(res.Head, buf[n:n+min(m, headSize-len(res.Head))]...)
			}
		}
		n += m
		res.Size += int64(m)
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return res, err
		}
		to := n - slack
		if last {
			to = n
		}
		if to > from {
			s.window(buf[:n], from, to, base, &res)
			from = to
		}
		if last || len(res.Hits) > MaxHits {
			break
		}
		if cut := from - keep; cut > 0 {
			copy(buf, buf[cut:n])
			n, from, base = n-cut, from-cut, base+int64(cut)
		}
	}
	res.Hits = settle(res.Hits)
	return res, nil
}

// window finds the anchors that start in data[from:to].
func (s *Searcher) window(data []byte, from, to int, base int64, res *Found) {
	found := func(a *anchor, at int) {
		a.secrets(data, at, res)
		if h, ok := s.try(a, data, at, base); ok {
			res.Hits = append(res.Hits, h)
		}
	}
	s.narrow.scan(data, from, to, found)
	if res.HasNUL {
		s.wide.scan(data, from, to, found)
	}
}

// secrets notes the secrets that an anchor is part of. They have no boundaries,
// and overlap with nothing: a path that holds one is both.
func (a *anchor) secrets(data []byte, at int, res *Found) {
	for i := range a.patterns {
		p := &a.patterns[i]
		if start := at - p.at; p.bare && start >= 0 && bytes.HasPrefix(data[start:], p.text) && !slices.Contains(res.Secrets, p.place) {
			res.Secrets = append(res.Secrets, p.place)
		}
	}
}

// try gives the best of an anchor's patterns at a place: one at path
// boundaries before one that isn't, then the longest.
func (s *Searcher) try(a *anchor, data []byte, at int, base int64) (Hit, bool) {
	var best Hit
	ok := false
	for i := range a.patterns {
		p := &a.patterns[i]
		start := at - p.at
		if p.bare || start < 0 || !bytes.HasPrefix(data[start:], p.text) {
			continue
		}
		h := Hit{Offset: base + int64(start), N: len(p.text), Place: p.place, Enc: p.enc, Shape: p.Shape}
		if p.place != Mark {
			end := start + h.N
			h.Bound = judge(data[max(0, start-lookBehind):start], data[end:min(len(data), end+lookAhead)], p.enc, p.posix)
			if h.Bound == Longer && s.Places[p.place].Made {
				h.Bound = Whole
			}
		}
		if !ok || better(h, best) {
			best, ok = h, true
		}
	}
	return best, ok
}

func better(a, b Hit) bool {
	if (a.Bound == Whole) != (b.Bound == Whole) {
		return a.Bound == Whole
	}
	if a.N == b.N && a.Enc != b.Enc && a.Enc >= EncUTF16L && b.Enc >= EncUTF16L {
		return a.Offset%2 == 0 // the other is the same, read a byte off
	}
	return a.N > b.N
}

// settle sorts hits and removes those that overlap a better one.
func settle(hits []Hit) []Hit {
	sort.Slice(hits, func(i, j int) bool {
		if hits[i].Offset != hits[j].Offset {
			return hits[i].Offset < hits[j].Offset
		}
		return better(hits[i], hits[j])
	})
	out := hits[:0]
	for _, h := range hits {
		if len(out) == 0 || h.Offset >= out[len(out)-1].End() {
			out = append(out, h)
		} else if last := &out[len(out)-1]; better(h, *last) && h.Bound == Whole && last.Bound != Whole {
			*last = h
		}
	}
	return out
}
