package bindiff

import (
	"encoding/binary"
	"math/bits"
)

const (
	seed     = 8       // bytes that have to be the same for a place to be found
	every    = 2       // of so many places one is in the index: of each match of nine bytes one end or the other
	tries    = 24      // places that are compared
	farthest = 1 << 15 // bytes of a match that are counted; it goes on in the next one
)

// An index finds where a base has the same bytes as another text. An entry has a
// place, counted from 1 since 0 stands for none, in its lower bits, and above them
// bits of the hash, which tell most places with other bytes without a look at them.
type index struct {
	base   []byte
	head   []uint32 // by hash: the last place
	before []uint32 // by place: the one before with the same hash
	shift  uint
}

// placeBits are those of a place in an entry. Of a base with more, which is larger
// than 32 MiB, only the beginning is in the index.
const placeBits = 24

const placeMask = 1<<placeBits - 1

func newIndex(base []byte) *index {
	places := min(max(0, len(base)-seed+every)/every, placeMask)
	size := max(8, bits.Len(uint(places))) - 1
	x := &index{base: base, head: make([]uint32, 1<<size), before: make([]uint32, places+1), shift: uint(64 - size)}
	for i := places; i > 0; i-- { // so that an earlier place is found first
		hash := hashOf(base[(i-1)*every:])
		h := hash >> x.shift
		x.before[i], x.head[h] = x.head[h], tagOf(hash)|uint32(i)
	}
	return x
}

// hashOf is Fibonacci hashing: Knuth, The Art of Computer Programming, 6.4.
func hashOf(b []byte) uint64 { return binary.LittleEndian.Uint64(b) * 0x9E3779B97F4A7C15 }

// tagOf gives what an entry has of a hash: bits that don't choose the head.
func tagOf(hash uint64) uint32 { return uint32(hash>>8) &^ placeMask }

// longest gives the place of the longest match of the text's beginning, among
// those that are tried, and its length; 0 where there is none.
func (x *index) longest(text []byte) (at, length int) {
	if len(text) < seed || len(x.base) < seed {
		return 0, 0
	}
	text = text[:min(len(text), farthest)]
	hash := hashOf(text)
	entry, tag := x.head[hash>>x.shift], tagOf(hash)
	for try := 0; entry != 0 && try < tries; try++ {
		place, same := entry&placeMask, entry&^placeMask == tag
		i := (int(place) - 1) * every
		entry = x.before[place]
		if !same || length > 0 && (i+length >= len(x.base) || length < len(text) && x.base[i+length] != text[length]) {
			continue // other bytes, or no longer than the one that is there
		}
		if n := common(x.base[i:], text); n >= seed && n > length {
			at, length = i, n
		}
		if length == len(text) {
			break
		}
	}
	return at, length
}

// common is how many bytes two texts begin with alike.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
