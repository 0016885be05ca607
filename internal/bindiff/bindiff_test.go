package bindiff

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// apply is what the target's program does, in the simplest way.
func apply(t *testing.T, base []byte, p Patch) []byte {
	t.Helper()
	var out []byte
	at, diff, fresh := 0, p.Diff, p.New
	for _, s := range p.Steps {
		for i := range s.Add {
			out = append(out, base[at+i]+diff[i])
		}
		diff = diff[s.Add:]
		out = append(out, fresh[:s.Insert]...)
		fresh = fresh[s.Insert:]
		at += s.Add + s.Seek
	}
	if len(diff) > 0 || len(fresh) > 0 {
		t.Fatalf("%d and %d bytes are left", len(diff), len(fresh))
	}
	return out
}

// code is like machine code: instructions with addresses into itself, all of
// which move when something is put in before them.
func code(seed uint64, length, moved int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, 0, length)
	for len(out) < length {
		for range 3 + r.IntN(12) {
			out = append(out, byte(r.IntN(256)))
		}
		address := 0x400000 + r.IntN(length) + moved
		out = append(out, byte(address), byte(address>>8), byte(address>>16), 0)
	}
	return out
}

func TestMake(t *testing.T) {
	text := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog.\n"), 40)
	other := code(7, 20000, 0)
	for i := 0; i < len(other); i += 6 {
		other[i]++
	}
	for name, c := range map[string]struct {
		base, next []byte
		most       int // bytes that are no zeros of Diff, and those of New
	}{
		"nothing":         {nil, nil, 0},
		"from nothing":    {nil, text, len(text)},
		"to nothing":      {text, nil, 0},
		"the same":        {text, text, 0},
		"a word":          {text, bytes.Replace(text, []byte("brown"), []byte("green"), 1), 4},
		"a line more":     {text, append([]byte("another line at the top\n"), text...), 24},
		"a line less":     {text, text[45:], 0},
		"short":           {[]byte("abc"), []byte("abd"), 3},
		"moved addresses": {code(1, 20000, 0), code(1, 20000, 0x40), 2600},
		"a better place":  {append(code(7, 20000, 0), other...), append(code(7, 1000, 0)[:1000], other[1000:]...), 200},
		"halves changed":  {code(2, 20000, 0), append(code(2, 20000, 0)[10000:], code(2, 20000, 0)[:10000]...), 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := Make(c.base, c.next)
			if got := apply(t, c.base, p); !bytes.Equal(got, c.next) {
				t.Fatalf("%d bytes of %d are made", len(got), len(c.next))
			}
			if cost := len(p.Diff) - bytes.Count(p.Diff, []byte{0}) + len(p.New); cost > c.most {
				t.Errorf("%d bytes are sent, want at most %d", cost, c.most)
			}
		})
	}
}

// TestMakeSparse: what is the same but for a byte now and then takes no
// longer than what has little in common: a tenth of its time when measured, and a
// hundred times as long where it is looked for again at each byte.
func TestMakeSparse(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	base, next := make([]byte, 4<<20), make([]byte, 4<<20)
	for at := 0; at < len(base); at += 5000 + r.IntN(10000) {
		base[at] = byte(1 + r.IntN(255))
	}
	taken := func(base, next []byte) (Patch, time.Duration) {
		start := time.Now()
		p := Make(base, next)
		return p, time.Since(start)
	}
	_, peer := taken(code(5, len(base), 0), code(6, len(next), 0))
	p, took := taken(base, next)
	if took > 3*peer {
		t.Errorf("it takes %s, and what has little in common %s", took, peer)
	}
	if got := apply(t, base, p); !bytes.Equal(got, next) {
		t.Error("it isn't what was said")
	}
}

// FuzzMake: whatever the two are, the patch makes the one of the other.
func FuzzMake(f *testing.F) {
	f.Add([]byte("abcdefghijklmnop"), []byte("abcdefghXjklmnopabcdefgh"))
	f.Add(code(3, 400, 0), code(3, 400, 7))
	f.Add(bytes.Repeat([]byte{0}, 300), bytes.Repeat([]byte{0}, 301))
	f.Fuzz(func(t *testing.T, base, next []byte) {
		if got := apply(t, base, Make(base, next)); !bytes.Equal(got, next) {
			t.Fatalf("%q of %q gives %q", next, base, got)
		}
	})
}
