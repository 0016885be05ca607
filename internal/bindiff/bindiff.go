// Package bindiff describes a file by another one that resembles it: what both
// have in common, byte by byte, and what is new.
//
// It is the method of bsdiff (Colin Percival, "Naive differences of executable
// code", 2003): a stretch is taken over although single bytes of it differ, and
// the differences, which are mostly zeros, compress well. A machine address that
// moved differs by the same number everywhere, so differences are subtractions.
// bsdiff sorts the base's suffixes; here the places where a stretch may begin
// are found by a hash of eight bytes, which takes a twentieth of the memory.
package bindiff

import (
	"encoding/binary"
	"math/bits"
)

// A Step makes the next bytes of a file: Add bytes are those of the base from
// the current place on, plus as many of Patch.Diff, each modulo 256; then come
// Insert bytes of Patch.New. Then the place in the base moves on by Seek.
type Step struct {
	Add, Insert, Seek int
}

// A Patch says a file by its base.
type Patch struct {
	Steps []Step
	Diff  []byte // the differences to the base, of all steps
	New   []byte // the bytes that the base hasn't, of all steps
}

// Make says next by base. What is made depends on the two alone.
func Make(base, next []byte) Patch {
	d := differ{base: base, next: next, index: newIndex(base), patch: Patch{Diff: make([]byte, 0, min(len(base), len(next)))}}
	for !d.done() {
		d.stretch()
	}
	return d.patch
}

// A differ goes through next once, from one stretch that it has in common with
// the base to another.
type differ struct {
	base, next []byte
	index      *index
	patch      Patch

	scan, length int // where a match begins in next, and how long it is
	looked       int // where in next a place was looked for last
	at           int // where it begins in base

	lastNext, lastBase int // where the stretch before it begins
}

func (d *differ) done() bool { return d.scan >= len(d.next) }

// enough is how many bytes more than the stretch goes on with a match has to
// have for another stretch to begin: bsdiff's number.
const enough = 8

// stretch finds the next match that is worth another stretch, and writes the
// stretch before it.
func (d *differ) stretch() {
	d.scan += d.length
	score := 0 // how many bytes of the match the stretch has, if it simply goes on
	offset := d.lastBase - d.lastNext
	for seen := d.scan; d.scan < len(d.next); {
		if run := d.goesOn(offset); run > 0 {
			d.scan += run
			score, seen = 0, d.scan
			continue
		}
		d.looked = d.scan
		d.at, d.length = d.index.longest(d.next[d.scan:])
		for ; seen < d.scan+d.length; seen++ {
			score += d.same(seen, offset)
		}
		if d.length == score && d.length != 0 || d.length > score+enough {
			break
		}
		for range min(stride(d.length), len(d.next)-d.scan) {
			score -= d.same(d.scan, offset)
			d.scan++
		}
	}
	if d.length != score || d.done() {
		d.write()
	}
}

// goesOn is for how many bytes no place has to be looked for, since the stretch before
// goes on: without a difference, or with so few that another place could hardly be
// worth it. Addresses in machine code and in tables differ so. Now and then a place is
// looked for all the same: one that shares far more begins as early as it can
// (backward). To do so always takes a third longer, for patches that are 0.4 % smaller
// (measured 2026-12-01).
func (d *differ) goesOn(offset int) int {
	at := d.scan + offset
	if at < 0 || at >= len(d.base) {
		return 0
	}
	base, next := d.base[at:], d.next[d.scan:]
	if run := common(base, next); run >= seed {
		return run
	}
	if d.scan-d.looked < farthestAlike && alike(base, next) {
		return window
	}
	return 0
}

const (
	window = 16 // bytes of a stretch that are compared
	most   = 13 // of them that have to be the same

	farthestAlike = 256 // bytes that are passed so before a place is looked for again
)

// alike says whether most bytes of two texts' beginnings are the same.
func alike(a, b []byte) bool {
	if len(a) < window || len(b) < window {
		return false
	}
	same := 0
	for i := 0; i < window; i += 8 {
		x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:])
		const low = 0x7f7f7f7f7f7f7f7f
		same += bits.OnesCount64(^(x&low + low | x | low)) // of each zero byte its highest bit is left
	}
	return same >= most
}

// stride is how far to go on from a match that is not worth another stretch. Of a
// match of 17 bytes one place is looked at that is in the index, since 5 and 2 have
// no common divisor, and it begins as early as it can (backward). Each byte takes
// twice as long, for patches that are 1 to 3 % smaller (measured 2026-11-30).
// Behind each byte of a long one lies the rest of it, and to look for that again
// takes as long as it is: without strides 2 MiB of zeros with a byte in each
// 10,000 took two minutes. A better match that begins in between is found from
// its middle.
func stride(length int) int {
	if length < long {
		return 5
	}
	return length / 4
}

// long is from how many bytes on a match is gone on from in strides.
const long = 64

// same is 1 where next has the base's byte.
func (d *differ) same(i, offset int) int {
	if j := i + offset; i < len(d.next) && j >= 0 && j < len(d.base) && d.base[j] == d.next[i] {
		return 1
	}
	return 0
}

// write writes the stretch before the match: it goes on for as long as at least
// half of its bytes are right, and the match begins as early as that holds.
func (d *differ) write() {
	forward := d.forward()
	backward := 0
	if !d.done() {
		backward = d.backward()
	}
	if over := d.lastNext + forward - (d.scan - backward); over > 0 {
		forward, backward = d.share(forward, backward, over)
	}
	step := Step{Add: forward, Insert: d.scan - backward - d.lastNext - forward}
	step.Seek = d.at - backward - d.lastBase - forward
	if d.done() {
		step.Seek = 0
	}
	for i := range forward {
		d.patch.Diff = append(d.patch.Diff, d.next[d.lastNext+i]-d.base[d.lastBase+i])
	}
	d.patch.New = append(d.patch.New, d.next[d.lastNext+forward:d.scan-backward]...)
	d.patch.Steps = append(d.patch.Steps, step)
	d.lastNext, d.lastBase = d.scan-backward, d.at-backward
}

func (d *differ) forward() int {
	best, bestScore, score := 0, 0, 0
	for i := 0; d.lastNext+i < d.scan && d.lastBase+i < len(d.base); i++ {
		if d.base[d.lastBase+i] == d.next[d.lastNext+i] {
			score++
		}
		if 2*score-(i+1) > bestScore {
			best, bestScore = i+1, 2*score-(i+1)
		}
	}
	return best
}

func (d *differ) backward() int {
	best, bestScore, score := 0, 0, 0
	for i := 1; d.scan-i >= d.lastNext && d.at-i >= 0; i++ {
		if d.base[d.at-i] == d.next[d.scan-i] {
			score++
		}
		if 2*score-i > bestScore {
			best, bestScore = i, 2*score-i
		}
	}
	return best
}

// share says which of two stretches gets the bytes that both could have.
func (d *differ) share(forward, backward, over int) (int, int) {
	best, bestScore, score := 0, 0, 0
	for i := range over {
		n := d.lastNext + forward - over + i
		if d.next[n] == d.base[d.lastBase+forward-over+i] {
			score++
		}
		if d.next[n] == d.base[d.at-backward+i] {
			score--
		}
		if score > bestScore {
			best, bestScore = i+1, score
		}
	}
	return forward - over + best, backward - best
}
