package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/pack"
)

// needs is what an archive asks of an interpreter and its system.
type needs struct {
	target string // as it is called
	abi    string // "cp313"
	system string // "linux", "macos", "windows"; "" if the target's words aren't known
	arch   string // "x86_64", "arm64"
	libc   string // "glibc", "musl", ""
	floor  string // "2.28", "11.0": the higher of the name's and the measured
}

var platformName = regexp.MustCompile(`^(?:(manylinux|musllinux|macosx)_(\d+)_(\d+)|(linux|win))_?([a-z0-9_]*)$`)

// parseTarget reads "cp313-manylinux_2_28_x86_64".
func parseTarget(target string) needs {
	abi, platform, _ := strings.Cut(target, "-")
	n := needs{target: target, abi: abi}
	m := platformName.FindStringSubmatch(platform)
	switch {
	case platform == "win32":
		n.system, n.arch = "windows", "x86"
	case m == nil:
	case m[1] == "manylinux":
		n.system, n.libc, n.floor, n.arch = "linux", "glibc", m[2]+"."+m[3], m[5]
	case m[1] == "musllinux":
		n.system, n.libc, n.floor, n.arch = "linux", "musl", m[2]+"."+m[3], m[5]
	case m[1] == "macosx":
		n.system, n.floor, n.arch = "macos", m[2]+"."+m[3], m[5]
	case m[4] == "linux":
		n.system, n.arch = "linux", m[5]
	case m[4] == "win":
		n.system, n.arch = "windows", m[5]
	}
	return n
}

// requirement is what an archive's manifest asks for.
func requirement(m *pack.Manifest) needs {
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
func (n needs) withFloors(floors []pack.Floor) needs {
	for _, f := range floors {
		if n.system == "linux" && n.libc == "" && (f.Kind == "glibc" || f.Kind == "musl") {
			n.libc = f.Kind
		}
		if f.Kind == n.libc || f.Kind == "macos" && n.system == "macos" {
			if n.floor == "" || compareVersions(f.Version, n.floor) > 0 {
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
	case n.system != "" && n.system != p.System:
		return "it is for " + n.system
	case n.arch != "" && !sameArch(n.arch, p.Machine):
		return "it is for " + n.arch
	case n.libc != "" && p.Libc != "" && n.libc != p.Libc:
		return "it is for " + n.libc
	case n.floor != "" && n.libc != "" && p.LibcVersion != "" && compareVersions(p.LibcVersion, n.floor) < 0:
		return fmt.Sprintf("it needs %s %s", n.libc, n.floor)
	case n.floor != "" && n.system == "macos" && p.MacOS != "" && compareVersions(macVersion(p.MacOS), n.floor) < 0:
		return "it needs macOS " + n.floor
	case sameABI(n.abi) != sameABI(p.ABI):
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
	if strings.HasSuffix(abi, "t") {
		words += " free-threaded"
	}
	return words + " (" + abi + ")"
}

var archNames = map[string]string{
	"arm64": "aarch64", "amd64": "x86_64", "i386": "i686", "i586": "i686", "x86": "i686", "win32": "i686",
}

func sameArch(wanted, have string) bool {
	canon := func(a string) string {
		if c, ok := archNames[a]; ok {
			return c
		}
		return a
	}
	switch wanted {
	case "universal2":
		return have == "arm64" || have == "x86_64"
	case "intel", "universal":
		return have == "x86_64" || have == "i386"
	}
	return canon(wanted) == canon(have)
}

// compareVersions compares dotted numbers.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if c := number(as, i) - number(bs, i); c != 0 {
			return c
		}
	}
	return 0
}

func number(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	digits := strings.IndexFunc(parts[i], func(r rune) bool { return r < '0' || r > '9' })
	if digits >= 0 {
		parts = slices.Clone(parts)
		parts[i] = parts[i][:digits]
	}
	n, _ := strconv.Atoi(parts[i])
	return n
}

// pythonsHere gives the interpreters to choose from: the one asked for, or all.
func pythonsHere(ctx context.Context, o Options, who *owner) ([]*Python, error) {
	env := withoutPython(o.Env)
	if o.Python == "" {
		return probeAll(ctx, candidates(o.OS, env), env, who), nil
	}
	paths := asked(o)
	var firstErr error
	for _, path := range paths {
		p, err := probe(ctx, path, env, who)
		if err == nil {
			return []*Python{p}, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	if len(paths) == 0 && isVersion(o.Python) { // on Windows all are called python.exe
		for _, p := range probeAll(ctx, candidates(o.OS, env), env, who) {
			if strings.HasPrefix(p.Version+".", o.Python+".") {
				return []*Python{p}, nil
			}
		}
	}
	if firstErr == nil {
		firstErr = fmt.Errorf("there is none; this system is %s", describeSystem(o, probeAll(ctx, candidates(o.OS, env), env, who)))
	}
	hint := "give the path of an interpreter"
	if who != nil {
		hint += " that " + o.Owner + " can run, in directories that it can enter"
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
func choosePython(ctx context.Context, o Options, n needs, who *owner) (*Python, error) {
	if o.Python == "" {
		env := withoutPython(o.Env)
		likely := probeAll(ctx, named(candidates(o.OS, env), n.abi), env, who)
		if best := newest(likely, n); best != nil && !best.Virtualenv {
			return best, nil
		}
	}
	all, err := pythonsHere(ctx, o, who)
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
			best.Virtualenv == p.Virtualenv && compareVersions(p.Version, best.Version) > 0 {
			best = p
		}
	}
	return best
}

// withoutPython leaves out the variables that change what an interpreter does.
func withoutPython(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "PYTHON") })
}
