package isolate

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// compilerName matches the names of compilers, linkers and assemblers, alone
// (gcc), with a version (gcc-12, clang++-15) and with a triplet before it
// (x86_64-linux-gnu-gcc-12, x86_64-redhat-linux-g++). It doesn't match ld.so
// and ldd, which every program needs.
var compilerName = regexp.MustCompile(`^(?:[A-Za-z0-9_.]+-(?:[A-Za-z0-9_.]+-){1,2})?` +
	`(?:cc|gcc|g\+\+|c\+\+|c89|c99|clang|clang\+\+|clang-cpp|clang-cl|gcc-c\+\+|cpp|tcc|icc|icpc|icx|icpx|xlc|suncc|nvcc|` +
	`ld|ld\.bfd|ld\.gold|ld\.lld|ld\.mold|ld64\.lld|lld|mold|gold|as|nasm|yasm|gfortran|f77|f95|rustc|cargo|zig|tinycc|ccache|distcc|sccache)` +
	`(?:-[0-9][0-9.]*)?(?:\.exe)?$`)

// IsCompiler reports whether a program of that name is a compiler, a linker or
// an assembler.
func IsCompiler(name string) bool { return compilerName.MatchString(name) }

// needed matches what a sysconfig may name before the compiler, and binaries
// of many names: without them nothing would run.
var needed = regexp.MustCompile(`^(?:env|sh|bash|dash|ash|zsh|busybox|toybox|coreutils|xcrun|libtool|python[0-9.]*)$`)

// Where compilers lie that are not on PATH.
var compilerDirs = []string{
	"/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin", "/usr/lib/ccache", "/usr/lib64/ccache",
	"/usr/lib/llvm-*/bin", "/usr/lib/llvm*/bin", "/opt/rh/*/root/usr/bin", "/opt/*/bin", "/opt/homebrew/opt/llvm/bin",
	"/usr/local/opt/llvm/bin", "/Library/Developer/CommandLineTools/usr/bin",
	"/Applications/Xcode*.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/bin",
}

// The programs that gcc calls, relative to the directory gcc itself lies in.
var compilerParts = []string{
	"../lib/gcc/*/*", "../lib64/gcc/*/*", "../libexec/gcc/*/*", "../lib/gcc-cross/*/*",
}

// compilers gives the real paths of all compilers that a command could find,
// sorted.
func compilers(ctx context.Context, cfg Config) []string {
	found := map[string]bool{}
	add := func(path string) {
		real, err := filepath.EvalSymlinks(path)
		base := filepath.Base(real)
		if err != nil || needed.MatchString(base) || base == "true" || base == "false" { // CC=/bin/false
			return
		}
		if fi, err := os.Stat(real); err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			found[real] = true
		}
	}
	dirs := searchDirs(cfg)
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if compilerName.MatchString(e.Name()) {
				add(filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, cc := range append(pythonCompilers(ctx, cfg), namedCompilers(cfg.Env)...) {
		if filepath.IsAbs(cc) {
			add(cc)
		} else {
			for _, dir := range dirs {
				add(filepath.Join(dir, cc))
			}
		}
	}
	for _, p := range gccParts(found) {
		add(p)
	}
	out := boundToo(sortedKeys(found), cfg)
	for _, m := range cfg.Mask {
		if real, err := filepath.EvalSymlinks(m); err == nil {
			out = append(out, real)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// boundToo adds where the binds make a masked file appear a second time, and
// leaves out what the hiding takes away anyway.
func boundToo(paths []string, cfg Config) []string {
	var out []string
	for _, p := range paths {
		if !under(p, cfg.Hide) {
			out = append(out, p)
		}
		for _, b := range cfg.Binds {
			if within(p, b.From) {
				out = append(out, b.To+strings.TrimPrefix(p, b.From))
			}
		}
	}
	return out
}

// gccParts gives cc1, collect2 and their like for the compilers found.
func gccParts(found map[string]bool) []string {
	var out []string
	seen := map[string]bool{}
	for p := range found {
		dir := filepath.Dir(p)
		if seen[dir] {
			continue
		}
		seen[dir] = true
		for _, pattern := range compilerParts {
			for _, name := range []string{"cc1*", "collect2", "lto1", "f951", "lto-wrapper", "g++-mapper-server"} {
				matches, _ := filepath.Glob(filepath.Join(dir, pattern, name))
				out = append(out, matches...)
			}
		}
	}
	return out
}

// searchDirs gives the directories of both PATHs and the usual ones.
func searchDirs(cfg Config) []string {
	list := filepath.SplitList(environ.Get(cfg.Env, "PATH"))
	list = append(list, filepath.SplitList(os.Getenv("PATH"))...)
	for _, pattern := range compilerDirs {
		matches, _ := filepath.Glob(pattern)
		list = append(list, matches...)
	}
	var out []string
	for _, d := range list {
		real, err := filepath.EvalSymlinks(d)
		if err == nil && filepath.IsAbs(real) && !slices.Contains(out, real) {
			out = append(out, real)
		}
	}
	return out
}

// pythonCompilers gives the programs that the interpreter's sysconfig names.
func pythonCompilers(ctx context.Context, cfg Config) []string {
	if cfg.Python == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	const code = `import sysconfig
for name in ("CC", "CXX", "LDSHARED", "LDCXXSHARED", "LINKCC"):
    print((sysconfig.get_config_var(name) or "").strip().split(" ")[0])
`
	cmd := exec.CommandContext(ctx, cfg.Python, "-sSE", "-c", code)
	out, err := cmd.Output()
	if err != nil {
		return nil // a Python that can't run fails later, with a better message
	}
	return strings.Fields(string(out))
}

// CompilerVariables are those that name the compiler that a build calls, with
// options, in the place of the usual one.
func CompilerVariables() []string {
	return []string{"CC", "CXX", "CPP", "CXXCPP", "LDSHARED", "LDCXXSHARED", "LINKCC", "FC", "F77", "F90", "OBJC"}
}

// namedCompilers gives the words that may be programs in the variables that name
// a compiler: of "ccache /opt/gcc/bin/gcc -pthread" the first two.
func namedCompilers(env []string) []string {
	var named []string
	for _, name := range append(CompilerVariables(), "LD", "AS") {
		for _, word := range strings.Fields(environ.Get(env, name)) {
			if !strings.HasPrefix(word, "-") {
				named = append(named, word)
			}
		}
	}
	return named
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
