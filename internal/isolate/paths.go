package isolate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// realDirs gives what is to be hidden as paths without links, parents before
// their children, and without those that don't exist.
func realDirs(dirs []string) ([]string, error) {
	var out []string
	for _, d := range dirs {
		if !filepath.IsAbs(d) {
			return nil, fault.Surroundings(fmt.Errorf("hiding %s: the path isn't absolute", d), "")
		}
		r, err := filepath.EvalSymlinks(d)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fault.Surroundings(fmt.Errorf("hiding %s: %w", d, err), "")
		}
		if r == filepath.VolumeName(r)+string(filepath.Separator) {
			return nil, fault.Surroundings(fmt.Errorf("hiding %s: it is the root of the file system", d), "")
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out, nil
}

// realBinds resolves what is bound, and checks where it goes. A target's last
// part must not exist as a link, or the bind would show somewhere else.
func realBinds(binds []Bind) ([]Bind, error) {
	out := make([]Bind, 0, len(binds))
	for _, b := range binds {
		if !filepath.IsAbs(b.From) || !filepath.IsAbs(b.To) {
			return nil, fault.Surroundings(fmt.Errorf("binding %s to %s: a path isn't absolute", b.From, b.To), "")
		}
		r, err := filepath.EvalSymlinks(b.From)
		if err != nil {
			return nil, fault.Surroundings(fmt.Errorf("binding %s: %w", b.From, err), "")
		}
		to := filepath.Clean(b.To)
		if to == filepath.Clean(b.From) {
			to = r
		}
		out = append(out, Bind{From: r, To: to, ReadOnly: b.ReadOnly})
	}
	return out, nil
}

// boxDir makes a private directory with a short name: a socket's path has at
// most 104 bytes on macOS and 108 on Linux.
func boxDir(parent, goos string) (*scratch.Dir, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	if goos != "windows" && len(parent) > 60 {
		parent = "/tmp"
	}
	return scratch.New(parent, "bb-box-")
}

// within says whether path is dir or lies below it.
func within(path, dir string) bool {
	if path == dir {
		return true
	}
	return strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// under says whether path is one of dirs or lies below one.
func under(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return within(path, d) })
}

// lookPath finds a program in the PATH of env, as execvp does.
func lookPath(name string, env []string, executable func(string) bool) string {
	if strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	for _, dir := range filepath.SplitList(environ.Get(env, "PATH")) {
		if p := filepath.Join(dir, name); filepath.IsAbs(p) && executable(p) {
			return p
		}
	}
	return ""
}
