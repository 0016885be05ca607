package pack

import (
	"path"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"

	"io"
)

// Origin is what must not remain in the archive: the places of the machine
// that built it. Paths are absolute, in the operating system's own form.
// Empty ones are not looked for.
type Origin struct {
	Root     string // the tree, as the build named it
	RealRoot string // the same without symbolic links
	// Made is whether the root's name was made up for the build. What goes on
	// from it, as in "${buildout:directory}-backup", then names no directory
	// that was there before, and goes on from the new root.
	Made bool

	Interpreter  string   // as sys.executable named it
	Interpreters []string // other names of the same: without links, a virtualenv's, ...
	Prefix       string   // sys.base_prefix
	LibDir       string   // sysconfig's LIBDIR
	Virtualenv   string   // a virtualenv outside the tree that the build ran in

	// Home and TmpDir are looked for where they are specific: not where they
	// are a place that each system has (see generic).
	Home, TmpDir string

	// Forbidden are further directories of the build machine that no file may
	// name. All of them are looked for, so the caller decides what is specific.
	Forbidden []string

	// AllowOutside are parts that may install outside the tree, and globs of
	// links that may lead out of it.
	AllowOutside []string

	// Volatile are parts that install themselves anew on each run, whatever
	// their options were.
	Volatile []string

	// Secrets are the build's credentials, which no file may hold.
	Secrets []Secret

	Binaries Binaries

	// Canonical is what strings compiled into programs name in the archive in
	// place of Root: the directory that the build would have had for any user. It
	// counts only if it has as many bytes as Root.
	Canonical string
	// Rehashed are hashes in .installed.cfg, of directories that name Root, and
	// what stands for each in the archive, of the same length: the target finds it
	// in the manifest's Signatures, and puts its own there.
	Rehashed map[string]string
}

// Secret is a credential that the build could use.
type Secret struct {
	Kind  string // what it is, for messages: "a password of .netrc"
	Value string // at least a few bytes, or it is found everywhere
}

// Binaries edit executables and libraries; internal/binfmt has both. Where
// one is nil, a file that needs it is relocated in place at the target, or refused.
type Binaries struct {
	SetRunpath func(r io.ReaderAt, size int64, f func(old string) string) ([]binfmt.Edit, error)
	DropNeeded func(r io.ReaderAt, size int64, drop func(name string) bool) ([]binfmt.Edit, error)
	// RenewBuildID follows every other edit of a file.
	RenewBuildID func(r io.ReaderAt, size int64) ([]binfmt.Edit, error)
}

const whatTmp = "the temporary directory of the build"

// generic are directories that systems have in common, so that to find them
// says nothing about where a file was built.
var generic = map[string]bool{
	"/": true, "/usr": true, "/usr/local": true, "/usr/lib": true, "/usr/lib64": true, "/usr/local/lib": true, "/usr/local/lib64": true,
	"/opt": true, "/opt/local": true, "/opt/homebrew": true, "/opt/homebrew/lib": true, "/opt/local/lib": true,
	"/home": true, "/root": true, "/tmp": true, "/var": true, "/var/tmp": true, "/private/tmp": true, "/private/var/tmp": true,
	"/dev/shm": true, "/run": true, "/srv": true, "/mnt": true, "/Users": true, "/nonexistent": true, "/var/empty": true,
	"/var/www": true, "/var/lib": true, "/github/home": true,
}

var (
	multiarch   = regexp.MustCompile(`^/usr/(local/)?lib/[a-z0-9_]+-linux-[a-z]+$`)
	windowsRoot = regexp.MustCompile(`^[A-Za-z]:[\\/]?((?i)windows([\\/]temp)?|program files( \(x86\))?|users|temp)?$`)
)

// isGeneric tells whether a directory is too common to be looked for.
func isGeneric(p string) bool {
	p = strings.TrimRight(p, "/")
	return p == "" || generic[p] || multiarch.MatchString(p) || windowsRoot.MatchString(p)
}

// places lists what is looked for. What lies in the tree needs no mention,
// since the root is found there. Of an interpreter whose prefix is generic
// (/usr), only the interpreter itself is looked for.
func (o Origin) places(version string) []place.Place {
	b := placeList{seen: map[string]bool{}}
	b.add(o.Root, archive.Root, "the build's directory", true)
	b.add(o.RealRoot, archive.Root, "the build's directory", true)
	for i := range b.list {
		b.list[i].Made = o.Made
	}
	for _, p := range append([]string{o.Interpreter}, o.Interpreters...) {
		common := isGeneric(path.Dir(path.Dir(place.ToSlash(p))))
		if before := len(b.list); common {
			if b.add(p, archive.Interpreter, "the build's interpreter", false); len(b.list) > before {
				b.list[before].Common = true
			}
			continue
		}
		b.add(p, archive.Interpreter, "the build's interpreter", false)
		for _, alias := range aliases(p, version) {
			b.add(alias, archive.Interpreter, "the build's interpreter", false)
		}
	}
	if !isGeneric(o.Prefix) {
		for _, alias := range aliases(place.Join(o.Prefix, "bin", "python"), version) {
			b.add(alias, archive.Interpreter, "the build's interpreter", false)
		}
		b.add(o.Prefix, archive.Prefix, "the build's interpreter", false)
	}
	if o.Virtualenv != "" {
		for _, alias := range aliases(place.Join(o.Virtualenv, "bin", "python"), version) {
			b.add(alias, archive.Interpreter, "the build's virtualenv", false)
		}
		b.specific(o.Virtualenv, "the build's virtualenv")
	}
	b.specific(o.LibDir, "the library directory of the build's interpreter")
	b.specific(o.Home, "the home directory of the build")
	b.specific(o.TmpDir, whatTmp)
	for _, p := range o.Forbidden {
		b.add(p, "", "a directory of the build machine", false)
	}
	for _, s := range o.Secrets {
		b.list = append(b.list, place.Place{Path: s.Value, What: s.Kind, Secret: true})
	}
	return b.list
}

type placeList struct {
	list []place.Place
	seen map[string]bool
}

func (b *placeList) specific(p, what string) {
	if !isGeneric(p) {
		b.add(p, "", what, false)
	}
}

func (b *placeList) add(p, placeholder, what string, root bool) {
	p = place.TrimSlash(p)
	if p == "" || p == "/" || b.seen[p] {
		return
	}
	for _, have := range b.list {
		if have.Root && place.Under(p, have.Path) || have.Placeholder == archive.Prefix && placeholder == "" && place.Under(p, have.Path) {
			return
		}
	}
	b.seen[p] = true
	b.list = append(b.list, place.Place{Path: p, Placeholder: placeholder, What: what, Root: root})
}

// aliases are the names that an interpreter has in its own directory.
func aliases(interpreter, version string) []string {
	if interpreter == "" {
		return nil
	}
	i := strings.LastIndexAny(interpreter, `/\`) + 1
	dir, sep := interpreter[:i], strings.Split(version, ".")
	if place.OnDrive(interpreter) {
		return []string{dir + "python.exe", dir + "pythonw.exe"}
	}
	list := []string{dir + "python"}
	if len(sep) >= 2 {
		list = append(list, dir+"python"+sep[0], dir+"python"+sep[0]+"."+sep[1])
	}
	return list
}
