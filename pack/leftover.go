package pack

import (
	"io"
	"sync"

	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// Finder looks for the places of a build in a tree that was installed, as
// Relocate did when it was packed: each place in every form and encoding, at
// path boundaries. It may be used by several goroutines at once.
type Finder struct {
	s       *place.Searcher
	buffers sync.Pool // of *[]byte
}

// NewFinder looks for the places of an origin, with an interpreter of this version.
func NewFinder(o Origin, version string) *Finder {
	f := &Finder{s: place.New(o.places(version))}
	f.buffers.New = func() any {
		b := f.s.Buffer()
		return &b
	}
	return f
}

// Find gives the first place that the content names, or nothing.
func (f *Finder) Find(r io.Reader) (string, error) {
	if len(f.s.Places) == 0 {
		return "", nil
	}
	buf := f.buffers.Get().(*[]byte)
	defer f.buffers.Put(buf)
	found, err := f.s.Stream(r, io.Discard, *buf)
	if err != nil {
		return "", err
	}
	for _, h := range found.Hits {
		if h.Place != place.Mark && h.Bound == place.Whole {
			return f.s.Places[h.Place].Path, nil
		}
	}
	return "", nil
}
