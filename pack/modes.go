package pack

import (
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// umask is what a process takes away from the modes of what it makes.
type umask fs.FileMode

// of is the mode that a file, or a directory, gets under it.
func (u umask) of(f *File) fs.FileMode {
	if f.Type == archive.TypeDir || f.Mode&0o100 != 0 {
		return 0o777 &^ fs.FileMode(u)
	}
	return 0o666 &^ fs.FileMode(u)
}

// umaskOf is the umask that a plain file's mode shows. Who may not read it may
// not run a program either: a plain file doesn't say.
func umaskOf(mode fs.FileMode) umask {
	hidden := 0o666 &^ mode
	return umask(hidden | hidden&0o444>>2)
}

// settleModes makes the modes those of the archive: 0755 and 0644, by the
// owner's execute bit, where a mode is what the umask of the build, or of who
// made the checkout, has left; and what was chosen, where it is another one.
//
//   - A part's own files and directories keep theirs bit for bit, but for the
//     owner's right to change a directory, which an update needs.
//   - Other files keep which rights are missing. What they have more may be
//     another umask's: some have 0664 and some 0644 in one checkout.
//   - What an index serves has its builder's modes: of those only 0600 and 0700 count.
func settleModes(a *List) error {
	owners, err := partOwners(a)
	if err != nil {
		return err
	}
	built := buildUmask(a)
	m := modes{built: built, checkout: built}
	if built&0o044 != 0o044 {
		m.checkout = checkoutUmask(a, owners, built)
	}
	for i := range a.Files {
		f := &a.Files[i]
		if f.Type != archive.TypeLink {
			f.Mode = m.settled(f, isPart(owners, f.Path))
		}
	}
	return nil
}

// modes are the umasks of those who made a tree.
type modes struct{ built, checkout umask }

func (m modes) settled(f *File, part bool) fs.FileMode {
	usual := umask(0o022).of(f)
	mode := f.Mode
	switch {
	case runtime.GOOS == "windows", f.Data != nil:
		return usual
	case mode&0o077 == 0 && m.built&0o044 == 0o044: // nobody else can read anything
		return usual
	case mode&0o077 == 0 && !part:
		return usual & 0o700
	case fromIndex(f.Path), mode == m.built.of(f), mode == m.checkout.of(f):
		return usual
	case !part:
		mode &= usual
	}
	if f.Type == archive.TypeDir {
		mode |= 0o700
	}
	return mode
}

// partOwners says what the parts installed, by .installed.cfg.
func partOwners(a *List) (owners, error) {
	list, err := a.readInstalled()
	if err != nil {
		return owners{}, err
	}
	real, err := filepath.EvalSymlinks(a.Root)
	if err != nil {
		real = a.Root
	}
	return newOwners(list, Origin{Root: a.Root, RealRoot: real}), nil
}

func isPart(o owners, p string) bool {
	return strings.HasPrefix(o.of(p), "part ")
}

// buildUmask is the umask of the build. buildout writes .installed.cfg by a
// plain open(), so its mode shows it; without one, any file that others can read does.
func buildUmask(a *List) umask {
	if i, ok := a.Find(installedName); ok {
		return umaskOf(a.Files[i].Mode)
	}
	for i := range a.Files {
		f := &a.Files[i]
		if f.Type == archive.TypeFile && f.Source != "" && f.Mode&0o077 != 0 {
			return 0o022
		}
	}
	return 0o077
}

// checkoutUmask is the umask of who made the checkout: version control makes
// files by plain open() too, so what most of those that no part made have shows it.
func checkoutUmask(a *List, o owners, built umask) umask {
	count := map[fs.FileMode]int{}
	best := 0o666 &^ fs.FileMode(built)
	for i := range a.Files {
		f := &a.Files[i]
		if f.Type != archive.TypeFile || f.Source == "" || f.Mode&0o077 == 0 || f.Mode&0o111 != 0 || fromIndex(f.Path) || f.Path == installedName || isPart(o, f.Path) {
			continue
		}
		if count[f.Mode]++; count[f.Mode] > count[best] || count[f.Mode] == count[best] && f.Mode > best {
			best = f.Mode
		}
	}
	return umaskOf(best)
}
