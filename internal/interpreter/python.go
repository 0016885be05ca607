package interpreter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/target"
)

// Python is an interpreter of this system, as it describes itself.
type Python struct {
	Executable     string `json:"executable"` // sys.executable, not resolved
	Version        string `json:"version"`    // "3.13.0"
	Implementation string `json:"implementation"`
	ABI            string `json:"abi"`     // "cp313", "cp313t", "cp313d", "cp27mu"
	System         string `json:"system"`  // "linux", "macos", "windows", or sys.platform
	Machine        string `json:"machine"` // "x86_64", "aarch64", "arm64", "i686", "amd64"
	Libc           string `json:"libc"`    // "glibc", "musl", ""
	LibcVersion    string `json:"libc_version"`
	MacOS          string `json:"macos"` // "14.5"
	Virtualenv     bool   `json:"virtualenv"`
}

// probeTime is how long an interpreter may take to describe itself.
const probeTime = 20 * time.Second

// Probe asks an interpreter what it is.
func Probe(ctx context.Context, path string, env []string) (*Python, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-sE", "-c", target.Probe())
	cmd.Env, cmd.Dir = env, string(filepath.Separator)
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if last := secrets.LastLines(errs.String(), 1); last != "" {
			err = fmt.Errorf("%w: %s", err, last)
		}
		return nil, fmt.Errorf("running %s: %w", path, withoutPath(err))
	}
	p := new(Python)
	if err := json.Unmarshal(out.Bytes(), p); err != nil {
		return nil, fmt.Errorf("running %s: it answers %q", path, firstBytes(out.String(), 100))
	}
	if p.Executable == "" {
		p.Executable = path
	}
	return p, nil
}

// withoutPath leaves out of an error of exec the name that comes before it anyway.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func firstBytes(s string, n int) string { return s[:min(len(s), n)] }

// pythonName matches the names under which interpreters are installed.
var pythonName = regexp.MustCompile(`^python(?:[0-9]+(?:\.[0-9]+)?t?)?(?:\.exe)?$`)

// pythonDirs are patterns of directories that hold interpreters but need not
// be on PATH. A leading ~ is the home directory.
func pythonDirs(goos string, env []string) []string {
	pyenv := environ.Get(env, "PYENV_ROOT")
	if pyenv == "" {
		pyenv = "~/.pyenv"
	}
	switch goos {
	case "windows":
		return []string{
			filepath.Join(environ.Get(env, "LOCALAPPDATA"), `Programs\Python\Python*`),
			filepath.Join(environ.Get(env, "ProgramFiles"), `Python*`), `C:\Python*`,
			filepath.Join(environ.Get(env, "LOCALAPPDATA"), `Python\pythoncore-*`),
		}
	case "darwin":
		return []string{
			"/usr/local/bin", "/opt/homebrew/bin", "/opt/*/bin", "/Library/Frameworks/Python.framework/Versions/*/bin",
			"/usr/local/opt/python@*/bin", "/opt/homebrew/opt/python@*/bin", pyenv + "/versions/*/bin", "~/.local/share/uv/python/*/bin", "/usr/bin",
		}
	default:
		return []string{
			"/usr/local/bin", "/usr/bin", "/bin", "/opt/*/bin", "/opt/python/*/bin", "/opt/rh/*/root/usr/bin", "/usr/lib/python-*/bin",
			pyenv + "/versions/*/bin", "~/.local/share/uv/python/*/bin", "/usr/local/python*/bin",
		}
	}
}

// Candidates lists the interpreters of this system: those on PATH first, in
// its order. Each file is listed once. For root, only those are that nobody
// else can change.
func Candidates(goos string, env []string) []string {
	found, _ := interpreters(goos, env, ownership.MayRun)
	return found
}

// interpreters gives the candidates that may be run, and those that may not.
func interpreters(goos string, env []string, may func(path string) bool) (found, others []string) {
	dirs := filepath.SplitList(environ.Get(env, "PATH"))
	home := environ.Get(env, "HOME")
	for _, pattern := range pythonDirs(goos, env) {
		if rest, ok := strings.CutPrefix(pattern, "~"); ok {
			if home == "" {
				continue
			}
			pattern = home + rest
		}
		matches, _ := filepath.Glob(pattern)
		dirs = append(dirs, matches...)
	}
	seen := map[string]bool{}
	for _, dir := range behindShims(dirs) {
		entries, err := os.ReadDir(dir)
		if err != nil || !filepath.IsAbs(dir) {
			continue
		}
		entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
			path := filepath.Join(dir, e.Name())
			foreign := pythonName.MatchString(e.Name()) && !may(path)
			if foreign {
				others = append(others, path)
			}
			return foreign
		})
		found = append(found, inDir(dir, entries, seen)...)
	}
	return found, others
}

// inDir gives the interpreters of a directory, each once, by the name that says
// most: what is python3 today is another one after the system's next update,
// and python3.11 is not.
func inDir(dir string, entries []os.DirEntry, seen map[string]bool) []string {
	best := map[string]string{}
	var keys []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		real, err := filepath.EvalSymlinks(path)
		if !pythonName.MatchString(e.Name()) || err != nil {
			continue
		}
		// A link in a virtualenv is another interpreter than what it points to.
		key := real
		if inVirtualenv(path) {
			key = dir + "|" + real
		}
		if seen[key] {
			continue
		}
		if best[key] == "" {
			keys = append(keys, key)
		}
		if len(path) > len(best[key]) {
			best[key] = path
		}
	}
	var out []string
	for _, key := range keys {
		seen[key] = true
		out = append(out, best[key])
	}
	return out
}

// behindShims gives for a directory of shims, shell scripts of pyenv or asdf
// that start one of several interpreters as the environment says, those of the
// interpreters: what is installed must not depend on the environment later.
func behindShims(dirs []string) []string {
	var out []string
	for _, dir := range dirs {
		if filepath.Base(dir) != "shims" {
			out = append(out, dir)
			continue
		}
		for _, pattern := range []string{"versions/*/bin", "installs/python/*/bin"} {
			matches, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), filepath.FromSlash(pattern)))
			out = append(out, matches...)
		}
	}
	return out
}

// named gives the paths whose names are those of the version that an ABI
// stands for: python3.13 for cp313. Every CPython on POSIX has one.
func named(paths []string, abi string) []string {
	digits := strings.TrimRight(strings.TrimPrefix(abi, "cp"), "mut")
	if len(digits) < 2 {
		return nil
	}
	name := "python" + digits[:1] + "." + digits[1:]
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		real, err := filepath.EvalSymlinks(p)
		base := strings.TrimSuffix(filepath.Base(p), ".exe")
		return base != name && base != name+"t" && (err != nil || !strings.HasPrefix(filepath.Base(real), name))
	})
}

func inVirtualenv(python string) bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(python)), "pyvenv.cfg"))
	return err == nil
}

// probeAll asks several interpreters at once, and gives those that answered,
// in order. Two paths to one executable give one.
func probeAll(ctx context.Context, paths, env []string) []*Python {
	found := make([]*Python, len(paths))
	sem := make(chan struct{}, 4)
	var wg sync.WaitGroup
	for i, path := range paths {
		wg.Go(func() {
			sem <- struct{}{}
			defer func() { <-sem }()
			if p, err := Probe(ctx, path, env); err == nil {
				found[i] = p
			}
		})
	}
	wg.Wait()
	var out []*Python
	for _, p := range found {
		if p != nil && !slices.ContainsFunc(out, func(q *Python) bool { return q.Executable == p.Executable }) {
			out = append(out, p)
		}
	}
	return out
}
