package install

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/matrix"
)

// nothingFits explains: what this system is, what there is, what comes closest.
func nothingFits(o Options, x *Index, from string, pythons []*Python) error {
	var names []string
	for _, a := range x.Assets {
		name := a.Target
		if a.Label != "" {
			name += " (" + a.Label + ")"
		}
		names = append(names, name)
	}
	best := nearest(o, x, pythons)
	hint := "have it built for this system too, " + systemWords(best.python)
	switch best.rank {
	case rankLabel:
		hint = "leave --label out, or name one of these"
	case rankPython:
		hint = "install " + pythonWords(best.asset.needs().abi) + ", or name an interpreter with --python"
	case rankFloor:
		hint += " or older"
	}
	return usage(fmt.Errorf("nothing fits: this system is %s; %s has %s; closest is %s: %s",
		describeSystem(o, pythons), from, strings.Join(names, ", "), best.asset.Target, best.why), hint)
}

// The reasons why an archive doesn't fit, the mildest first: a missing Python
// can be installed, another kernel can't.
const (
	rankLabel = iota + 1
	rankPython
	rankFloor
	rankLibc
	rankSystem
)

// near is how far an archive is from fitting an interpreter.
type near struct {
	asset  Asset
	python *Python
	why    string
	rank   int
	far    int // between the versions of Python
}

// nearest gives the asset that fails by the mildest reason; of several, the one
// with the Python nearest to one that is here, and of these the lowest floor.
func nearest(o Options, x *Index, pythons []*Python) near {
	if len(pythons) == 0 {
		pythons = []*Python{withoutAny(o)}
	}
	var all []near
	for _, a := range x.Assets {
		for _, p := range pythons {
			n := near{asset: a, python: p, why: a.needs().unfit(p), far: distance(a.needs().abi, p.ABI)}
			if n.why == "" {
				n.why = fmt.Sprintf("it has another label, %q", a.Label)
			}
			n.rank = rankOf(n.why)
			all = append(all, n)
		}
	}
	return slices.MinFunc(all, func(a, b near) int {
		return cmp.Or(a.rank-b.rank, a.far-b.far, matrix.CompareVersions(a.asset.needs().floor, b.asset.needs().floor))
	})
}

func rankOf(why string) int {
	for i, prefix := range []string{"it has another label", "it is for Python", "it needs "} {
		if strings.HasPrefix(why, prefix) {
			return rankLabel + i
		}
	}
	if why == "it is for glibc" || why == "it is for musl" {
		return rankLibc
	}
	return rankSystem
}

// distance is how far two versions of Python are apart; of two that are equally
// far the newer one is nearer. Without one of them, the newest is nearest.
func distance(wanted, have string) int {
	w, h := pythonNumber(wanted), pythonNumber(have)
	switch {
	case h == 0:
		return -w
	case w < h:
		return 2*(h-w) + 1
	}
	return 2 * (w - h)
}

// pythonNumber makes 313 of cp313, 309 of cp39, and 207 of cp27mu.
func pythonNumber(abi string) int {
	digits := strings.TrimRight(strings.TrimPrefix(abi, "cp"), "dmut")
	if len(digits) < 2 {
		return 0
	}
	major, _ := strconv.Atoi(digits[:1])
	minor, _ := strconv.Atoi(digits[1:])
	return major*100 + minor
}

// noPython explains why nothing fits an archive.
func noPython(o Options, n needs, all []*Python) error {
	reason, here := "there is no Python here", all
	if len(all) == 0 {
		here = []*Python{withoutAny(o)}
	}
	if why := n.reason(here); len(all) > 0 || rankOf(why) > rankPython {
		reason = why
	}
	err := fmt.Errorf("installing %s: %s; this system is %s", n.target, reason, describeSystem(o, all))
	if rankOf(n.reason(here)) == rankPython {
		return usage(err, "install "+pythonWords(n.abi)+", or name one with --python")
	}
	return usage(err, "take the archive for this system")
}

// reason gives what is wrong, for the interpreter that comes closest: one of
// the right version tells what is wrong with the system, any other only that
// there is none.
func (n needs) reason(all []*Python) string {
	var reasons []string
	for _, p := range all {
		if loads(p.ABI, n.abi) {
			return n.unfit(p)
		}
		reasons = append(reasons, n.unfit(p))
	}
	for _, r := range reasons {
		if !strings.HasPrefix(r, "it is for Python") {
			return r
		}
	}
	return reasons[0]
}

// withoutAny stands for an interpreter where there is none: what is known of
// the system all the same.
func withoutAny(o Options) *Python {
	p := &Python{System: o.OS, Machine: o.Arch}
	if o.OS == "darwin" {
		p.System = "macos"
	}
	switch {
	case o.Arch == "arm64" && p.System == "linux":
		p.Machine = "aarch64"
	case o.Arch == "386":
		p.Machine = "i686"
	case o.Arch == "amd64" && p.System != "windows":
		p.Machine = "x86_64"
	}
	return p
}

// describeSystem says what is here: "linux x86_64, glibc 2.36, with Python
// 3.11.2 (/usr/bin/python3.11)", the newest first.
func describeSystem(o Options, all []*Python) string {
	_, others := interpreters(o.OS, withoutPython(o.Env), rootsAlone)
	if len(others) > most {
		others = append(others[:most], fmt.Sprintf("and %d more", len(others)-most))
	}
	if len(others) > 0 {
		return describePythons(o, all) + " (not run by root, since others can change them: " + strings.Join(others, ", ") + ")"
	}
	return describePythons(o, all)
}

// most is how many interpreters are named.
const most = 8

func describePythons(o Options, all []*Python) string {
	if len(all) == 0 {
		return systemWords(withoutAny(o)) + ", without a Python"
	}
	newestFirst := slices.SortedStableFunc(slices.Values(all), func(a, b *Python) int { return matrix.CompareVersions(b.Version, a.Version) })
	var names []string
	for _, q := range newestFirst {
		names = append(names, fmt.Sprintf("%s (%s)", q.Version, q.Executable))
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return systemWords(all[0]) + ", with Python " + strings.Join(names, ", ")
}

// systemWords says a system; of one system all interpreters say the same.
func systemWords(p *Python) string {
	s := p.System + " " + p.Machine
	if p.Libc != "" {
		s += ", " + p.Libc + " " + p.LibcVersion
	}
	if p.MacOS != "" {
		s += " " + p.MacOS
	}
	return s
}
