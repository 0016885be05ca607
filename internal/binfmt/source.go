package binfmt

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// source reads a file, or a part of one, within bounds: no byte outside of it,
// no more bytes in all than twice its size and a little, and never more than
// maxTables. What is made of them is bounded too.
type source struct {
	r          io.ReaderAt
	base, size int64
	left       *int64 // bytes to read
	room       *int64 // bytes of memory for names and for lists of them
}

// maxTables bounds what is read of one file, and maxNames what its names take,
// in bytes: the tables of the largest libraries have some 40 MiB.
const maxTables, maxNames = 96 << 20, 64 << 20

// What a name takes in a list, besides its own bytes: the size of a string, and
// of a Symbol.
const stringCost, symbolCost = 16, 64

var (
	errTruncated = errors.New("the file ends before what its headers point to")
	errTooMuch   = errors.New("the headers point to the same bytes again and again, or to more than any file has")
)

func newSource(r io.ReaderAt, size int64) source {
	left, room := min(2*size+1<<16, maxTables), min(16*size+1<<16, maxNames)
	return source{r: r, size: size, left: &left, room: &room}
}

// part is the slice of s of size bytes at off. It shares the budget.
func (s source) part(off, size uint64) (source, error) {
	if off > uint64(s.size) || size > uint64(s.size)-off {
		return source{}, errTruncated
	}
	return source{r: s.r, base: s.base + int64(off), size: int64(size), left: s.left, room: s.room}, nil
}

// bytes reads n bytes at off.
func (s source) bytes(off, n uint64) ([]byte, error) {
	if off > uint64(s.size) || n > uint64(s.size)-off {
		return nil, errTruncated
	}
	if int64(n) > *s.left {
		return nil, errTooMuch
	}
	*s.left -= int64(n)
	b := make([]byte, n)
	if _, err := s.r.ReadAt(b, s.base+int64(off)); err != nil && err != io.EOF {
		return nil, err
	} else if err == io.EOF && n > 0 {
		// ReadAt may give io.EOF with the last bytes of the file, or because it is shorter than said.
		if k, _ := s.r.ReadAt(b[n-1:], s.base+int64(off+n-1)); k != 1 {
			return nil, errTruncated
		}
	}
	return b, nil
}

// take takes n bytes of the memory that the file's names may have; false if
// that is too much. Names share the memory of their table, but whoever looks at
// them may copy them: the same one a thousand times counts a thousand times.
func (s source) take(n int) bool {
	*s.room -= int64(n)
	return *s.room >= 0
}

// text reads n bytes at off as a string, without having them twice.
func (s source) text(off, n uint64) (string, error) {
	const piece = 1 << 20
	if off > uint64(s.size) || n > uint64(s.size)-off {
		return "", errTruncated
	}
	var b strings.Builder
	b.Grow(int(min(n, uint64(max(*s.left, 0)))))
	for n > 0 {
		part, err := s.bytes(off, min(n, piece))
		if err != nil {
			return "", err
		}
		b.Write(part)
		off, n = off+uint64(len(part)), n-uint64(len(part))
	}
	return b.String(), nil
}

// sniff is Sniff for a source.
func (s source) sniff() (Kind, error) {
	head, err := s.bytes(0, uint64(min(s.size, SniffLen)))
	if err != nil {
		return "", &Error{Op: "reading", Err: err}
	}
	kind, ok := Sniff(head)
	if !ok {
		return "", &Error{Op: "reading", Err: ErrFormat}
	}
	return kind, nil
}

// maxName is the longest name that is believed; C++ has names of some 10,000 bytes.
const maxName = 1 << 16

// cstring is the string that starts at off of table, without its NUL. It shares table's memory.
func cstring(table string, off uint64) (string, bool) {
	if off >= uint64(len(table)) {
		return "", false
	}
	t := table[off:]
	if len(t) > maxName {
		t = t[:maxName]
	}
	i := strings.IndexByte(t, 0)
	if i < 0 {
		return "", false
	}
	return t[:i], true
}

func wrap(op string, kind Kind, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Op: op, Kind: kind, Err: err}
}

func malformed(format string, args ...any) error {
	return fmt.Errorf(format, args...)
}
