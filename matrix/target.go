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

var abiPattern = regexp.MustCompile(`^cp(2|3)([0-9]+)([dmut]{0,3})$`)

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
		return Target{}, fmt.Errorf("parsing target %q: %q isn't an ABI tag of CPython, such as cp313, cp313t, cp36m or cp27mu", s, abi)
	}
	t := Target{ABI: abi, Platform: platform}
	if _, err := ParsePlatform(platform); err != nil {
		return Target{}, fmt.Errorf("parsing target %q: %q isn't a platform tag, such as manylinux_2_28_x86_64, linux_x86_64, macosx_11_0_arm64 or win_amd64", s, platform)
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

// platform is what t's platform tag says; nothing if it is none.
func (t Target) platform() Platform {
	p, _ := ParsePlatform(t.Platform)
	return p
}

// OS is "linux", "macos" or "windows"; empty if the platform tag is none.
func (t Target) OS() string { return t.platform().System }

// Arch is the architecture in the words of Linux, on every system: "x86_64",
// "aarch64", "i686", "armv7l", ...; "universal2" is both of macOS's.
func (t Target) Arch() string { return t.platform().Arch }

// Floor is the oldest system that the target promises to run on, of the kind
// "glibc", "musl" or "macos". ok is false where the name promises none:
// linux_x86_64 (the measured floor is in the manifest) and Windows.
func (t Target) Floor() (kind, version string, ok bool) {
	p := t.platform()
	kind = p.Libc
	if p.System == "macos" {
		kind = "macos"
	}
	return kind, p.Floor, kind != ""
}

// CompareVersions compares two dotted numbers, as the versions of glibc, musl
// macOS and CPython are: -1, 0 or 1. 2.9 is lower than 2.28, 11 equals 11.0, and
// of 3.15.0rc1 the numbers count. What isn't a number counts as 0.
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
	digits := strings.IndexFunc(parts[i], func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(parts[i])
	}
	n, _ := strconv.Atoi(parts[i][:digits])
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
