//go:build unix

package systemd

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
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

// foreign is whether another user than this one can change the tree.
func foreign(euid int, root string) bool {
	var st syscall.Stat_t
	return syscall.Lstat(root, &st) != nil || int(st.Uid) != euid
}
