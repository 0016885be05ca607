package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/binary-buildout/binary-buildout/internal/bindiff"
)

// largestPatched bounds the files that are said by another one, bytes: both are
// in memory then, with an index of the base that is as large. A larger one is sent
// whole.
const largestPatched = 32 << 20

// A sending is the content that a delta has: whole files, and patches.
type sending struct {
	files *spool
	whole []wholeFile

	rows               []PatchRow
	steps, diff, fresh *spool
}

type wholeFile struct {
	entry Entry
	at    span
}

// gather reads both archives, and finds what the one has and the other hasn't.
func gather(ctx context.Context, base, next *Reader) (*sending, error) {
	s, err := newSending()
	if err != nil {
		return nil, err
	}
	want := newIn(base.files, next.files)
	var likes *bases
	if deltaFormat(&base.manifest) > 1 {
		leaveOut(want, base.files, next.files)
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

// leaveOut takes away what the base has at another path. What lies in var
// belongs to the administrator: it is no source, and always whole.
func leaveOut(want map[string]bool, base, next []Entry) {
	have := map[string]bool{}
	for _, e := range base {
		if e.Type == TypeFile && !inVar(e.Path) {
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

func newSending() (*sending, error) {
	s := &sending{}
	for _, place := range []**spool{&s.files, &s.steps, &s.diff, &s.fresh} {
		var err error
		if *place, err = newSpool(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close removes the temporary files.
func (s *sending) Close() error {
	var errs []error
	for _, spool := range []*spool{s.files, s.steps, s.diff, s.fresh} {
		if spool != nil {
			errs = append(errs, spool.Close())
		}
	}
	return errors.Join(errs...)
}

// streams gives what patches are made of, by name; nothing where there are none.
func (s *sending) streams() iter.Seq2[string, *spool] {
	return func(yield func(string, *spool) bool) {
		if len(s.rows) > 0 {
			_ = yield(stepsName, s.steps) && yield(diffName, s.diff) && yield(newName, s.fresh)
		}
	}
}

// add takes a file: by one that it is like, where that at least halves it.
func (s *sending) add(e Entry, body io.Reader, likes *bases) error {
	if likes == nil || inVar(e.Path) || e.Size == 0 || e.Size > largestPatched {
		return s.addWhole(e, body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if base := likes.of(e.Path, data); base != "" {
		old, err := likes.content(base)
		if err != nil {
			return err
		}
		if p := bindiff.Make(old, data); worth(p, data) {
			return s.addPatch(PatchRow{Path: e.Path, Base: base, Steps: len(p.Steps)}, p)
		}
	}
	return s.addWhole(e, bytes.NewReader(data))
}

func (s *sending) addWhole(e Entry, body io.Reader) error {
	at, err := s.files.add(body)
	s.whole = append(s.whole, wholeFile{e, at})
	return err
}

func (s *sending) addPatch(row PatchRow, p bindiff.Patch) error {
	s.rows = append(s.rows, row)
	_, err1 := s.steps.add(bytes.NewReader(steps(p)))
	_, err2 := s.diff.add(bytes.NewReader(p.Diff))
	_, err3 := s.fresh.add(bytes.NewReader(p.New))
	return errors.Join(err1, err2, err3)
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

// worth says whether a patch is at most half of the file, both compressed.
func worth(p bindiff.Patch, data []byte) bool {
	return 2*compressed(steps(p), p.Diff, p.New) <= compressed(data)
}

// compressed is how many bytes texts take, about.
func compressed(texts ...[]byte) int {
	var count counter
	z, err := flate.NewWriter(&count, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is one
	}
	for _, text := range texts {
		_, _ = z.Write(text)
	}
	_ = z.Close()
	return int(count)
}

// A counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
