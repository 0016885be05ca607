package verify

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// target is what the tree has to run on, in this package's words.
type target struct {
	platform string
	os       string // "linux", "macos", "windows"
	arch     string // as binfmt names it; "universal2" and "intel" of macOS are two
	libc     string // "glibc", "musl", ""
	policy   string // "manylinux_2_28": a promise; empty if there is none
	floor    string // the version in a manylinux, musllinux or macosx tag

	pyMajor, pyMinor int
	abiFlags         string // "t", "m", "mu", ""
}

var abiTag = regexp.MustCompile(`^cp(\d)(\d+)([a-z]*)$`)

// newTarget reads a platform tag; empty means the Python's own.
func newTarget(py archive.Python, platform string) (target, error) {
	if platform == "" {
		platform = py.Platform
	}
	platform = strings.NewReplacer("-", "_", ".", "_").Replace(platform)
	t := target{platform: platform}
	if msys, ok := strings.CutPrefix(platform, "mingw_"); ok { // sysconfig's word there, and no tag
		t.os, t.arch = "windows", matrix.Arch(strings.TrimSuffix(msys, "_ucrt"))
	} else {
		p, err := matrix.ParsePlatform(platform)
		if err != nil {
			return t, err
		}
		t.os, t.arch, t.libc, t.policy, t.floor = p.System, p.Arch, p.Libc, p.Policy, p.Floor
	}
	if t.os == "linux" && t.libc == "" {
		t.libc = cmp.Or(py.Libc, "glibc")
	}
	m := abiTag.FindStringSubmatch(py.ABI)
	if m == nil {
		return t, fmt.Errorf("reading the Python's ABI: %q isn't one of CPython", py.ABI)
	}
	t.pyMajor, _ = strconv.Atoi(m[1])
	t.pyMinor, _ = strconv.Atoi(m[2])
	t.abiFlags = m[3]
	return t, nil
}

// python is the version as in libpython's name: "3.13".
func (t target) python() string { return fmt.Sprintf("%d.%d", t.pyMajor, t.pyMinor) }

// format is the file format of the target's binaries.
func (t target) format() string {
	return map[string]string{"linux": "elf", "macos": "macho", "windows": "pe"}[t.os]
}

// fits says whether an architecture runs there.
func (t target) fits(arch string) bool {
	return matrix.Platform{Arch: t.arch}.Runs(arch) || t.arch == "armv7l" && arch == "armv6l"
}
