package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A patcher makes contents of a base's, one after the other, as
// target/src/binpatch.py does: of the steps, differences and new bytes of a
// delta's documents/ or patches/.
type patcher struct {
	steps       *bufio.Reader
	diff, fresh io.Reader
}

var errSteps = errors.New("its steps don't make the file")

// make writes what the next steps make of a base: so many bytes.
func (p *patcher) make(w io.Writer, base io.ReaderAt, length int64, steps int, size int64) error {
	at := int64(0)
	for ; steps > 0; steps-- {
		added, err1 := binary.ReadUvarint(p.steps)
		put, err2 := binary.ReadUvarint(p.steps)
		seek, err3 := binary.ReadVarint(p.steps)
		if err := errors.Join(err1, err2, err3); err != nil {
			return fmt.Errorf("%w: %w", errSteps, err)
		}
		if added > uint64(length-at) || added > uint64(size) || put > uint64(size)-added {
			return errSteps
		}
		size -= int64(added + put)
		if err := p.add(w, io.NewSectionReader(base, at, int64(added))); err != nil {
			return err
		}
		if _, err := io.CopyN(w, p.fresh, int64(put)); err != nil {
			return err
		}
		// No sum can overflow: a place is below 1 << 46.
		if at += int64(added); seek > length-at || seek < -at {
			return errSteps
		}
		at += seek
	}
	if size != 0 {
		return errSteps
	}
	return nil
}

// add writes the sums of a base's bytes and of as many differences, modulo 256.
func (p *patcher) add(w io.Writer, base io.Reader) error {
	var sum, diff [16 << 10]byte
	for {
		n, err := io.ReadFull(base, sum[:])
		if n == 0 {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if _, err := io.ReadFull(p.diff, diff[:n]); err != nil {
			return err
		}
		for i := range n {
			sum[i] += diff[i]
		}
		if _, err := w.Write(sum[:n]); err != nil {
			return err
		}
	}
}

// unpatch is the contrary of patch: it makes a text of at most so many bytes of
// another one's lines.
func unpatch(base []byte, parts []any, most int) ([]byte, error) {
	lines := strings.SplitAfter(string(base), "\n")
	var out []byte
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			out = append(out, part...)
		case []any:
			row, ok := numbers(part)
			if !ok || row[0] > len(lines) || row[1] > len(lines)-row[0] {
				return nil, errSteps
			}
			for _, line := range lines[row[0] : row[0]+row[1]] {
				if out = append(out, line...); len(out) > most {
					return nil, errSteps
				}
			}
		default:
			return nil, errSteps
		}
		if len(out) > most {
			return nil, errSteps
		}
	}
	return out, nil
}

// numbers are the two of a row of delta.json, which are whole and not negative.
func numbers(row []any) (out [2]int, ok bool) {
	if len(row) != 2 {
		return out, false
	}
	for i, value := range row {
		n, isNumber := value.(float64)
		if !isNumber || n < 0 || n > maxTotal || n != float64(int(n)) {
			return out, false
		}
		out[i] = int(n)
	}
	return out, true
}
