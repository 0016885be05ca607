package verify

import "slices"

// punycode is RFC 3492's encoding, as Python's codec of that name gives it.
func punycode(s string) string {
	const base, tmin, tmax, skew, damp = 36, 1, 26, 38, 700
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
			d := delta / 2
			if handled == basic {
				d = delta / damp
			}
			d += d / (handled + 1)
			k := 0
			for d > (base-tmin)*tmax/2 {
				d /= base - tmin
				k += base
			}
			bias = k + (base-tmin+1)*d/(d+skew)
			delta = 0
			handled++
		}
		delta++
		n++
	}
	return string(out)
}

func digit(d int) byte { return "abcdefghijklmnopqrstuvwxyz0123456789"[d] }
