package buildout

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/environ"
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

// toolchain looks for them.
func toolchain(in Interpreter, env []string, goos string) Toolchain {
	command := environ.Get(env, "CC")
	if command == "" {
		command = in.CC
	}
	t := Toolchain{Headers: in.HasHeaders, Compiler: goos == "windows"} // MSVC isn't on PATH; distutils finds it by itself
	if word := cmp.Or(compilerIn(command), "cc"); !t.Compiler {
		t.Compiler = lookIn(environ.Get(env, "PATH"), word) != "" || filepath.IsAbs(word) && exists(word)
	}
	if !t.Complete() {
		t.Command = installCommand(goos, osrelease.Read().IDs, in)
	}
	return t
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

// installCommand is the exact command for this system, or what else to do.
func installCommand(goos string, ids []string, in Interpreter) string {
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
		if in.BasePrefix != "/usr" { // not the system's Python: it brings its headers or has none
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
func headersVersion(in Interpreter) string {
	if real, err := filepath.EvalSymlinks("/usr/bin/python3"); err == nil && filepath.Base(real) == "python"+in.Minor() {
		return "3"
	}
	return in.Minor()
}

var (
	missingHeader = regexp.MustCompile(`fatal error: ['"]?([\w./+-]+\.h(?:pp)?)['"]?(?::| file not found)`)
	noCompiler    = regexp.MustCompile(`(?i)unable to execute '?\S*(gcc|cc|clang)|command '?\S*(gcc|cc|clang)\S*'? failed: No such file|no acceptable C compiler|C compiler cannot create executables|No such file or directory: '\S*(gcc|cc|clang|g\+\+)'`)
)

// hint finds in everything that was said what a person can do.
func (b *builder) hint(e *Error, said string) {
	header := missingHeader.FindStringSubmatch(said)
	switch {
	case noCompiler.MatchString(said) && !b.tools.Complete(), header != nil && header[1] == "Python.h":
		b.tools.Compiler = b.tools.Compiler && !noCompiler.MatchString(said)
		b.tools.Headers = b.tools.Headers && header == nil
		e.Err = fmt.Errorf("%s: %w", b.tools.Missing(), e.Err)
		e.Tip, e.Code = "run: "+installCommand(b.o.OS, osrelease.Read().IDs, b.in), 3
	case header != nil && !GoneHeader(said):
		e.Tip = b.headerHint(header[1])
	case lacks(said) != "":
		e.Tip = b.headerHint(lacks(said))
	default:
		b.hintOfCause(e, said)
	}
}

// lacks gives the header of the library that a build looked for by the library's own program, and didn't find.
func lacks(said string) string {
	for _, l := range []struct{ words, header string }{
		{"pg_config executable not found", "libpq-fe.h"}, {"mysql_config: not found", "mysql.h"}, {"Can not find valid pkg-config name", "mysql.h"},
		{"libxml2 and libxslt development packages", "libxml/xmlversion.h"}, {"could not be found for jpeg", "jpeglib.h"}, {"could not be found for zlib", "zlib.h"},
		{"krb5-config: not found", "krb5.h"},
	} {
		if strings.Contains(said, l.words) {
			return l.header
		}
	}
	return ""
}

func (b *builder) headerHint(header string) string {
	if line := HeaderHint(header, b.o.OS); line != "" {
		return "install the development package of " + header + ": " + line
	}
	return "install the development package that has " + header
}

// hasSources reports whether the tree holds something that wants a compiler.
func hasSources(root string) bool {
	found := false
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || found {
			return filepath.SkipAll
		}
		switch filepath.Ext(path) {
		case ".c", ".cc", ".cpp", ".cxx", ".pyx":
			found = !d.IsDir()
		}
		if d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		return nil
	})
	return found
}
