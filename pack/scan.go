package pack

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target"
)

// varDepth is how deep the directories under var/ are kept, empty: a part that
// only updates doesn't make var/filestorage or var/log again.
const varDepth = 2

// Scan lists a built tree, once, by lstat, sorted by path, and leaves out what
// the rules say. It reads no file. bootstrap.py and the launcher of this
// program take the place of any that lie there.
//
// A hard link is one more file with the same bytes. A name that isn't UTF-8,
// a device and a named pipe are errors.
func Scan(root string, rules Rules) (*List, error) {
	if err := rules.CheckGlobs(); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("scanning %s: %w", root, err)
	}
	s := &scanner{rules: &rules, a: &List{Root: abs, Unmatched: Rules{Exclude: slices.Clone(rules.Exclude), Include: slices.Clone(rules.Include)}}}
	if err := s.dir(""); err != nil {
		return nil, err
	}
	a := s.a
	a.Files = append(a.Files,
		File{Path: archive.Dir, Type: archive.TypeDir, Mode: 0o755},
		File{Path: archive.BootstrapPy, Mode: 0o644, Data: target.Bootstrap(), Size: int64(len(target.Bootstrap()))},
		File{Path: archive.LauncherName, Mode: 0o644, Data: target.Launcher(), Size: int64(len(target.Launcher()))})
	a.normalize()
	if err := settleModes(a); err != nil {
		return nil, err
	}
	return a, nil
}

type scanner struct {
	rules *Rules
	a     *List
}

// dir lists one directory and all below it.
func (s *scanner) dir(rel string) error {
	full := filepath.Join(s.a.Root, filepath.FromSlash(rel))
	list, err := os.ReadDir(full)
	if err != nil {
		return fail(exitSurroundings, "pack as the user that built the tree", "scanning %s: %w", full, err)
	}
	names := make(map[string]bool, len(list))
	for _, d := range list {
		names[d.Name()] = true
	}
	for _, d := range list {
		if err := s.entry(rel, d, names); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) entry(rel string, d fs.DirEntry, names map[string]bool) error {
	p := d.Name()
	if rel != "" {
		p = rel + "/" + p
	}
	s.a.Unmatched.forget(p)
	reason := s.underVar(p, d)
	if reason == "" {
		reason = s.rules.omit(p, d.IsDir(), func() bool { return hasSource(d.Name(), names) }, func() bool { return s.tagged(p) })
	}
	if reason != "" {
		s.omit(p, reason)
		return nil
	}
	if !utf8.ValidString(p) {
		return fail(exitCheck, "rename it, or leave it out with --exclude", "scanning: the name of %q is not UTF-8", p)
	}
	info, err := d.Info()
	if err != nil {
		return fail(exitSurroundings, "stop what runs in the tree, then pack again", "scanning: %w", err)
	}
	f := File{Path: p, Mode: info.Mode().Perm(), Source: filepath.Join(s.a.Root, filepath.FromSlash(p))}
	switch m := info.Mode(); {
	case m.IsRegular():
		f.Size = info.Size()
	case m.IsDir():
		f.Type, f.Source = archive.TypeDir, ""
		s.a.Files = append(s.a.Files, f)
		return s.dir(p)
	case m&fs.ModeSymlink != 0:
		if f.Link, err = os.Readlink(f.Source); err != nil {
			return fail(exitSurroundings, "", "scanning: %w", err)
		}
		f.Link = filepath.ToSlash(f.Link)
		if !utf8.ValidString(f.Link) {
			return fail(exitCheck, "rename its target, or leave it out with --exclude", "scanning: what %s links to is not UTF-8", archive.QuoteName(p))
		}
		f.Type, f.Mode = archive.TypeLink, 0o777
	case m&fs.ModeSocket != 0:
		s.omit(p, reasonSocket)
		return nil
	default:
		return fail(exitCheck, "remove it, or leave it out with --exclude", "scanning: %s is neither file, directory nor link (%v)", archive.QuoteName(p), m.Type())
	}
	s.a.Files = append(s.a.Files, f)
	return nil
}

// cacheTag begins the CACHEDIR.TAG of a directory that can be made again.
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55"

// tagged tells whether a directory says that it can be made again. Cargo's has
// no tag where maturin made it.
func (s *scanner) tagged(p string) bool {
	dir := filepath.Join(s.a.Root, filepath.FromSlash(p))
	if _, err := os.Lstat(filepath.Join(dir, ".rustc_info.json")); err == nil {
		return true
	}
	f, err := os.Open(filepath.Join(dir, "CACHEDIR.TAG"))
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, len(cacheTag))
	_, err = io.ReadFull(f, start)
	return err == nil && string(start) == cacheTag
}

func (s *scanner) omit(p, reason string) {
	s.a.Omitted = append(s.a.Omitted, Omission{Path: p, Reason: reason})
}

// underVar leaves out user data: what lies in the top directory's var, but
// for its first two levels of directories.
func (s *scanner) underVar(p string, d fs.DirEntry) string {
	if p != "var" && !strings.HasPrefix(p, "var/") || matchAny(s.rules.Include, p) {
		return ""
	}
	if d.IsDir() && utf8.ValidString(p) && (strings.Count(p, "/") < varDepth || s.rules.includesBelow(p)) {
		return ""
	}
	return reasonVar
}

// includesBelow tells whether an --include names something below p.
func (r *Rules) includesBelow(p string) bool {
	for _, g := range r.Include {
		if strings.HasPrefix(strings.TrimPrefix(g, "./"), p+"/") {
			return true
		}
	}
	return false
}

// hasSource tells whether name, a .pyc or .pyo, is made from a file beside it.
// In __pycache__ it never counts without a source.
func hasSource(name string, names map[string]bool) bool {
	return names[name[:len(name)-1]] || names[name[:len(name)-1]+"w"]
}
