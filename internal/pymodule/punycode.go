package pymodule

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The parameters of RFC 3492.
const base, tmin, tmax, skew, damp = 36, 1, 26, 38, 700

// punycode is RFC 3492's encoding, as Python's codec of that name gives it.
func punycode(s string) string {
	runes := []rune(s)
	var out []byte
	for _, r := range runes {
		if r < 128 {
			out = append(out, byte(r))
		}
	}
	handled := len(out)
	basic := handled
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(128), 0, 72
	for handled < len(runes) {
		next := slices.MinFunc(runes, func(a, b rune) int {
			switch {
			case a >= n && b < n:
				return -1
			case a < n && b >= n:
				return 1
			}
			return int(a - b)
		})
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tmin), tmax)
				if q < t {
					break
				}
				out = append(out, digit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			out = append(out, digit(q))
			bias = adapt(delta, handled+1, handled == basic)
			delta = 0
			handled++
		}
		delta++
		n++
	}
	return string(out)
}

const digits = "abcdefghijklmnopqrstuvwxyz0123456789"

func digit(d int) byte { return digits[d] }

// adapt is RFC 3492's bias after a delta, when so many characters are there.
func adapt(delta, count int, first bool) int {
	d := delta / 2
	if first {
		d = delta / damp
	}
	d += d / count
	k := 0
	for d > (base-tmin)*tmax/2 {
		d /= base - tmin
		k += base
	}
	return k + (base-tmin+1)*d/(d+skew)
}

// fromPunycode reads what follows PyInitU_ in a function's name, where _ stands
// for punycode's hyphen; false if it isn't punycode.
func fromPunycode(s string) (string, bool) {
	i := strings.LastIndexByte(s, '_')
	out := []rune(s[:max(i, 0)])
	s = s[i+1:]
	n, at, bias := 128, 0, 72
	for len(s) > 0 {
		old, weight := at, 1
		for k := base; ; k += base {
			if len(s) == 0 {
				return "", false
			}
			d := strings.IndexByte(digits, s[0]|0x20)
			if s = s[1:]; d < 0 || at/(len(out)+1) > utf8.MaxRune {
				return "", false
			}
			at += d * weight
			t := min(max(k-bias, tmin), tmax)
			if d < t {
				break
			}
			weight *= base - t
		}
		bias = adapt(at-old, len(out)+1, old == 0)
		n += at / (len(out) + 1)
		at %= len(out) + 1
		if n > utf8.MaxRune {
			return "", false
		}
		out = slices.Insert(out, at, rune(n))
		at++
	}
	return string(out), len(out) > 0
}
