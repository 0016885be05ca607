//go:build unix

package install

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func rename(from, to string) error { return os.Rename(from, to) }

// lookupOwner reads USER[:GROUP].
func lookupOwner(text string) (*owner, error) {
	if text == "" {
		return nil, nil
	}
	if os.Geteuid() != 0 {
		return nil, usage(fmt.Errorf("--owner %s: only root can give files away", text), "run the command with sudo, or leave --owner out")
	}
	name, group, hasGroup := strings.Cut(text, ":")
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.LookupId(name); err != nil {
			return nil, usage(fmt.Errorf("--owner %s: there is no user %q", text, name), "give USER or USER:GROUP, by names or numbers of this system")
		}
	}
	o := &owner{}
	if o.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, usage(fmt.Errorf("--owner %s: %w", text, err), "")
	}
	ids, _ := u.GroupIds() // without them the user can do less, never more
	for _, id := range ids {
		if n, err := strconv.ParseUint(id, 10, 32); err == nil {
			o.groups = append(o.groups, uint32(n))
		}
	}
	gid := u.Gid
	if hasGroup && group != "" { // "app:" is app's own group, as for chown
		g, err := user.LookupGroup(group)
		if err != nil {
			if g, err = user.LookupGroupId(group); err != nil {
				return nil, usage(fmt.Errorf("--owner %s: there is no group %q", text, group), "give USER or USER:GROUP, by names or numbers of this system")
			}
		}
		gid = g.Gid
	}
	if o.gid, err = strconv.Atoi(gid); err != nil {
		return nil, usage(fmt.Errorf("--owner %s: %w", text, err), "")
	}
	return o, nil
}

// take gives a tree to the owner. The directories last, from the inside out,
// so that nobody else gets at what is still to come.
func (o *owner) take(root string) error {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			dirs = append(dirs, path)
			return nil
		}
		return os.Lchown(path, o.uid, o.gid)
	})
	if err != nil {
		return err
	}
	for i := len(dirs) - 1; i >= 0; i-- {
		if err := os.Lchown(dirs[i], o.uid, o.gid); err != nil {
			return err
		}
	}
	return nil
}

// run makes a command run as the owner.
func (o *owner) run(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid), Groups: o.groups}}
}
