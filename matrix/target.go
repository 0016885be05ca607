package matrix

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Target is what an archive runs on, in the words of PEP 425 and PEP 600.
type Target struct {
	ABI      string // "cp313", "cp313t", "cp36m", "cp27mu"
	Platform string // "manylinux_2_28_x86_64", "linux_x86_64", "macosx_11_0_arm64", "win_amd64"
}

var (
	abiPattern      = regexp.MustCompile(`^cp(2|3)([0-9]+)([dmut]{0,3})$`)
	linuxPattern    = regexp.MustCompile(`^(manylinux|musllinux)_([0-9]+)_([0-9]+)_([a-z0-9_]+)$`)
	legacyPattern   = regexp.MustCompile(`^manylinux(1|2010|2014)_([a-z0-9_]+)$`)
	plainPattern    = regexp.MustCompile(`^linux_([a-z0-9_]+)$`)
	macPattern      = regexp.MustCompile(`^macosx_([0-9]+)_([0-9]+)_([a-z0-9_]+)$`)
	windowsPlatform = map[string]string{"win32": "i686", "win_amd64": "x86_64", "win_arm64": "aarch64"}
	linuxArch       = map[string]bool{"x86_64": true, "aarch64": true, "i686": true, "armv7l": true, "ppc64le": true, "s390x": true, "riscv64": true, "loongarch64": true}
	macArch         = map[string]string{"arm64": "aarch64", "x86_64": "x86_64", "universal2": "universal2"}
	// PEP 513, 571 and 599: what the old names of manylinux mean.
	legacyGlibc = map[string]string{"1": "2.5", "2010": "2.12", "2014": "2.17"}
)

// String is the target's one name, as it stands in the archive's name, the
// manifest, the plan and in messages: "cp313-manylinux_2_28_x86_64".
func (t Target) String() string { return t.ABI + "-" + t.Platform }

// ParseTarget reads what String wrote. The error says which half is wrong.
func ParseTarget(s string) (Target, error) {
	abi, platform, ok := strings.Cut(s, "-")
	if !ok {
		return Target{}, fmt.Errorf("parsing target %q: want ABI-PLATFORM, as in cp313-manylinux_2_28_x86_64", s)
	}
	if !validABI(abi) {
		return Target{}, fmt.Errorf("parsing target %q: %q is no CPython ABI tag, as cp313, cp313t, cp36m and cp27mu are", s, abi)
	}
	t := Target{ABI: abi, Platform: platform}
	if _, ok := t.split(); !ok {
		return Target{}, fmt.Errorf("parsing target %q: %q is no platform tag, as manylinux_2_28_x86_64, linux_x86_64, macosx_11_0_arm64 and win_amd64 are", s, platform)
	}
	return t, nil
}

func validABI(abi string) bool {
	m := abiPattern.FindStringSubmatch(abi)
	return m != nil && (m[1] == "3" || m[2] == "7")
}

// ABITag gives the ABI tag of a CPython as its release builds have it.
// version is "3.13" or "3.13t" (free-threaded). wide is asked of Python 2
// alone: builds of Linux distributions have four-byte Unicode ("cp27mu"),
// those for Windows and macOS two ("cp27m"). The "m" of pymalloc went away with 3.8.
func ABITag(version string, wide bool) (string, error) {
	number, threads := strings.CutSuffix(version, "t")
	major, minor, err := parseVersion(number)
	if err != nil || (major != 2 && major != 3) || (major == 2 && minor != 7) {
		return "", fmt.Errorf("reading Python version %q: want 2.7, or 3.MINOR", version)
	}
	if threads && (major != 3 || minor < 13) {
		return "", fmt.Errorf("reading Python version %q: free-threaded builds start with 3.13t", version)
	}
	tag := fmt.Sprintf("cp%d%d", major, minor)
	switch {
	case threads:
		return tag + "t", nil
	case major == 2 && wide:
		return tag + "mu", nil
	case major == 2 || minor < 8:
		return tag + "m", nil
	}
	return tag, nil
}

// PythonVersion is "3.13" for cp313, "2.7" for cp27mu. It is empty if t's ABI is none.
func (t Target) PythonVersion() string {
	m := abiPattern.FindStringSubmatch(t.ABI)
	if m == nil {
		return ""
	}
	return m[1] + "." + m[2]
}

// parts of a platform tag.
type platform struct {
	os, arch      string
	kind, version string // the floor; kind is empty without one
}

func (t Target) split() (platform, bool) {
	p := t.Platform
	if m := linuxPattern.FindStringSubmatch(p); m != nil && linuxArch[m[4]] {
		kind := map[string]string{"manylinux": "glibc", "musllinux": "musl"}[m[1]]
		return platform{"linux", m[4], kind, m[2] + "." + m[3]}, true
	}
	if m := legacyPattern.FindStringSubmatch(p); m != nil && linuxArch[m[2]] {
		return platform{"linux", m[2], "glibc", legacyGlibc[m[1]]}, true
	}
	if m := plainPattern.FindStringSubmatch(p); m != nil && linuxArch[m[1]] {
		return platform{os: "linux", arch: m[1]}, true
	}
	if m := macPattern.FindStringSubmatch(p); m != nil && macArch[m[3]] != "" {
		return platform{"macos", macArch[m[3]], "macos", m[1] + "." + m[2]}, true
	}
	if arch := windowsPlatform[p]; arch != "" {
		return platform{os: "windows", arch: arch}, true
	}
	return platform{}, false
}

// OS is "linux", "macos" or "windows"; empty if the platform tag is none.
func (t Target) OS() string { p, _ := t.split(); return p.os }

// Arch is the architecture in the words of Linux, on every system: "x86_64",
// "aarch64", "i686", "armv7l", ...; "universal2" is both of macOS's.
func (t Target) Arch() string { p, _ := t.split(); return p.arch }

// Floor is the oldest system that the target promises to run on, of the kind
// "glibc", "musl" or "macos". ok is false where the name promises none:
// linux_x86_64 (the measured floor is in the manifest) and Windows.
func (t Target) Floor() (kind, version string, ok bool) {
	p, _ := t.split()
	return p.kind, p.version, p.kind != ""
}

// Fits says whether an archive for t can run on the machine that on describes:
// the same ABI, system and architecture, and a floor that the machine reaches.
// A machine is described by the highest tag it supports, as in
// cp313-manylinux_2_36_x86_64 or cp313-macosx_15_0_arm64.
func (t Target) Fits(on Target) bool { return t.Misfit(on) == "" }

// Misfit is what keeps an archive for t from running on the machine, in words
// for a person; empty if nothing does.
func (t Target) Misfit(on Target) string {
	a, ok := t.split()
	b, known := on.split()
	switch {
	case !ok || !known:
		return fmt.Sprintf("%s or %s is no target", t, on)
	case t.ABI != on.ABI:
		return fmt.Sprintf("it is for Python ABI %s, and this is %s", t.ABI, on.ABI)
	case a.os != b.os:
		return fmt.Sprintf("it is for %s, and this is %s", a.os, b.os)
	case a.arch != b.arch && (a.arch != "universal2" || a.os != "macos"):
		return fmt.Sprintf("it is for %s, and this is %s", a.arch, b.arch)
	case a.kind == "" || b.kind == "":
		return ""
	case a.kind != b.kind:
		return fmt.Sprintf("it is for %s, and this has %s", a.kind, b.kind)
	case CompareVersions(a.version, b.version) > 0:
		return fmt.Sprintf("it needs %s %s, and this has %s", a.kind, a.version, b.version)
	}
	return ""
}

// CompareVersions compares two dotted numbers, as the versions of glibc, musl
// and macOS are: -1, 0 or 1. 2.9 is lower than 2.28, 11 equals 11.0. What
// isn't a number counts as 0.
func CompareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		x, y := nth(as, i), nth(bs, i)
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return 0
}

func nth(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, _ := strconv.Atoi(parts[i])
	return n
}

func parseVersion(s string) (major, minor int, err error) {
	a, b, ok := strings.Cut(s, ".")
	if !ok || strings.ContainsAny(s, "+-") { // which Atoi takes
		return 0, 0, fmt.Errorf("reading version %q: want MAJOR.MINOR", s)
	}
	if major, err = strconv.Atoi(a); err != nil {
		return 0, 0, err
	}
	minor, err = strconv.Atoi(b)
	return major, minor, err
}
