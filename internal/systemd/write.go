package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// Difference is what a directory of units has otherwise than a tree asks for.
type Difference struct {
	Dir string `json:"dir"`
	// New are the names of units that aren't there, Changed of those that were
	// written for the tree and are others, and Same of those that stay as they are.
	New     []string `json:"new,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Same    []string `json:"unchanged,omitempty"`
	// Old are units that were written for the tree, and that it has no more.
	Old []string `json:"old,omitempty"`
	// Left are units that a part wrote to where another user can change them: in
	// that user's tree, or in the var of root's. What they say would be done by
	// root, so that root looks at them first.
	Left []string `json:"left,omitempty"`
}

// Compare says what Write would do in a directory as a user, the number of whom
// is writer. A unit of the same name that was written for another tree, or by
// somebody else, is an error.
func Compare(dir string, u *Units, writer int) (*Difference, error) {
	d := &Difference{Dir: dir}
	wanted := map[string]bool{}
	for _, unit := range u.List {
		wanted[unit.Name] = true
		if unit.Part != "" && unit.hands.foreign(writer) {
			d.Left = append(d.Left, unit.Name)
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, unit.Name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if dir == System {
				if err := shadowed(unit.Name, "/usr/lib/systemd/system", "/lib/systemd/system"); err != nil {
					return nil, err
				}
			}
			d.New = append(d.New, unit.Name)
		case err != nil:
			return nil, fault.Surroundings(fmt.Errorf("reading a unit: %w", err), "")
		case string(data) == unit.Text:
			d.Same = append(d.Same, unit.Name)
		case !writtenFor(string(data), u.Root):
			return nil, fault.Usage(fmt.Errorf("writing %s: there is one that wasn't written for %s", filepath.Join(dir, unit.Name), u.Root),
				"remove or rename that one, or print the units with --systemd - and write them yourself")
		default:
			d.Changed = append(d.Changed, unit.Name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("reading the units: %w", err), "name a directory that is there, as /etc/systemd/system")
	}
	for _, e := range entries {
		if wanted[e.Name()] || !e.Type().IsRegular() {
			continue
		}
		if data, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil && writtenFor(string(data), u.Root) {
			d.Old = append(d.Old, e.Name())
		}
	}
	return d, nil
}

// shadowed refuses to write the unit of a name that one in these directories has,
// a package's: systemd would no longer start that one.
func shadowed(name string, dirs ...string) error {
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return fault.Usage(fmt.Errorf("writing %s: systemd would take it in place of %s", name, path),
				"give the directory of the tree another name, or print the units with --systemd - and write them yourself")
		}
	}
	return nil
}

func writtenFor(text, root string) bool { return strings.HasPrefix(text, marked(root)+";") }

// Write writes the units that aren't in a directory as they should be, each
// completely or not at all.
func Write(dir string, u *Units) (*Difference, error) {
	d, err := Compare(dir, u, os.Geteuid())
	if err != nil {
		return nil, err
	}
	for _, unit := range u.List {
		if slices.Contains(d.New, unit.Name) || slices.Contains(d.Changed, unit.Name) {
			if err := write(dir, unit); err != nil {
				return nil, fault.Surroundings(fmt.Errorf("writing a unit: %w", err), "run it as root for /etc/systemd/system, or print the units with --systemd -")
			}
		}
	}
	return d, nil
}

func write(dir string, unit Unit) (err error) {
	f, err := os.CreateTemp(dir, "."+unit.Name+".")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(unit.Text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, unit.Name))
}

// System is the directory of units that an administrator writes.
const System = "/etc/systemd/system"

// Lines say what was written, and the commands that come next.
func (d *Difference) Lines(u *Units) []string {
	var lines []string
	for _, name := range slices.Concat(d.New, d.Changed) {
		lines = append(lines, "wrote "+filepath.Join(d.Dir, name))
	}
	if len(d.Same) > 0 {
		lines = append(lines, plural.Of(len(d.Same), "unit")+" there already: "+strings.Join(d.Same, ", "))
	}
	for _, name := range d.Left {
		lines = append(lines, "note: "+name+" is the unit of a part, and not written: root does what it says, and another user can change it; look at it, and copy it yourself")
	}
	if u.AsRoot {
		lines = append(lines, "note: the tree and its var belong to root, so root would serve it; install it with --owner USER, or give var to a user and run this again")
	}
	for _, name := range d.Old {
		lines = append(lines, "note: "+filepath.Join(d.Dir, name)+" is no longer needed: systemctl disable --now "+name+" && rm "+filepath.Join(d.Dir, name))
	}
	if len(d.New)+len(d.Changed) == 0 {
		return lines
	}
	next := "systemctl daemon-reload"
	if names := u.enabled(); names != "" {
		next += " && systemctl enable --now " + names
	}
	if d.Dir != System {
		next = "copy them to " + System + ", and there " + next
	}
	return append(lines, "next: "+next)
}

// enabled are the units to enable.
func (u *Units) enabled() string {
	var names []string
	if u.Enable != "" {
		names = append(names, u.Enable)
	}
	for _, unit := range u.List {
		template := strings.Contains(unit.Name, "@.") // only its instances can be enabled
		if unit.Part != "" && !template && strings.Contains(unit.Text, "[Install]") {
			names = append(names, unit.Name)
		}
	}
	return strings.Join(names, " ")
}
