package matrix

import (
	"fmt"
	"regexp"
	"strings"
)

// Platform is what a platform tag says (PEP 425, 513, 571, 599, 600, 656).
// target/cases/platforms.json has an example of each kind, which the programs that run
// on the target are tested by too.
type Platform struct {
	Tag     string // as it was read
	System  string // "linux", "macos", "windows"
	Machine string // the architecture as the tag has it: "x86_64", "arm64", "amd64"; "x86" of win32
	Arch    string // in the words of Linux, see Arch; "universal2" and "intel" of macOS are two
	Libc    string // "glibc", "musl"; "" where the tag doesn't say
	Floor   string // the lowest version of Libc or macOS that is promised; "" if none is
	Policy  string // "manylinux_2_28", "manylinux2014", "musllinux_1_2"; "" if none is
}

var (
	linuxPattern  = regexp.MustCompile(`^((manylinux|musllinux)_([0-9]+)_([0-9]+))_([a-z0-9_]+)$`)
	legacyPattern = regexp.MustCompile(`^(manylinux(1|2010|2014))_([a-z0-9_]+)$`)
	plainPattern  = regexp.MustCompile(`^linux_([a-z0-9_]+)$`)
	macPattern    = regexp.MustCompile(`^macosx_([0-9]+)_([0-9]+)_([a-z0-9_]+)$`)
	windowsArch   = map[string]string{"win32": "i686", "win_amd64": "x86_64", "win_arm64": "aarch64"}
	linuxArch     = map[string]bool{"x86_64": true, "aarch64": true, "i686": true, "armv6l": true, "armv7l": true, "ppc64": true,
		"ppc64le": true, "s390x": true, "riscv64": true, "loongarch64": true}
	macArch = map[string]string{"arm64": "aarch64", "x86_64": "x86_64", "universal2": "universal2", "intel": "intel"}
	// PEP 513, 571 and 599: what the old names of manylinux mean.
	legacyGlibc = map[string]string{"1": "2.5", "2010": "2.12", "2014": "2.17"}
)

// ParsePlatform reads a platform tag. It is the one place of the build side
// that does.
func ParsePlatform(tag string) (Platform, error) {
	if m := linuxPattern.FindStringSubmatch(tag); m != nil && linuxArch[m[5]] {
		libc := map[string]string{"manylinux": "glibc", "musllinux": "musl"}[m[2]]
		return Platform{tag, "linux", m[5], m[5], libc, m[3] + "." + m[4], m[1]}, nil
	}
	if m := legacyPattern.FindStringSubmatch(tag); m != nil && linuxArch[m[3]] {
		return Platform{tag, "linux", m[3], m[3], "glibc", legacyGlibc[m[2]], m[1]}, nil
	}
	if m := plainPattern.FindStringSubmatch(tag); m != nil && linuxArch[m[1]] {
		return Platform{Tag: tag, System: "linux", Machine: m[1], Arch: m[1]}, nil
	}
	if m := macPattern.FindStringSubmatch(tag); m != nil && macArch[m[3]] != "" {
		return Platform{Tag: tag, System: "macos", Machine: m[3], Arch: macArch[m[3]], Floor: m[1] + "." + m[2]}, nil
	}
	if arch := windowsArch[tag]; arch != "" {
		machine := strings.TrimPrefix(tag, "win_")
		if tag == "win32" {
			machine = "x86"
		}
		return Platform{Tag: tag, System: "windows", Machine: machine, Arch: arch}, nil
	}
	return Platform{}, fmt.Errorf("reading platform tag %q: want one such as manylinux_2_28_x86_64, linux_x86_64, macosx_11_0_arm64 or win_amd64", tag)
}

// Arch gives Linux's word for a machine, as other systems, linkers and tags
// name it: "x86_64" for amd64 and AMD64, "aarch64" for arm64, "i686" for x86.
func Arch(machine string) string {
	machine = strings.ToLower(machine)
	switch machine {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	case "i386", "i586", "x86", "win32":
		return "i686"
	}
	return machine
}

// Runs says whether code for the platform runs on a machine: universal2 and
// intel hold two architectures.
func (p Platform) Runs(machine string) bool {
	arch := Arch(machine)
	switch p.Arch {
	case "universal2":
		return arch == "aarch64" || arch == "x86_64"
	case "intel":
		return arch == "x86_64" || arch == "i686"
	}
	return arch == p.Arch
}
