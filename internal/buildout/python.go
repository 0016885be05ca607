package buildout

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/cpython"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
	"github.com/binary-buildout/binary-buildout/target"
)

// Interpreter is what py/probe.py found out of a Python.
type Interpreter struct {
	Version        string `json:"version"`
	Implementation string `json:"implementation"`
	ABI            string `json:"abi"`
	Platform       string `json:"platform"`
	Bits           int    `json:"bits"`
	Libc           string `json:"libc"`
	LibcVersion    string `json:"libc_version"`
	Executable     string `json:"executable"`
	Prefix         string `json:"prefix"`
	BasePrefix     string `json:"base_prefix"`
	BaseExecutable string `json:"base_executable"`
	Include        string `json:"include"`     // where Python.h has to be
	HasHeaders     bool   `json:"has_headers"` // and whether it is
	CC             string `json:"cc"`          // sysconfig's compiler command
	CXX            string `json:"cxx"`
	Locale         string `json:"locale"`    // one in UTF-8 that exists, or empty
	Framework      string `json:"framework"` // PYTHONFRAMEWORK, of macOS
	LibDir         string `json:"libdir"`
	Shared         bool   `json:"shared"` // linked with --enable-shared
	Stdlib         string `json:"stdlib"`
	ExtSuffix      string `json:"ext_suffix"`
	MarshalTypes   string `json:"marshal_types"` // the type codes that marshal.loads knows
	Marshalled     string `json:"marshalled"`    // a module's code by marshal.dumps, in hexadecimal digits

	// Virtualenv is the one that was asked for and that this interpreter stands
	// for. It is on PATH often enough for a part to write its paths.
	Virtualenv string `json:"-"`
}

// Minor is "3.13".
func (i Interpreter) Minor() string {
	parts := strings.SplitN(i.Version, ".", 3)
	if len(parts) < 2 {
		return i.Version
	}
	return parts[0] + "." + parts[1]
}

// Pack gives the interpreter in the manifest's words.
func (i Interpreter) Pack() archive.Python {
	return archive.Python{Version: i.Version, Implementation: i.Implementation, ABI: i.ABI,
		Platform: i.Platform, Bits: i.Bits, Libc: i.Libc}
}

// system is what a system's packages depend on of the interpreter.
func (i Interpreter) system() syspackages.Python {
	return syspackages.Python{Minor: i.Minor(), Prefix: i.BasePrefix, Include: i.Include, HasHeaders: i.HasHeaders}
}

// tool is what the tools have to know of the interpreter.
func (i Interpreter) tool() tools.Python {
	return tools.Python{Executable: i.Executable, Version: i.Version, Stdlib: i.Stdlib}
}

// FindPython probes the interpreter that path names (a path or a command on
// PATH; empty for python3, or python where that isn't there), for a tree at root. The interpreter of a
// virtualenv outside of the tree stands for the one it was made from, since
// the virtualenv doesn't travel.
func FindPython(ctx context.Context, path, root string) (Interpreter, error) {
	doing := "finding the interpreter"
	command := path
	if command == "" {
		command = "python3"
	}
	found, err := exec.LookPath(command)
	if path == "" && errors.Is(err, exec.ErrNotFound) { // Windows' has no python3.exe
		if other, otherErr := exec.LookPath("python"); otherErr == nil {
			found, err = other, nil
		}
	}
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return Interpreter{}, usage(doing, "install it, or name another with --python PATH; binary-buildout doctor lists those that are here", "%w", err)
	}
	if found, err = filepath.Abs(found); err != nil {
		return Interpreter{}, surroundings(doing, "", err)
	}
	in, err := probe(ctx, found)
	if err != nil {
		return in, usage(doing, "name a working CPython (2.7, or 3.6 and newer) with --python PATH", "%w", err)
	}
	if in.Prefix != in.BasePrefix && !within(in.Prefix, root) {
		if in.BaseExecutable == "" {
			return in, usage(doing, "name the interpreter that the virtualenv was made from with --python PATH",
				"%s is a virtualenv outside of the buildout, and what it was made from isn't found", in.Prefix)
		}
		virtualenv := in.Prefix
		if in, err = probe(ctx, in.BaseExecutable); err != nil {
			return in, usage(doing, "name the interpreter that the virtualenv was made from with --python PATH", "%w", err)
		}
		in.Virtualenv = virtualenv
	}
	if in.Implementation != "cpython" {
		return in, usage(doing, "only CPython is supported", "%s is %s", in.Executable, in.Implementation)
	}
	return in, nil
}

func probe(ctx context.Context, path string) (Interpreter, error) {
	var in Interpreter
	err := helper{python: path, flags: []string{"-sE"}, before: target.Told() + cpython.MarshalTypes(), script: "probe.py", dir: os.TempDir()}.run(ctx, &in)
	return in, err
}

// within reports whether path is dir or below it. Both are absolute.
func within(path, dir string) bool {
	if dir == "" {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
