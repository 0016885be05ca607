package interpreter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// The reasons why an archive doesn't fit, the mildest first: a missing Python
// can be installed, another kernel can't.
const (
	RankLabel = iota + 1
	RankPython
	RankFloor
	RankLibc
	rankSystem
)

// Number makes 313 of cp313, 309 of cp39, and 207 of cp27mu.
func Number(abi string) int {
	digits := strings.TrimRight(strings.TrimPrefix(abi, "cp"), "dmut")
	if len(digits) < 2 {
		return 0
	}
	major, _ := strconv.Atoi(digits[:1])
	minor, _ := strconv.Atoi(digits[1:])
	return major*100 + minor
}

// noPython explains why nothing fits an archive.
func noPython(s Search, n Needs, all []*Python) error {
	reason, here := "there is no Python here", all
	if len(all) == 0 {
		here = []*Python{Unknown(s)}
	}
	misfit := n.Unfit(n.closest(here))
	if len(all) > 0 || misfit.Rank > RankPython {
		reason = misfit.Why
	}
	err := fmt.Errorf("installing %s: %s; this system is %s", n.target, reason, Describe(s, all))
	if misfit.Rank == RankPython {
		return fault.Usage(err, "install "+Words(n.Abi)+", or name one with --python")
	}
	hint := "take the archive for this system"
	if misfit.Rank == RankLibc {
		hint += ": " + TargetOf(n.closest(here))
	}
	return fault.Usage(err, hint)
}

func (n Needs) closest(all []*Python) *Python {
	for _, p := range all {
		if Loads(p.ABI, n.Abi) {
			return p
		}
	}
	for _, p := range all {
		if n.Unfit(p).Rank != RankPython {
			return p
		}
	}
	return all[0]
}

// TargetOf is a target that fits an interpreter on Linux, by the names that the plan
// makes of its default images: cp311-musllinux_1_2_x86_64, cp313-manylinux_2_28_aarch64.
func TargetOf(p *Python) string {
	if p.Libc == "musl" {
		return p.ABI + "-musllinux_1_2_" + p.Machine
	}
	return p.ABI + "-manylinux_2_28_" + p.Machine
}

// Unknown stands for an interpreter where there is none: what is known of
// the system all the same.
func Unknown(s Search) *Python {
	p := &Python{System: s.OS, Machine: s.Arch}
	if s.OS == "darwin" {
		p.System = "macos"
	}
	switch {
	case s.Arch == "arm64" && p.System == "linux":
		p.Machine = "aarch64"
	case s.Arch == "386":
		p.Machine = "i686"
	case s.Arch == "amd64" && p.System != "windows":
		p.Machine = "x86_64"
	}
	return p
}

// Describe says what is here: "linux x86_64, glibc 2.36, with Python
// 3.11.2 (/usr/bin/python3.11)", the newest first.
func Describe(s Search, all []*Python) string {
	_, others := interpreters(s.OS, CleanEnv(s.Env), ownership.MayRun)
	if len(others) > most {
		others = append(others[:most], fmt.Sprintf("and %d more", len(others)-most))
	}
	if len(others) > 0 {
		return describePythons(s, all) + " (not run by root, since others can change them: " + strings.Join(others, ", ") + ")"
	}
	return describePythons(s, all)
}

// most is how many interpreters are named.
const most = 8

func describePythons(s Search, all []*Python) string {
	if len(all) == 0 {
		return SystemWords(Unknown(s)) + ", without a Python"
	}
	newestFirst := slices.SortedStableFunc(slices.Values(all), func(a, b *Python) int { return matrix.CompareVersions(b.Version, a.Version) })
	var names []string
	for _, q := range newestFirst {
		names = append(names, fmt.Sprintf("%s (%s)", q.Version, q.Executable))
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return SystemWords(all[0]) + ", with Python " + strings.Join(names, ", ")
}

// SystemWords says a system; of one system all interpreters say the same.
func SystemWords(p *Python) string {
	words := p.System + " " + p.Machine
	if p.Libc != "" {
		words += ", " + p.Libc + " " + p.LibcVersion
	}
	if p.MacOS != "" {
		words += " " + p.MacOS
	}
	return words
}
