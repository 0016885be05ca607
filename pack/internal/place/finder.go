package place

import (
	"bytes"
	"encoding/binary"
)

// finder finds several strings in one pass, by the method of Wu and Manber
// ("A fast algorithm for multi-pattern searching", 1994) with blocks of two
// bytes: where the two bytes at the end of a window are in no string, the
// window moves on by almost its length.
type finder struct {
	anchors []anchor
	byText  map[string]int
	width   int            // of the window: the length of the shortest anchor
	shift   [1 << 16]uint8 // by how much a window that ends with these two bytes can move
}

func (f *finder) add(needle string, p pattern) {
	if f.byText == nil {
		f.byText = map[string]int{}
	}
	i, ok := f.byText[needle]
	if !ok {
		i = len(f.anchors)
		f.byText[needle] = i
		f.anchors = append(f.anchors, anchor{needle: []byte(needle)})
	}
	f.anchors[i].patterns = append(f.anchors[i].patterns, p)
}

// build makes the tables, when all anchors are there. No anchor is shorter than two bytes.
func (f *finder) build() {
	f.width = 255
	for _, a := range f.anchors {
		f.width = min(f.width, len(a.needle))
	}
	for i := range f.shift {
		f.shift[i] = uint8(f.width - 1)
	}
	for _, a := range f.anchors {
		for k := 2; k <= f.width; k++ {
			two := binary.LittleEndian.Uint16(a.needle[k-2:])
			f.shift[two] = min(f.shift[two], uint8(f.width-k))
		}
	}
}

// scan calls found for each anchor that starts in data[from:to].
func (f *finder) scan(data []byte, from, to int, found func(a *anchor, at int)) {
	end := min(len(data), to+f.width-1)
	for i := from + f.width - 1; i < end; {
		two := binary.LittleEndian.Uint16(data[i-1 : i+1])
		if s := f.shift[two]; s > 0 {
			i += int(s)
			continue
		}
		at := i - f.width + 1
		for k := range f.anchors {
			if a := &f.anchors[k]; data[at] == a.needle[0] && bytes.HasPrefix(data[at:], a.needle) {
				found(a, at)
			}
		}
		i++
	}
}
