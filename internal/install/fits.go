package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// needs is what an archive asks of an interpreter and its system.
type needs struct {
	target   string // as it is called
	abi      string // "cp313"
	platform matrix.Platform
	libc     string // "glibc", "musl", ""
	floor    string // "2.28", "11.0": the higher of the name's and the measured
	unknown  error  // the target's name says nothing that this program knows
}

// parseTarget reads "cp313-manylinux_2_28_x86_64".
func parseTarget(target string) needs {
	abi, tag, _ := strings.Cut(target, "-")
	p, err := matrix.ParsePlatform(tag)
	return needs{target: target, abi: abi, platform: p, libc: p.Libc, floor: p.Floor, unknown: err}
}

// requirement is what an archive's manifest asks for.
func requirement(m *archive.Manifest) needs {
	n := parseTarget(m.Target)
	if m.Python.ABI != "" {
		n.abi = m.Python.ABI
	}
	if m.Python.Libc != "" {
		n.libc = m.Python.Libc
	}
	return n.withFloors(m.Floors)
}

// withFloors raises the floor to the measured one, which also says the libc of
// a target whose name doesn't: linux_x86_64.
func (n needs) withFloors(floors []archive.Floor) needs {
	for _, f := range floors {
		if n.platform.System == "linux" && n.libc == "" && (f.Kind == "glibc" || f.Kind == "musl") {
			n.libc = f.Kind
		}
		if f.Kind == n.libc || f.Kind == "macos" && n.platform.System == "macos" {
			if n.floor == "" || matrix.CompareVersions(f.Version, n.floor) > 0 {
				n.floor = f.Version
			}
		}
	}
	return n
}

// unfit says why an interpreter can't run what n asks for, the gravest reason
// first; "" if it can.
func (n needs) unfit(p *Python) string {
	switch {
	case n.unknown != nil:
		return "it is for a platform that is not known here"
	case n.platform.System != p.System:
		return "it is for " + n.platform.System
	case !n.platform.Runs(p.Machine):
		return "it is for " + n.platform.Machine
	case n.libc != "" && p.Libc != "" && n.libc != p.Libc:
		return "it is for " + n.libc
	case n.floor != "" && n.libc != "" && p.LibcVersion != "" && matrix.CompareVersions(p.LibcVersion, n.floor) < 0:
		return fmt.Sprintf("it needs %s %s", n.libc, n.floor)
	case n.floor != "" && n.platform.System == "macos" && p.MacOS != "" && matrix.CompareVersions(macVersion(p.MacOS), n.floor) < 0:
		return "it needs macOS " + n.floor
	case !loads(p.ABI, n.abi):
		return "it is for " + pythonWords(n.abi)
	}
	return ""
}

// macVersion undoes what a Python that was built against an old SDK is told.
func macVersion(v string) string {
	if v == "10.16" {
		return "11.0"
	}
	return v
}

// sameABI leaves out the m of Python 3.7 and older, which tags carry and
// names may not.
func sameABI(abi string) string {
	if strings.HasPrefix(abi, "cp3") {
		return strings.TrimSuffix(abi, "m")
	}
	return abi
}

// loads is whether a Python loads what was compiled for an ABI. From 3.8 on a
// debug build also loads what a release build does, and never the other way
// round: https://docs.python.org/3/whatsnew/3.8.html#debug-build-uses-the-same-abi-as-release-build
func loads(have, wanted string) bool {
	return sameABI(have) == sameABI(wanted) || have == wanted+"d" && pythonNumber(have) >= 308
}

// pythonWords says an ABI as a person would: "Python 3.13 (cp313)".
func pythonWords(abi string) string {
	v := strings.TrimPrefix(abi, "cp")
	digits := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(v)
	}
	if digits < 2 {
		return abi
	}
	words := "Python " + v[:1] + "." + v[1:digits]
	if strings.Contains(v[digits:], "t") {
		words += " free-threaded"
	}
	if strings.Contains(v[digits:], "d") {
		words += " debug"
	}
	return words + " (" + abi + ")"
}

// pythonsHere gives the interpreters to choose from: the one asked for, or all.
func pythonsHere(ctx context.Context, o Options) ([]*Python, error) {
	env := withoutPython(o.Env)
	if o.Python == "" {
		return probeAll(ctx, candidates(o.OS, env), env), nil
	}
	paths := asked(o)
	var firstErr error
	for _, path := range paths {
		p, err := probe(ctx, path, env)
		if err == nil {
			return []*Python{p}, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	if len(paths) == 0 && isVersion(o.Python) { // on Windows all are called python.exe
		for _, p := range probeAll(ctx, candidates(o.OS, env), env) {
			if strings.HasPrefix(p.Version+".", o.Python+".") {
				return []*Python{p}, nil
			}
		}
	}
	if firstErr == nil {
		firstErr = fmt.Errorf("there is none; this system is %s", describeSystem(o, probeAll(ctx, candidates(o.OS, env), env)))
	}
	hint := "give the path of an interpreter"
	if errors.Is(firstErr, fs.ErrPermission) {
		hint += " that this user can run, in directories that it can enter"
	}
	return nil, usage(fmt.Errorf("looking for --python %s: %w", o.Python, firstErr), hint)
}

func isVersion(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }) < 0
}

// asked gives the paths that --python may mean.
func asked(o Options) []string {
	if strings.ContainsAny(o.Python, `/\`) {
		path, err := filepath.Abs(o.Python)
		if err != nil {
			path = o.Python
		}
		return []string{path}
	}
	name := o.Python
	if isVersion(name) {
		name = "python" + name
	}
	var out []string
	for _, path := range candidates(o.OS, withoutPython(o.Env)) {
		if base := strings.TrimSuffix(filepath.Base(path), ".exe"); base == name {
			out = append(out, path)
		}
	}
	// A full version, or one whose only name is python.
	if name != o.Python {
		for _, path := range candidates(o.OS, o.Env) {
			if base := filepath.Base(filepath.Dir(filepath.Dir(path))); base == o.Python || strings.HasPrefix(base, o.Python+".") {
				out = append(out, path)
			}
		}
	}
	if fi, err := os.Stat(o.Python); err == nil && fi.Mode().IsRegular() {
		if abs, err := filepath.Abs(o.Python); err == nil {
			out = append(out, abs)
		}
	}
	return out
}

// choosePython gives the newest interpreter that fits, one that isn't of a
// virtualenv if there is one. Those whose name says the right version are asked
// first: each takes some 50 ms to start.
func choosePython(ctx context.Context, o Options, n needs) (*Python, error) {
	if o.Python == "" {
		env := withoutPython(o.Env)
		likely := probeAll(ctx, named(candidates(o.OS, env), n.abi), env)
		if best := newest(likely, n); best != nil && !best.Virtualenv {
			return best, nil
		}
	}
	all, err := pythonsHere(ctx, o)
	if err != nil {
		return nil, err
	}
	if best := newest(all, n); best != nil {
		return best, nil
	}
	return nil, noPython(o, n, all)
}

func newest(all []*Python, n needs) *Python {
	var best *Python
	for _, p := range all {
		if n.unfit(p) != "" {
			continue
		}
		if best == nil || best.Virtualenv && !p.Virtualenv ||
			best.Virtualenv == p.Virtualenv && matrix.CompareVersions(p.Version, best.Version) > 0 {
			best = p
		}
	}
	return best
}

// withoutPython leaves out the variables that change what an interpreter does.
func withoutPython(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "PYTHON") })
}
