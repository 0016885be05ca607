package pack

import (
	"bytes"
	"io"
	"sort"

	"github.com/binary-buildout/binary-buildout/archive"
)

const (
	chunkSize = 1 << 20
	headSize  = 512
	// maxHits bounds what is kept of one file.
	maxHits = 1 << 20
)

// hit is a place that was found in a file.
type hit struct {
	offset int64
	n      int // bytes
	place  int // index into searcher.places; markPlace for the text of a placeholder
	enc    encoding
	bound  boundary
	shape
}

const markPlace = -1

func (h hit) end() int64 { return h.offset + int64(h.n) }

// searcher looks for all forms of all places in one pass. For each place it
// looks for one distinctive run of characters that no form changes, all such
// runs at once, and tries the forms only there. It is immutable, and used by
// all workers.
type searcher struct {
	places  []place
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
	enc   encoding
	posix bool
	shape
}

func newSearcher(places []place) *searcher {
	s := &searcher{places: places}
	add := func(needle string, p pattern) {
		f := &s.narrow
		if p.enc == encUTF16L || p.enc == encUTF16B {
			f = &s.wide
		}
		p.at = bytes.Index(p.text, []byte(needle))
		f.add(needle, p)
		s.longest = max(s.longest, len(p.text))
	}
	for i, pl := range places {
		base := pl.path
		for _, other := range places {
			if under(base, other.path) && len(run(other.path)) >= minAnchor {
				base = other.path
			}
		}
		for _, f := range forms(pl.path) {
			needle := run(base)
			if f.enc == encUTF16L || f.enc == encUTF16B {
				w := toUTF16(needle, false)
				needle = w[:max(len(w)-1, 0)] // in either byte order
			}
			if len(needle) < minAnchor || !bytes.Contains([]byte(f.text), []byte(needle)) {
				needle = f.text
			}
			add(needle, pattern{text: []byte(f.text), place: i, enc: f.enc, shape: f.shape, posix: pl.path[0] == '/'})
		}
	}
	add(archive.PlaceholderMark, pattern{text: []byte(archive.PlaceholderMark), place: markPlace})
	wide := toUTF16(archive.PlaceholderMark, false)
	add(wide, pattern{text: []byte(wide), place: markPlace, enc: encUTF16L})
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

// found is what one pass over a file tells.
type found struct {
	hits   []hit // by offset; none overlap
	hasNUL bool
	head   []byte // the first headSize bytes
	size   int64
}

// stream searches all that r gives, and writes it to each as it goes.
// buf is scratch space of at least chunkSize bytes.
func (s *searcher) stream(r io.Reader, w io.Writer, buf []byte) (found, error) {
	var res found
	keep := lookBehind + s.longest
	slack := s.longest + lookAhead
	n, from, base := 0, 0, int64(0)
	for {
		m, err := io.ReadFull(r, buf[n:])
		if m > 0 {
			w.Write(buf[n : n+m])
			res.hasNUL = res.hasNUL || bytes.IndexByte(buf[n:n+m], 0) >= 0
			if len(res.head) < headSize {
				res.head = append(res.head, buf[n:n+min(m, headSize-len(res.head))]...)
			}
		}
		n += m
		res.size += int64(m)
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return res, err
		}
		to := n - slack
		if last {
			to = n
		}
		if to > from {
			s.window(buf[:n], from, to, base, res.hasNUL, &res.hits)
			from = to
		}
		if last || len(res.hits) > maxHits {
			break
		}
		if cut := from - keep; cut > 0 {
			copy(buf, buf[cut:n])
			n, from, base = n-cut, from-cut, base+int64(cut)
		}
	}
	res.hits = settle(res.hits)
	return res, nil
}

// window finds the anchors that start in data[from:to].
func (s *searcher) window(data []byte, from, to int, base int64, wide bool, out *[]hit) {
	found := func(a *anchor, at int) {
		if h, ok := s.try(a, data, at, base); ok {
			*out = append(*out, h)
		}
	}
	s.narrow.scan(data, from, to, found)
	if wide {
		s.wide.scan(data, from, to, found)
	}
}

// try gives the best of an anchor's patterns at a place: one at path
// boundaries before one that isn't, then the longest.
func (s *searcher) try(a *anchor, data []byte, at int, base int64) (hit, bool) {
	var best hit
	ok := false
	for i := range a.patterns {
		p := &a.patterns[i]
		start := at - p.at
		if start < 0 || !bytes.HasPrefix(data[start:], p.text) {
			continue
		}
		h := hit{offset: base + int64(start), n: len(p.text), place: p.place, enc: p.enc, shape: p.shape}
		if p.place != markPlace {
			end := start + h.n
			h.bound = judge(data[max(0, start-lookBehind):start], data[end:min(len(data), end+lookAhead)], p.enc, p.posix)
			if h.bound == longer && s.places[p.place].made {
				h.bound = whole
			}
		}
		if !ok || better(h, best) {
			best, ok = h, true
		}
	}
	return best, ok
}

func better(a, b hit) bool {
	if (a.bound == whole) != (b.bound == whole) {
		return a.bound == whole
	}
	if a.n == b.n && a.enc != b.enc && a.enc >= encUTF16L && b.enc >= encUTF16L {
		return a.offset%2 == 0 // the other is the same, read a byte off
	}
	return a.n > b.n
}

// settle sorts hits and removes those that overlap a better one.
func settle(hits []hit) []hit {
	sort.Slice(hits, func(i, j int) bool {
		if hits[i].offset != hits[j].offset {
			return hits[i].offset < hits[j].offset
		}
		return better(hits[i], hits[j])
	})
	out := hits[:0]
	for _, h := range hits {
		if len(out) == 0 || h.offset >= out[len(out)-1].end() {
			out = append(out, h)
		} else if last := &out[len(out)-1]; better(h, *last) && h.bound == whole && last.bound != whole {
			*last = h
		}
	}
	return out
}
