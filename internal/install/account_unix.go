//go:build unix

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
)

// Account is a user of this system as whom a command runs.
type Account struct {
	Name, Home string
	uid, gid   int
	groups     []uint32
}

// nogroup is the group that owns nothing.
const nogroup = 65534

// Run makes a command run as the account, and with its home.
func (a *Account) Run(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), Groups: a.groups},
		Setsid: true} // without root's terminal, into which it could type
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	// What sudo says of its caller, and root's directories, are another user's.
	cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return name == "TMPDIR" || strings.HasPrefix(name, "SUDO_") || strings.HasPrefix(name, "XDG_")
	})
	cmd.Env = append(cmd.Env, "HOME="+a.Home, "USER="+a.Name, "LOGNAME="+a.Name)
}

// lookupAccount reads USER[:GROUP], by names or numbers of this system.
func lookupAccount(text string) (*Account, error) {
	name, group, hasGroup := strings.Cut(text, ":")
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.LookupId(name); err != nil {
			return nil, fault.Usage(fmt.Errorf("--owner %s: there is no user %q", text, name), "give USER or USER:GROUP, by names or numbers of this system")
		}
	}
	a, err := accountOf(u)
	if err != nil {
		return nil, fault.Usage(fmt.Errorf("--owner %s: %w", text, err), "")
	}
	if !hasGroup || group == "" { // "app:" is app's own group, as for chown
		return a, nil
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		if g, err = user.LookupGroupId(group); err != nil {
			return nil, fault.Usage(fmt.Errorf("--owner %s: there is no group %q", text, group), "give USER or USER:GROUP, by names or numbers of this system")
		}
	}
	if a.gid, err = strconv.Atoi(g.Gid); err != nil {
		return nil, fault.Usage(fmt.Errorf("--owner %s: %w", text, err), "")
	}
	return a, nil
}

func accountOf(u *user.User) (*Account, error) {
	a := &Account{Name: u.Username, Home: u.HomeDir}
	var err error
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, err
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return nil, err
	}
	ids, _ := u.GroupIds() // without them the user can do less, never more
	for _, id := range ids {
		if n, err := strconv.ParseUint(id, 10, 32); err == nil {
			a.groups = append(a.groups, uint32(n))
		}
	}
	return a, nil
}

// ownerOf gives the account that a directory belongs to. Its group counts only
// if it is one of the account's, or root alone can have given it: in a directory
// with the setgid bit anybody's files have that directory's group.
func ownerOf(dir string, st *syscall.Stat_t) (*Account, error) {
	u, err := user.LookupId(strconv.Itoa(int(st.Uid)))
	if err != nil { // a number without a name, as in a container
		a := &Account{Name: strconv.Itoa(int(st.Uid)), Home: "/", uid: int(st.Uid), gid: nogroup}
		if st.Gid == st.Uid {
			a.gid = int(st.Gid)
		}
		return a, nil
	}
	a, err := accountOf(u)
	if err == nil && (slices.Contains(a.groups, st.Gid) || rootsParent(dir)) {
		a.gid = int(st.Gid)
	}
	return a, err
}

// rootsParent is whether root alone can make names beside dir.
func rootsParent(dir string) bool {
	info, err := os.Stat(filepath.Dir(dir))
	return err == nil && info.Mode()&0o022 == 0 && ownership.Changeable(filepath.Dir(dir), 0) == nil
}

// Caretaker gives the account as which an installed tree is changed: root does
// as the one that the tree belongs to. It is nil if that is this user. Then, as
// root, nobody else may be able to change the tree, or what leads to it; as any
// other user it has to be one's own. Nothing in the tree is read.
func Caretaker(into string) (*Account, error) {
	dir, err := finalDir(into)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // which the command says better
	}
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("looking at %s: %w", dir, err), "")
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fault.Surroundings(fmt.Errorf("looking at %s: its owner isn't known", dir), "")
	}
	if os.Geteuid() == 0 && st.Uid != 0 {
		return ownerOf(dir, st)
	}
	if err := onlyOurPaths(dir, ".", archive.Dir, archive.BootstrapPy, "bootstrap", archive.LauncherName, archive.StateName, "bin"); err != nil {
		return nil, err
	}
	return nil, onlyOurPaths(dir, ownInterpreter(dir)...)
}

// onlyOurPaths refuses a tree of which somebody else can change one of these paths.
func onlyOurPaths(dir string, names ...string) error {
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := onlyOurs(path); err != nil {
			return fault.Usage(fmt.Errorf("changing %s: %w", dir, err), "run it as the user that the directory belongs to, and take the right to write there from all others (chmod go-w)")
		}
	}
	return nil
}

// onlyOurs is changeable as far as it matters to this user: to root all that
// leads to a path does, to others whose it is.
func onlyOurs(path string) error {
	if os.Geteuid() == 0 {
		return ownership.Changeable(path, 0)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, and this is user %d", path, st.Uid, os.Geteuid())
	}
	if info.Mode()&fs.ModeSymlink == 0 && info.Mode()&0o002 != 0 {
		return fmt.Errorf("other users can write to %s", path)
	}
	return nil
}

// PrepareOwner gives the account of USER[:GROUP], as which root installs. Where
// only root can make the directory, it is made here, for the account; undo
// removes it if nothing came to lie in it.
func PrepareOwner(into, owner string) (a *Account, undo func(), err error) {
	if os.Geteuid() != 0 {
		return nil, nil, fault.Usage(fmt.Errorf("--owner %s: only root can give files away", owner), "run the command with sudo, or leave --owner out")
	}
	if a, err = lookupAccount(owner); err != nil {
		return nil, nil, err
	}
	dir, err := finalDir(into)
	if err != nil {
		return nil, nil, err
	}
	undo = func() {}
	if ownership.Changeable(filepath.Dir(dir), 0) != nil {
		return a, undo, nil // it can't be made safely for the account, which may be able to make it
	}
	switch err := os.Mkdir(dir, 0o755); {
	case err == nil:
		undo = func() { _ = os.Remove(dir) }
	case !errors.Is(err, fs.ErrExist):
		return nil, nil, fault.Surroundings(fmt.Errorf("making %s: %w", dir, err), "")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 || ownership.Changeable(dir, 0) != nil {
		return a, undo, nil // what is there the account looks at
	}
	if err := os.Lchown(dir, a.uid, a.gid); err != nil {
		undo()
		return nil, nil, fault.Surroundings(fmt.Errorf("giving %s to %s: %w", dir, owner, err), "")
	}
	return a, undo, nil
}

// safePlace refuses, to root, a directory in whose place another user could put
// something while an archive is unpacked and its bootstrap.py runs.
func safePlace(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	err := ownership.Changeable(filepath.Dir(dir), 0)
	if _, there := os.Lstat(dir); err == nil && there == nil {
		err = ownership.Changeable(dir, 0)
	}
	if err == nil {
		return nil
	}
	return fault.Usage(fmt.Errorf("installing into %s as root: %w, who could replace what root runs", dir, err),
		"--owner USER installs it as the user that it is for; or choose a directory that is root's, with all above it")
}

// HandOver opens a local archive, with what beside it may say what it should be,
// and other files, for another user's process, which may not be able to. It opens
// nothing that somebody else than the file's owner and root could have led here
// to. Of an archive that is there, what isn't beside it is nil.
func HandOver(file string, others ...string) map[string]*os.File {
	files := map[string]*os.File{}
	for _, path := range others {
		if f, err := openHonest(path); err == nil {
			files[path] = f
		}
	}
	f, err := openHonest(file)
	if err != nil {
		return files
	}
	files[file] = f
	dir := filepath.Dir(file)
	for _, path := range []string{
		fetch.ArchiveSuffix.ReplaceAllString(file, "") + ".json", filepath.Join(dir, fetch.SumsName),
		filepath.Join(dir, fetch.AttestationName), filepath.Join(dir, fetch.ArchiveAttestationName(filepath.Base(file))),
	} {
		if f, err := openHonest(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			files[path] = f
		}
	}
	return files
}

// openHonest opens a regular file that its owner or root has put where it is.
func openHonest(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err == nil {
		err = ownership.Changeable(path, int(info.Sys().(*syscall.Stat_t).Uid))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
