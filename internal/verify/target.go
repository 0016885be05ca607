package verify

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/pack"
)

// target is what the tree has to run on, in this package's words.
type target struct {
	platform string
	os       string // "linux", "macos", "windows"
	arch     string // as binfmt names it; "universal2" on macOS means both
	libc     string // "glibc", "musl", ""
	policy   string // "manylinux_2_28": a promise; empty if there is none
	floor    string // the version in a manylinux, musllinux or macosx tag

	pyMajor, pyMinor int
	abiFlags         string // "t", "m", "mu", ""
}

var (
	linuxTag = regexp.MustCompile(`^(manylinux|musllinux)_(\d+)_(\d+)_(.+)$`)
	oldTag   = regexp.MustCompile(`^(manylinux1|manylinux2010|manylinux2014)_(.+)$`)
	macTag   = regexp.MustCompile(`^macosx_(\d+)_(\d+)_(.+)$`)
	abiTag   = regexp.MustCompile(`^cp(\d)(\d+)([a-z]*)$`)
)

// oldVersions are the glibc versions of the tags before PEP 600.
var oldVersions = map[string]string{"manylinux1": "2.5", "manylinux2010": "2.12", "manylinux2014": "2.17"}

// newTarget reads a platform tag; empty means the Python's own.
func newTarget(py pack.Python, platform string) (target, error) {
	if platform == "" {
		platform = py.Platform
	}
	platform = strings.NewReplacer("-", "_", ".", "_").Replace(platform)
	t := target{platform: platform}
	arch := ""
	switch {
	case linuxTag.MatchString(platform):
		m := linuxTag.FindStringSubmatch(platform)
		t.os, arch, t.policy, t.floor = "linux", m[4], m[1]+"_"+m[2]+"_"+m[3], m[2]+"."+m[3]
		t.libc = map[string]string{"manylinux": "glibc", "musllinux": "musl"}[m[1]]
	case oldTag.MatchString(platform):
		m := oldTag.FindStringSubmatch(platform)
		t.os, arch, t.policy, t.libc, t.floor = "linux", m[2], m[1], "glibc", oldVersions[m[1]]
	case strings.HasPrefix(platform, "linux_"):
		t.os, arch, t.libc = "linux", platform[len("linux_"):], py.Libc
		if t.libc == "" {
			t.libc = "glibc"
		}
	case macTag.MatchString(platform):
		m := macTag.FindStringSubmatch(platform)
		t.os, arch, t.floor = "macos", m[3], m[1]+"."+m[2]
	case platform == "win32":
		t.os, arch = "windows", "i686"
	case strings.HasPrefix(platform, "win_"):
		t.os, arch = "windows", platform[len("win_"):]
	case strings.HasPrefix(platform, "mingw_"):
		t.os, arch = "windows", strings.TrimSuffix(platform[len("mingw_"):], "_ucrt")
	default:
		return t, fmt.Errorf("reading the platform: %q is none that is known", platform)
	}
	t.arch = normalArch(arch)
	m := abiTag.FindStringSubmatch(py.ABI)
	if m == nil {
		return t, fmt.Errorf("reading the Python's ABI: %q is none of CPython", py.ABI)
	}
	t.pyMajor, _ = strconv.Atoi(m[1])
	t.pyMinor, _ = strconv.Atoi(m[2])
	t.abiFlags = m[3]
	return t, nil
}

// normalArch gives binfmt's name of an architecture.
func normalArch(a string) string {
	switch strings.ToLower(a) {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	case "i386", "i586", "x86", "intel":
		return "i686"
	}
	return a
}

// python is the version as in libpython's name: "3.13".
func (t target) python() string { return fmt.Sprintf("%d.%d", t.pyMajor, t.pyMinor) }

// format is the file format of the target's binaries.
func (t target) format() string {
	return map[string]string{"linux": "elf", "macos": "macho", "windows": "pe"}[t.os]
}

// fits says whether an architecture runs there.
func (t target) fits(arch string) bool {
	if t.arch == "universal2" {
		return arch == "x86_64" || arch == "aarch64"
	}
	return arch == t.arch || t.arch == "armv7l" && arch == "armv6l"
}

// compareVersions compares dotted numbers: 2.5 is less than 2.28.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < max(len(x), len(y)); i++ {
		m, n := 0, 0
		if i < len(x) {
			m, _ = strconv.Atoi(x[i])
		}
		if i < len(y) {
			n, _ = strconv.Atoi(y[i])
		}
		if m != n {
			if m < n {
				return -1
			}
			return 1
		}
	}
	return 0
}
