package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/bindiff"
)

// largestPatched bounds the files that are said by another one, bytes: both are
// in memory then, with an index of the base that is four times as large. A larger
// one is sent whole.
const largestPatched = 32 << 20

// A sending is the content that a delta has: whole files, and patches.
type sending struct {
	files *spool
	whole []wholeFile

	rows               [][3]int // Delta.Patches
	documents, patches *streams
	number             map[string]int // of a path in the new files.json
	guess              estimate
}

// streams are what patches are made of: steps, differences, new bytes.
type streams struct{ steps, diff, fresh *spool }

type wholeFile struct {
	entry Entry
	at    span
}

// gather reads both archives, and finds what the one has and the other hasn't.
func gather(ctx context.Context, base, next *Reader) (*sending, error) {
	s, err := newSending(next.files)
	if err != nil {
		return nil, err
	}
	want := newIn(base.files, next.files)
	var likes *bases
	if deltaFormat(&base.manifest) > 1 {
		leaveOut(want, &base.manifest, base.files, next.files)
		if likes, err = readBases(ctx, base, next, want); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		defer likes.Close()
	}
	if err := next.each(ctx, want, func(e Entry, body io.Reader) error { return s.add(e, body, likes) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// leaveOut takes away what the base has at another path, where it is sure to be
// as it was. What lies in var belongs to the administrator: it is always whole.
func leaveOut(want map[string]bool, m *Manifest, base, next []Entry) {
	stays := unchanged(m)
	have := map[string]bool{}
	for _, e := range base {
		if e.Type == TypeFile && stays(e.Path) {
			have[e.SHA256] = true
		}
	}
	for _, e := range next {
		if want[e.Path] && have[e.SHA256] && !inVar(e.Path) {
			delete(want, e.Path)
		}
	}
}

func inVar(name string) bool { return strings.HasPrefix(name, "var/") }

func newSending(files []Entry) (*sending, error) {
	s := &sending{documents: &streams{}, patches: &streams{}, number: map[string]int{}}
	for i, e := range files {
		s.number[e.Path] = i
	}
	for _, place := range s.places() {
		var err error
		if *place, err = newSpool(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// places are where the temporary files are kept.
func (s *sending) places() []**spool {
	return []**spool{&s.files, &s.documents.steps, &s.documents.diff, &s.documents.fresh, &s.patches.steps, &s.patches.diff, &s.patches.fresh}
}

// Close removes the temporary files.
func (s *sending) Close() error {
	var errs []error
	for _, place := range s.places() {
		if *place != nil {
			errs = append(errs, (*place).Close())
		}
	}
	return errors.Join(errs...)
}

// streams gives what patches are made of, by the names that a delta has them
// under; nothing where there are none.
func (s *sending) streams() iter.Seq2[string, *spool] {
	return func(yield func(string, *spool) bool) {
		for _, dir := range []struct {
			name string
			of   *streams
		}{{documentsDir, s.documents}, {patchesDir, s.patches}} {
			if dir.of.steps.size > 0 && !(yield(dir.name+"/steps", dir.of.steps) && yield(dir.name+"/diff", dir.of.diff) && yield(dir.name+"/new", dir.of.fresh)) {
				return
			}
		}
	}
}

// document says a document by the base's: its size, and the number of steps.
func (s *sending) document(base, next []byte) ([2]int, error) {
	p := bindiff.Make(base, next)
	return [2]int{len(next), len(p.Steps)}, s.documents.add(p)
}

func (s *streams) add(p bindiff.Patch) error {
	_, err1 := s.steps.add(bytes.NewReader(steps(p)))
	_, err2 := s.diff.add(bytes.NewReader(p.Diff))
	_, err3 := s.fresh.add(bytes.NewReader(p.New))
	return errors.Join(err1, err2, err3)
}

// add takes a file: by one that it is like, where that at least halves it.
func (s *sending) add(e Entry, body io.Reader, likes *bases) error {
	if likes == nil || inVar(e.Path) || e.Size == 0 || e.Size > largestPatched {
		return s.addWhole(e, body)
	}
	data := make([]byte, e.Size)
	if _, err := io.ReadFull(body, data); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, body); err != nil { // the digest is checked at the end
		return err
	}
	if base := likes.of(e.Path, data); base != "" {
		old, err := likes.content(base)
		if err != nil {
			return err
		}
		if p := bindiff.Make(old, data); s.guess.worth(p, data) {
			s.rows = append(s.rows, [3]int{s.number[e.Path], likes.number[base], len(p.Steps)})
			return s.patches.add(p)
		}
	}
	return s.addWhole(e, bytes.NewReader(data))
}

func (s *sending) addWhole(e Entry, body io.Reader) error {
	at, err := s.files.add(body)
	s.whole = append(s.whole, wholeFile{e, at})
	return err
}

// steps writes the steps of a patch as binpatch.py reads them.
func steps(p bindiff.Patch) []byte {
	var out []byte
	for _, step := range p.Steps {
		out = binary.AppendUvarint(out, uint64(step.Add))
		out = binary.AppendUvarint(out, uint64(step.Insert))
		out = binary.AppendVarint(out, int64(step.Seek))
	}
	return out
}
