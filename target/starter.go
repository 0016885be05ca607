package target

import (
	"fmt"
	"regexp"
	"strings"
)

// Starter is what an archive's bootstrap or bootstrap.cmd has to know of the
// archive and of the interpreter in it.
type Starter struct {
	// Executable is the interpreter's path in the archive, with slashes:
	// "python-3.13.9/bin/python3.13".
	Executable string
	// Target is the archive's: "cp313-manylinux_2_28_x86_64".
	Target string
	// System is "linux", "macos" or "windows", and Arch the architecture in the words
	// of Linux, on every system: "x86_64", "aarch64", "i686"; "universal2".
	System, Arch string
	// Libc is "glibc" or "musl" on Linux, and Loader the program interpreter
	// (PT_INTERP) of Executable: "/lib64/ld-linux-x86-64.so.2".
	Libc, Loader string
	// Floor is the oldest glibc, musl, macOS or Windows that the archive runs on: "2.28".
	// It may be empty. Windows' own numbers are meant: 6.2 is Windows 8 and Server 2012.
	Floor string
}

// Name is the name that the archive has it by, at its top: bootstrap, on Windows
// bootstrap.cmd.
func (s Starter) Name() string {
	if s.System == "windows" {
		return "bootstrap.cmd"
	}
	return "bootstrap"
}

// machines are the names that uname -m has for what runs an architecture, and
// on Windows PROCESSOR_ARCHITECTURE. A 32-bit userland may lie on a 64-bit kernel.
func (s Starter) machines() string {
	names := map[string]string{
		"linux i686":       "i686 i586 i486 i386 x86_64",
		"linux armv7l":     "armv7l armv8l aarch64",
		"linux armv6l":     "armv6l armv7l armv8l aarch64",
		"macos universal2": "arm64 x86_64",
		"macos intel":      "x86_64 i386",
		"macos x86_64":     "x86_64 arm64", // by Rosetta, or the program doesn't start
		"macos aarch64":    "arm64",
		"windows i686":     "x86 AMD64 ARM64",
		"windows x86_64":   "AMD64 ARM64",
		"windows aarch64":  "ARM64",
	}[s.System+" "+s.Arch]
	if names == "" {
		return s.Arch
	}
	return names
}

var plain = regexp.MustCompile(`^[A-Za-z0-9._+/-]*$`)

// Bytes is the program: text for sh, or for cmd with its ends of lines. A value
// that one of them would read as something else is refused.
func (s Starter) Bytes() ([]byte, error) {
	system, libc := map[string]string{"linux": "Linux", "macos": "Darwin", "windows": "Windows"}[s.System], s.Libc
	if s.System == "macos" {
		libc = "macOS"
	}
	needed := map[string]string{"executable": s.Executable, "target": s.Target, "system": system, "architecture": s.Arch}
	if s.System == "linux" {
		needed["libc"], needed["loader"] = s.Libc, s.Loader
	}
	for what, value := range needed {
		if value == "" {
			return nil, fmt.Errorf("writing %s: the %s isn't known", s.Name(), what)
		}
	}
	for _, value := range []string{s.Executable, s.Target, s.Arch, s.Libc, s.Loader, s.Floor} {
		if !plain.MatchString(value) {
			return nil, fmt.Errorf("writing %s: %q has a character that sh may read as something else", s.Name(), value)
		}
	}
	text, executable := bootstrapSh, s.Executable
	if s.System == "windows" {
		text, executable = strings.ReplaceAll(bootstrapCmd, "\n", "\r\n"), strings.ReplaceAll(executable, "/", `\`)
	}
	return []byte(strings.NewReplacer("@PYTHON@", executable, "@TARGET@", s.Target, "@SYSTEM@", system, "@MACHINES@", s.machines(),
		"@LOADER@", s.Loader, "@LIBC@", libc, "@FLOOR@", s.Floor).Replace(text)), nil
}

// SystemFunctions are functions for sh that tell a system's libc: of bootstrap,
// and libc_here, which says "glibc 2.36" or "musl 1.2.5". install-nopython.sh has them too.
func SystemFunctions() string {
	_, functions, _ := strings.Cut(bootstrapSh, "\nolder() {")
	functions, _, _ = strings.Cut(functions, "\ncase $0 in")
	_, here, _ := strings.Cut(systemSh, "\n")
	return "older() {" + functions + "\n" + here
}

// SystemProbe is a program for sh that says the libc of a Linux system and its
// version, as bootstrap finds them; nothing where it can't.
func SystemProbe() string { return SystemFunctions() + "libc_here\n" }
