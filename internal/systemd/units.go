// Package systemd makes the units of systemd that start what an installed tree
// serves, and writes them where they are asked for.
package systemd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/partfiles"
	"github.com/binary-buildout/binary-buildout/internal/recipes"
)

// Unit is a unit file.
type Unit struct {
	Name string `json:"name"` // "site.service"
	Text string `json:"-"`
	// Part is the part that wrote the unit itself; empty for one that is made here.
	Part string `json:"part,omitempty"`

	hands hands // who can change what the part wrote
}

// hands are the users who can change a file. many is whether others can too.
type hands struct {
	users []int
	many  bool
}

// foreign is whether somebody else than root and the writer of a unit can change it.
func (h hands) foreign(writer int) bool {
	return writer == 0 && h.many || slices.ContainsFunc(h.users, func(uid int) bool { return uid != 0 && uid != writer })
}

// Units are those of one tree.
type Units struct {
	Root string // the tree's real path
	List []Unit
	// Enable is the unit that starts all of them, "" where each is enabled by itself.
	Enable string
	// AsRoot is whether root would serve the tree, since both it and its var are root's.
	AsRoot bool
}

// tree is an installed tree, read as one that another user may have prepared.
type tree struct {
	*os.Root
	dir, base   string
	user        string // "" for root
	interpreter string
	sections    map[string]map[string]string // of .installed.cfg
	parts       []string
}

// Of gives the units of an installed tree. Parts that another part of the tree
// starts (supervisor) get none, and neither does what a part's own unit names.
func Of(dir string) (*Units, error) {
	t, err := open(dir)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	own, err := t.own()
	if err != nil {
		return nil, err
	}
	served, err := t.services(own)
	if err != nil {
		return nil, err
	}
	u := &Units{Root: t.dir, AsRoot: t.user == "" && len(served) > 0}
	if len(served) > 1 {
		u.Enable = t.base + ".target"
		u.List = append(u.List, Unit{Name: u.Enable, Text: t.target(served)})
	}
	for _, s := range served {
		u.List = append(u.List, Unit{Name: s.unit, Text: t.service(s, served)})
	}
	if len(served) == 1 {
		u.Enable = served[0].unit
	}
	u.List = append(u.List, own...)
	if len(u.List) == 0 {
		return nil, fault.Usage(fmt.Errorf("making units for %s: no part makes a service that is known, and none wrote a unit", t.dir),
			"write one for what you start, as in docs/server.md; known are the parts of collective.recipe.supervisor, plone.recipe.zope2instance and plone.recipe.zeoserver")
	}
	return u, u.distinct()
}

// distinct refuses two units of one name: each would be written over the other.
func (u *Units) distinct() error {
	seen := map[string]bool{}
	for _, unit := range u.List {
		if seen[unit.Name] {
			return fault.Usage(fmt.Errorf("making units for %s: two have the name %s", u.Root, unit.Name), "rename a part, or the unit that a part writes")
		}
		seen[unit.Name] = true
	}
	return nil
}

// open reads what the units depend on.
func open(dir string) (*tree, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fault.Usage(fmt.Errorf("making units: %w", err), "name an installed tree with --into DIR")
	}
	if !takes(real) {
		return nil, fault.Usage(fmt.Errorf("making units for %q: its path has a character that systemd takes in no program's path", real), "move it, and run bootstrap.py there")
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("making units: %w", err), "")
	}
	t := &tree{Root: root, dir: real, base: unitName(filepath.Base(real))}
	if err := t.load(); err != nil {
		root.Close()
		return nil, err
	}
	return t, nil
}

func (t *tree) load() error {
	var state archive.State
	data, err := t.read(archive.StateName)
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil || state.Root != t.dir {
		return fault.Usage(fmt.Errorf("making units for %s: bootstrap.py hasn't run there", t.dir), "install an archive there, or run its bootstrap.py")
	}
	t.interpreter = state.Interpreter
	installed, err := t.read(".installed.cfg")
	if err != nil {
		return fault.Surroundings(fmt.Errorf("making units for %s: %w", t.dir, err), "")
	}
	t.sections = partfiles.ParseInstalled(string(installed))
	t.parts = strings.Fields(t.sections["buildout"]["parts"])
	t.user, err = t.owner()
	return err
}

// largest is how large a file of the tree may be that is read, in bytes.
const largest = 16 << 20

// read reads a regular file of the tree; a link that leads out of it isn't followed.
func (t *tree) read(name string) ([]byte, error) {
	f, err := t.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > largest {
		return nil, fmt.Errorf("%s is no regular file of at most 16 MiB", name)
	}
	return io.ReadAll(io.LimitReader(f, largest))
}

// own are the units that parts wrote themselves.
func (t *tree) own() ([]Unit, error) {
	var units []Unit
	for _, part := range t.parts {
		for line := range strings.Lines(t.sections[part]["__buildout_installed__"]) {
			name := strings.TrimSpace(line)
			if filepath.IsAbs(name) {
				name = strings.TrimPrefix(name, t.dir+"/")
			}
			if !slices.Contains([]string{".service", ".socket", ".timer", ".path", ".target"}, path.Ext(name)) || !filepath.IsLocal(name) {
				continue
			}
			name = path.Clean(name)
			data, err := t.read(name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fault.Surroundings(fmt.Errorf("reading the unit of part %s: %w", part, err), "")
			}
			units = append(units, Unit{Name: ownName(path.Base(name)), Text: t.mark(path.Base(name)) + string(data), Part: part, hands: t.handsOn(name)})
		}
	}
	return units, nil
}

// served is a service, and the name of its unit.
type served struct {
	recipes.Service
	part, unit string
}

// services are those that systemd has to start, the first ones first.
func (t *tree) services(own []Unit) ([]served, error) {
	var found []served
	for _, part := range t.parts {
		o := t.sections[part]
		s, ok := recipes.ServiceOf(part, o["recipe"], o)
		if !ok || !filepath.IsLocal(s.Program) || !takes(s.Program) || strings.Contains(s.Program, " ") {
			continue
		}
		program := "bin/" + s.Program
		if _, err := t.Stat(program); err != nil {
			continue // scripts that aren't made, by an option
		}
		named := func(u Unit) bool { return strings.Contains(u.Text, t.dir+"/"+program) }
		if !slices.ContainsFunc(own, named) {
			found = append(found, served{Service: s, part: part})
		}
	}
	if i := slices.IndexFunc(found, func(s served) bool { return s.All }); i >= 0 {
		found = found[i : i+1]
	}
	slices.SortStableFunc(found, func(a, b served) int {
		switch {
		case a.First == b.First:
			return 0
		case a.First:
			return -1
		}
		return 1
	})
	for i := range found {
		found[i].unit = t.base + ".service"
		if len(found) > 1 || slices.ContainsFunc(own, func(u Unit) bool { return u.Name == found[i].unit }) {
			found[i].unit = t.base + "-" + unitName(found[i].part) + ".service"
		}
	}
	return found, nil
}

// ownName is unitName for what a part wrote: one with an @ is a template, or the
// instance of one.
func ownName(s string) string {
	words := strings.Split(s, "@")
	for i, word := range words {
		words[i] = unitName(word)
	}
	return strings.Join(words, "@")
}

// unitName is a name with the letters alone that the name of a unit may have.
func unitName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(":_.-", r)) {
			return r
		}
		return '-'
	}, s)
}
