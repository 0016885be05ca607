package bundle

import (
	"bytes"
	_ "embed"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// What some modules get at their ends: places of the server's certificates,
// the libraries that came along, and what venv says without the wheels of pip.
var (
	//go:embed certificates.py
	certificatesPy []byte
	//go:embed findlibrary.py
	findLibraryPy []byte
	//go:embed environments.py
	environmentsPy []byte
)

// additions are what modules of the standard library get at their ends. Windows
// has a store of certificates, and finds DLLs by itself.
func (c *copier) additions() map[string][]byte {
	if c.windows() {
		return map[string][]byte{"venv/__init__.py": environmentsPy}
	}
	return map[string][]byte{"ssl.py": certificatesPy, "ctypes/util.py": findLibraryPy, "venv/__init__.py": environmentsPy}
}

// mend takes the build's prefix out of the copies, and changes the few modules
// that look at the build machine's places.
func (c *copier) mend() error {
	prefixes := c.prefixes()
	for p := range c.taken {
		data, err := os.ReadFile(c.place(p))
		if err != nil {
			return err
		}
		now := c.mended(p, data, prefixes)
		if bytes.Equal(now, data) {
			continue
		}
		if err := rewrite(c.place(p), now); err != nil {
			return err
		}
	}
	return nil
}

// rewrite writes a file's new content, with the mode that it has.
func rewrite(file string, data []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return writeNew(file, data, info.Mode().Perm())
}

func (c *copier) mended(p string, data []byte, prefixes []string) []byte {
	rel := strings.TrimPrefix(strings.TrimPrefix(p, path.Join(c.name, c.stdlib())), "/")
	binary, added := bytes.IndexByte(data, 0) >= 0, c.additions()
	for _, old := range prefixes {
		if binary {
			data = withoutPrefix(data, old)
		} else {
			data = withPrefix(data, old, c.prefix())
		}
	}
	if binary {
		return withoutPlaces(data)
	}
	switch {
	case sysconfigData.MatchString(rel):
		data = dataWithPrefix(data, c.prefix())
	case added[rel] != nil:
		data = append(bytes.TrimRight(data, "\n"), append([]byte("\n\n\n"), added[rel]...)...)
	case distPackages[rel]:
		data = bytes.ReplaceAll(data, []byte("dist-packages"), []byte("site-packages"))
	}
	return data
}

// prefix is the interpreter's in the tree, as the tree's files name it.
func (c *copier) prefix() string { return filepath.Join(c.o.Root, c.name) }

// prefixes are those that may not stay in the copy: where the interpreter lies,
// and where it was built, if that was elsewhere and is a place of its own.
func (c *copier) prefixes() []string {
	var all []string
	if !c.shared() {
		all = append(all, c.o.Prefix)
	}
	for p := range c.taken {
		rel := strings.TrimPrefix(strings.TrimPrefix(p, path.Join(c.name, c.stdlib())), "/")
		if !sysconfigData.MatchString(rel) {
			continue
		}
		data, err := os.ReadFile(c.place(p))
		if m := dataPrefix.FindSubmatch(data); err == nil && m != nil && strings.Count(string(m[1]), "/") > 2 && !slices.Contains(all, string(m[1])) {
			all = append(all, string(m[1]))
		}
	}
	// A prefix below another one goes first.
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(b, a) })
	return all
}

// shared tells whether the prefix is a directory that holds much more than an
// interpreter, so that its name alone says nothing.
func (c *copier) shared() bool {
	return c.o.Prefix == "/usr" || c.o.Prefix == "/usr/local" || c.o.Prefix == "/"
}

// distPackages are the modules with which Debian's interpreter looks for
// packages beside its own. In the archive they are a usual Python's: what was
// installed for the server's interpreter doesn't count.
var distPackages = map[string]bool{"site.py": true, "sysconfig.py": true, "sysconfig/__init__.py": true,
	"distutils/command/install.py": true, "distutils/sysconfig.py": true, "_distutils_system_mod.py": true, "pydoc.py": true}

var (
	sysconfigData = regexp.MustCompile(`^(plat-[^/]*/)?_sysconfigdata[^/]*\.py$`)
	// ownPlaces are the variables of sysconfig that say where the interpreter's
	// own files lie. Others with the same start are the system's (TZPATH, INSTALL).
	ownPlaces = regexp.MustCompile(`(?m)^([ {]*'(?:BINDIR|BINLIBDEST|CONFINCLUDEDIR|CONFINCLUDEPY|DESTLIB|DESTSHARED|INCLUDEDIR|INCLUDEPY|LIBDEST|LIBDIR|LIBPC|LIBPL|MACHDESTLIB|MANDIR|SCRIPTDIR|datarootdir|exec_prefix|prefix)': ')([^']*)(')`)
)

var dataPrefix = regexp.MustCompile(`(?m)^[ {]*'prefix': '([^']*)'`)

// dataWithPrefix names another prefix in _sysconfigdata, in place of the one that
// it names itself: an interpreter that was made to be moved names another one
// than where it lies (python-build-standalone's: /install).
func dataWithPrefix(data []byte, to string) []byte {
	m := dataPrefix.FindSubmatch(data)
	if m == nil || string(m[1]) == to {
		return data
	}
	old := string(m[1])
	return ownPlaces.ReplaceAllFunc(data, func(line []byte) []byte {
		m := ownPlaces.FindSubmatch(line)
		rest, ok := strings.CutPrefix(string(m[2]), old)
		if !ok || rest != "" && rest[0] != '/' {
			return line
		}
		return []byte(string(m[1]) + to + rest + string(m[3]))
	})
}

// withPrefix names another prefix in a text, where the old one is whole.
func withPrefix(data []byte, old, to string) []byte {
	return replaced(data, old, []byte(to))
}

// withoutPrefix overwrites a prefix in a binary file, where it is whole, with
// slashes up to its last name. That stays, since linkers let strings share their
// ends: the version in ~/.pyenv/versions/3.11.7 is the one in sys.version too.
// An interpreter looks there only where it doesn't find itself.
func withoutPrefix(data []byte, old string) []byte {
	last := path.Base(old)
	return replaced(data, old, []byte(strings.Repeat("/", len(old)-len(last))+last))
}

// replaced replaces a path where no longer name goes on from it.
func replaced(data []byte, old string, to []byte) []byte {
	var out []byte
	rest := data
	for {
		i := bytes.Index(rest, []byte(old))
		if i < 0 {
			break
		}
		end := i + len(old)
		out = append(out, rest[:i]...)
		// "./PREFIX", of a path that is meant below another one: no root stands there.
		below := i > 0 && rest[i-1] == '.' && bytes.IndexByte(data, 0) < 0
		if end < len(rest) && nameByte(rest[end]) {
			out = append(out, rest[i:end]...)
		} else if below {
			out = append(out, '/')
			out = append(out, path.Base(string(to))...)
		} else {
			out = append(out, to...)
		}
		rest = rest[end:]
	}
	if out == nil {
		return data
	}
	return append(out, rest...)
}

func nameByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '-' || b == '.' || b >= 0x80
}
