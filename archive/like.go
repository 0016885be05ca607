package archive

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"regexp"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// bases are the files of a base that another version's can be like: those whose
// content it doesn't have any more, and those at the paths that changed, if they
// are sure to be as they were.
type bases struct {
	spool    *spool
	at       map[string]span
	number   map[string]int      // of a path in the base's files.json
	byName   map[string][]string // by nameOf, in the order of the archive
	gone     map[string][]string // those that a file of any name may be like, by extension
	sketches map[string]map[uint32]bool
}

func readBases(ctx context.Context, base, next *Reader, want map[string]bool) (*bases, error) {
	spool, err := newSpool()
	if err != nil {
		return nil, err
	}
	b := &bases{spool: spool, at: map[string]span{}, number: map[string]int{}, byName: map[string][]string{}, gone: map[string][]string{}, sketches: map[string]map[uint32]bool{}}
	stays := map[string]bool{}
	for _, e := range next.files {
		stays[e.SHA256] = true
	}
	read := map[string]bool{}
	for i, e := range base.files {
		b.number[e.Path] = i
		fits := e.Type == TypeFile && e.Size > 0 && e.Size <= largestPatched && !inVar(e.Path)
		read[e.Path] = fits && (want[e.Path] || !stays[e.SHA256])
	}
	sure := unchanged(&base.manifest)
	err = base.each(ctx, read, func(e Entry, body io.Reader) error {
		begin := bufio.NewReader(body)
		head, _ := begin.Peek(4)
		if !sure(e.Path) && binfmt.Magic(head) == "" { // nobody edits machine code
			return nil
		}
		at, err := spool.add(begin)
		b.at[e.Path] = at
		name := nameOf(e.Path)
		b.byName[name] = append(b.byName[name], e.Path)
		if !stays[e.SHA256] {
			b.gone[path.Ext(name)] = append(b.gone[path.Ext(name)], e.Path)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, spool.Close())
	}
	return b, nil
}

// Close removes the temporary file.
func (b *bases) Close() error { return b.spool.Close() }

func (b *bases) content(name string) ([]byte, error) { return b.spool.read(b.at[name]) }

// version is what another version of the same thing has otherwise in its name:
// numbers, and digests (libjpeg-1b2c3d4e.so.62, bundle-0a1b2c3d4e.js).
var version = regexp.MustCompile(`([0-9a-f]{8,}|[0-9]+)(\.([0-9a-f]{8,}|[0-9]+))*`)

// nameOf is a path less the versions in it.
func nameOf(name string) string { return version.ReplaceAllString(name, "#") }

// of gives the base's file that one is most like: at its path, at its path less
// the versions, or else the one with which it shares most; "" if there is none.
func (b *bases) of(name string, data []byte) string {
	if _, ok := b.at[name]; ok {
		return name
	}
	bare := nameOf(name)
	same := b.byName[bare]
	if len(same) == 1 {
		return same[0]
	}
	mine, least := sketch(data), max(1, len(data)/sampled/10)
	if found := b.nearest(same, mine, least); found != "" {
		return found
	}
	return b.nearest(b.gone[path.Ext(bare)], mine, least)
}

// nearest gives the file that has most of a sketch's samples, and at least so
// many of them.
func (b *bases) nearest(names []string, mine map[uint32]bool, least int) string {
	best, most := "", least-1
	for _, name := range names {
		theirs, ok := b.sketches[name]
		if !ok {
			content, err := b.content(name)
			if err != nil {
				continue
			}
			theirs = sketch(content)
			b.sketches[name] = theirs
		}
		shared := 0
		for s := range mine {
			if theirs[s] {
				shared++
			}
		}
		if shared > most {
			best, most = name, shared
		}
	}
	return best
}

// One of so many places of a file is in its sketch.
const sampled = 256

// sketch takes samples of a file: of the runs of eight bytes those whose hash
// begins with zeros, wherever they lie.
func sketch(data []byte) map[uint32]bool {
	out := map[uint32]bool{}
	for i := 0; i+8 <= len(data); i++ {
		if h := binary.LittleEndian.Uint64(data[i:]) * 0x9E3779B97F4A7C15; h>>(64-8) == 0 {
			out[uint32(h>>16)] = true
		}
	}
	return out
}
