package binfmt

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// trie reads the names of the exports trie at the offset and size that b starts
// with. A file stripped of its symbol table still has it.
func (f *machoFile) trie(m *Image, b []byte) error {
	off, size := f.order.Uint32(b), f.order.Uint32(b[4:])
	if size == 0 {
		return nil
	}
	t, err := f.src.bytes(uint64(off), uint64(size))
	if err != nil {
		return fmt.Errorf("reading the exports: %w", err)
	}
	budget := int(min(64*int64(len(t)), *f.src.room))
	w := trieWalk{t: t, budget: budget, seen: make([]bool, len(t))}
	w.node(0, nil, 0)
	if !f.src.take(budget - w.budget) {
		return errTooMuch
	}
	m.Exports = append(m.Exports, w.names...)
	return nil
}

// trieWalk collects the names of an exports trie. Each node is visited once, and
// the names are bounded in all, so that a hostile trie ends.
type trieWalk struct {
	t      []byte
	seen   []bool
	names  []string
	budget int
}

func (w *trieWalk) node(at uint64, name []byte, depth int) {
	if at >= uint64(len(w.t)) || w.seen[at] || depth > 1000 {
		return
	}
	w.seen[at] = true
	b := w.t[at:]
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return
	}
	if n > 0 {
		if w.budget -= len(name) + 16; w.budget < 0 {
			return
		}
		w.names = append(w.names, strings.TrimPrefix(string(name), "_"))
	}
	b = b[uint64(k)+n:]
	if len(b) == 0 {
		return
	}
	children := int(b[0])
	b = b[1:]
	for ; children > 0; children-- {
		i := 0
		for i < len(b) && b[i] != 0 {
			i++
		}
		if i == len(b) || len(name)+i > 1<<15 {
			return
		}
		next, k := binary.Uvarint(b[i+1:])
		if k <= 0 {
			return
		}
		if w.budget -= len(name) + i; w.budget < 0 {
			return
		}
		w.node(next, append(name[:len(name):len(name)], b[:i]...), depth+1)
		b = b[i+1+k:]
	}
}
