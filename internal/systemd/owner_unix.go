//go:build unix

package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// owner is the user as whom the tree is served: the one that it belongs to; of
// root's tree the one that var belongs to. "" is root. A user can't make root's
// of it by a link or a directory in place of var.
func (t *tree) owner() (string, error) {
	uid, err := t.uid(".")
	if uid == 0 && err == nil {
		if of, err := t.uid("var"); err == nil {
			uid = of
		}
	}
	if err != nil || uid == 0 {
		return "", err
	}
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil { // a number without a name is one that systemd takes
		return strconv.FormatUint(uint64(uid), 10), nil
	}
	return u.Username, nil
}

func (t *tree) uid(name string) (uint32, error) {
	info, err := t.Lstat(name)
	if err != nil {
		return 0, fmt.Errorf("looking whose %s is: %w", t.dir, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, errors.New("the owner of " + t.dir + " isn't known")
	}
	return st.Uid, nil
}

// handsOn are the users who can change a file of the tree: it, or a directory on
// the way to it. A link leads to where others may write.
func (t *tree) handsOn(name string) hands {
	var h hands
	for at, rest := ".", name; ; {
		info, err := t.Lstat(at)
		if err != nil {
			return hands{many: true}
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return hands{many: true}
		}
		h.users = append(h.users, int(st.Uid))
		perm := info.Mode().Perm()
		h.many = h.many || info.Mode().Type() == fs.ModeSymlink || perm&0o002 != 0 || perm&0o020 != 0 && st.Gid != 0
		if rest == "" {
			return h
		}
		var next string
		next, rest, _ = strings.Cut(rest, "/")
		at = path.Join(at, next)
	}
}
