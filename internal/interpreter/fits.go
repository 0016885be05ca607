package interpreter

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
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// Search says which interpreters are looked for, and on what system.
type Search struct {
	// Python is a path, a name on PATH, or a version ("3.13"); default: all that are there.
	Python string
	// Env is the environment: PATH, PYENV_ROOT.
	Env []string
	// OS and Arch are runtime.GOOS and runtime.GOARCH.
	OS, Arch string
}

// Needs is what an archive asks of an interpreter and its system.
type Needs struct {
	target   string // as it is called
	Abi      string // "cp313"
	platform matrix.Platform
	libc     string // "glibc", "musl", ""
	Floor    string // "2.28", "11.0": the higher of the name's and the measured
	unknown  error  // the target's name says nothing that this program knows
	// Bundled is whether the archive has its interpreter in it: then the system
	// has to fit, and no Python of its.
	Bundled bool
}

// ParseTarget reads "cp313-manylinux_2_28_x86_64".
func ParseTarget(target string) Needs {
	abi, tag, _ := strings.Cut(target, "-")
	p, err := matrix.ParsePlatform(tag)
	return Needs{target: target, Abi: abi, platform: p, libc: p.Libc, Floor: p.Floor, unknown: err}
}

// Required is what an archive's manifest asks for.
func Required(m *archive.Manifest) Needs {
	n := ParseTarget(m.Target)
	if m.Python.ABI != "" {
		n.Abi = m.Python.ABI
	}
	if m.Python.Libc != "" {
		n.libc = m.Python.Libc
	}
	n.Bundled = m.BundledPython != nil
	return n.WithFloors(m.Floors)
}

// WithFloors raises the floor to the measured one, which also says the libc of
// a target whose name doesn't: linux_x86_64.
func (n Needs) WithFloors(floors []archive.Floor) Needs {
	for _, f := range floors {
		if n.platform.System == "linux" && n.libc == "" && (f.Kind == "glibc" || f.Kind == "musl") {
			n.libc = f.Kind
		}
		if f.Kind == n.libc || f.Kind == "macos" && n.platform.System == "macos" {
			if n.Floor == "" || matrix.CompareVersions(f.Version, n.Floor) > 0 {
				n.Floor = f.Version
			}
		}
	}
	return n
}

// Misfit is why an interpreter can't run an archive. The zero value isn't a reason.
type Misfit struct {
	Rank int    // how grave it is, one of the Rank constants; 0 if it fits
	Why  string // "it needs glibc 2.28"
}

// Fits is whether an interpreter can run what n asks for.
func (n Needs) Fits(p *Python) bool { return n.Unfit(p).Rank == 0 }

// Unfit says why an interpreter can't run what n asks for, the gravest reason first.
func (n Needs) Unfit(p *Python) Misfit {
	switch {
	case n.unknown != nil:
		return Misfit{rankSystem, "it is for a platform that is not known here"}
	case n.platform.System != p.System:
		return Misfit{rankSystem, "it is for " + n.platform.System}
	case !n.platform.Runs(p.Machine):
		return Misfit{rankSystem, "it is for " + n.platform.Machine}
	case n.libc != "" && p.Libc != "" && n.libc != p.Libc:
		return Misfit{RankLibc, "it is for " + n.libc}
	case n.Floor != "" && n.libc != "" && p.LibcVersion != "" && matrix.CompareVersions(p.LibcVersion, n.Floor) < 0:
		return Misfit{RankFloor, fmt.Sprintf("it needs %s %s", n.libc, n.Floor)}
	case n.Floor != "" && n.platform.System == "macos" && p.MacOS != "" && matrix.CompareVersions(macVersion(p.MacOS), n.Floor) < 0:
		return Misfit{RankFloor, "it needs macOS " + n.Floor}
	case !n.Bundled && !Loads(p.ABI, n.Abi):
		return Misfit{RankPython, "it is for " + Words(n.Abi)}
	}
	return Misfit{}
}

// macVersion undoes what a Python that was built against an old SDK is told.
func macVersion(v string) string {
	if v == "10.16" {
		return "11.0"
	}
	return v
}

// SameABI leaves out the m of Python 3.7 and older, which tags carry and
// names may not.
func SameABI(abi string) string {
	if strings.HasPrefix(abi, "cp3") {
		return strings.TrimSuffix(abi, "m")
	}
	return abi
}

// Loads is whether a Python loads what was compiled for an ABI. From 3.8 on a
// debug build also loads what a release build does, and never the other way
// round: https://docs.python.org/3/whatsnew/3.8.html#debug-build-uses-the-same-abi-as-release-build
func Loads(have, wanted string) bool {
	return SameABI(have) == SameABI(wanted) || have == wanted+"d" && Number(have) >= 308
}

// Words says an ABI as a person would: "Python 3.13 (cp313)".
func Words(abi string) string {
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

// Here gives the interpreters to choose from: the one asked for, or all.
func Here(ctx context.Context, s Search) ([]*Python, error) {
	env := CleanEnv(s.Env)
	if s.Python == "" {
		return probeAll(ctx, Candidates(s.OS, env), env), nil
	}
	paths := asked(s)
	var firstErr error
	for _, path := range paths {
		p, err := Probe(ctx, path, env)
		if err == nil {
			return []*Python{p}, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	if len(paths) == 0 && isVersion(s.Python) { // on Windows all are called python.exe
		for _, p := range probeAll(ctx, Candidates(s.OS, env), env) {
			if strings.HasPrefix(p.Version+".", s.Python+".") {
				return []*Python{p}, nil
			}
		}
	}
	if firstErr == nil {
		firstErr = fmt.Errorf("there is none; this system is %s", Describe(s, probeAll(ctx, Candidates(s.OS, env), env)))
	}
	hint := "give the path of an interpreter"
	if errors.Is(firstErr, fs.ErrPermission) {
		hint += " that this user can run, in directories that it can enter"
	}
	return nil, fault.Usage(fmt.Errorf("looking for --python %s: %w", s.Python, firstErr), hint)
}

func isVersion(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }) < 0
}

// asked gives the paths that --python may mean.
func asked(s Search) []string {
	if strings.ContainsAny(s.Python, `/\`) {
		path, err := filepath.Abs(s.Python)
		if err != nil {
			path = s.Python
		}
		return []string{path}
	}
	name := s.Python
	if isVersion(name) {
		name = "python" + name
	}
	var out []string
	for _, path := range Candidates(s.OS, CleanEnv(s.Env)) {
		if base := strings.TrimSuffix(filepath.Base(path), ".exe"); base == name {
			out = append(out, path)
		}
	}
	// A full version, or one whose only name is python.
	if name != s.Python {
		for _, path := range Candidates(s.OS, s.Env) {
			if base := filepath.Base(filepath.Dir(filepath.Dir(path))); base == s.Python || strings.HasPrefix(base, s.Python+".") {
				out = append(out, path)
			}
		}
	}
	if fi, err := os.Stat(s.Python); err == nil && fi.Mode().IsRegular() {
		if abs, err := filepath.Abs(s.Python); err == nil {
			out = append(out, abs)
		}
	}
	return out
}

// Choose gives the newest interpreter that fits, one that isn't of a
// virtualenv if there is one. Those whose name says the right version are asked
// first: each takes some 50 ms to start.
func Choose(ctx context.Context, s Search, n Needs) (*Python, error) {
	if s.Python == "" {
		env := CleanEnv(s.Env)
		likely := probeAll(ctx, named(Candidates(s.OS, env), n.Abi), env)
		if best := Newest(likely, n); best != nil && !best.Virtualenv {
			return best, nil
		}
	}
	all, err := Here(ctx, s)
	if err != nil {
		return nil, err
	}
	if best := Newest(all, n); best != nil {
		return best, nil
	}
	return nil, noPython(s, n, all)
}

func Newest(all []*Python, n Needs) *Python {
	var best *Python
	for _, p := range all {
		if !n.Fits(p) {
			continue
		}
		if best == nil || best.Virtualenv && !p.Virtualenv ||
			best.Virtualenv == p.Virtualenv && matrix.CompareVersions(p.Version, best.Version) > 0 {
			best = p
		}
	}
	return best
}

// CleanEnv leaves out the variables that change what an interpreter does.
func CleanEnv(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "PYTHON") })
}
