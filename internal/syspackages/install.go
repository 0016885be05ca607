// Package syspackages says what a system lacks to compile extensions, and which
// of its packages bring it.
package syspackages

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/osrelease"
)

// Toolchain is what this machine has to compile extensions with.
type Toolchain struct {
	Compiler bool   // a C compiler is there: CC, or the interpreter's own
	Headers  bool   // Python.h is there
	Command  string // what installs the missing ones, with this system's own package manager
}

// Complete reports whether nothing is missing.
func (t Toolchain) Complete() bool { return t.Compiler && t.Headers }

// Missing says what is, and is empty if nothing is.
func (t Toolchain) Missing() string {
	switch {
	case t.Complete():
		return ""
	case t.Compiler:
		return "Python's headers (Python.h) are missing"
	case t.Headers:
		return "a C compiler is missing"
	default:
		return "a C compiler and Python's headers (Python.h) are missing"
	}
}

// installers: what installs a compiler and the headers of the system's own
// Python; %s is "" or, for another than the default Python, its version.
var installers = []struct{ id, compiler, headers string }{
	{"debian", "apt-get install -y gcc libc6-dev", "python%s-dev"},
	{"ubuntu", "apt-get install -y gcc libc6-dev", "python%s-dev"},
	{"alpine", "apk add build-base", "python3-dev"},
	{"fedora", "dnf install -y gcc", "python%s-devel"},
	{"rhel", "dnf install -y gcc", "python%s-devel"},
	{"centos", "dnf install -y gcc", "python%s-devel"},
	{"amzn", "dnf install -y gcc", "python%s-devel"},
	{"suse", "zypper install -y gcc", "python%s-devel"},
	{"opensuse", "zypper install -y gcc", "python%s-devel"},
	{"sles", "zypper install -y gcc", "python%s-devel"},
	{"arch", "pacman -S --noconfirm gcc", "python"},
}

// Python is what the packages depend on of the interpreter that builds.
type Python struct {
	Minor      string // "3.13"
	Prefix     string // that of the interpreter itself, for one of a virtualenv too
	Include    string // the directory that has Python.h, or should
	HasHeaders bool
}

// Install is the exact command that installs a C compiler, and Python's headers,
// on this system, or else what to do. goos is as runtime.GOOS has it.
func Install(goos string, in Python) string { return installOn(goos, osrelease.Read().IDs, in) }

// installOn is Install for a system by its ids.
func installOn(goos string, ids []string, in Python) string {
	switch goos {
	case "darwin":
		return "xcode-select --install"
	case "windows":
		return "install Visual Studio Build Tools with the C++ workload"
	}
	for _, i := range installers {
		if !slices.Contains(ids, i.id) {
			continue
		}
		if in.Prefix != "/usr" { // not the system's Python: it brings its headers or has none
			if in.HasHeaders {
				return i.compiler
			}
			return i.compiler + ", and use a Python that was installed with its headers (" + in.Include + " lacks Python.h)"
		}
		headers := i.headers
		if strings.Contains(headers, "%s") {
			headers = fmt.Sprintf(headers, headersVersion(in))
		}
		if i.id == "debian" || i.id == "ubuntu" {
			return "apt-get install -y gcc " + headers // it depends on libc6-dev
		}
		return i.compiler + " " + headers
	}
	return "install a C compiler and Python's development files"
}

// headersVersion is "3" for the system's default Python and "3.11" for another.
func headersVersion(in Python) string {
	if real, err := filepath.EvalSymlinks("/usr/bin/python3"); err == nil && filepath.Base(real) == "python"+in.Minor {
		return "3"
	}
	return in.Minor
}
