package isolate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// setup makes the mounts of this process's own namespaces. Order: what is
// bound is opened first, so that it can come from a place that is hidden next.
func setup(s *spec) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making the mounts private: %w", err)
	}
	if s.OwnPIDs {
		// Without an own /proc (a container whose /proc is masked) only ps
		// and its like are confused.
		_ = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	from, closeAll, err := openBinds(s)
	defer closeAll()
	if err != nil {
		return err
	}
	mask, err := openPath(s.MaskFile)
	if err != nil {
		return err
	}
	defer unix.Close(mask)
	hidden, err := hide(s.Hide, mask)
	if err != nil {
		return err
	}
	for i, b := range s.Binds {
		if err := bindTo(from[i], b); err != nil {
			return err
		}
	}
	for _, m := range s.Masks {
		if _, err := os.Lstat(m); err != nil {
			continue
		}
		if err := mountFD(mask, m); err != nil {
			return fmt.Errorf("masking %s: %w", m, err)
		}
	}
	for _, h := range hidden {
		if err := unix.Mount("", h, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
			return fmt.Errorf("making %s read-only: %w", h, err)
		}
	}
	return nil
}

func openPath(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("opening %s: %w", path, err)
	}
	return fd, nil
}

// source is what is bound.
type source struct {
	fd     int
	cloned bool // a copy of the mounts, to be moved into place
}

// openBinds takes hold of what is bound. A copy of the mounts, as they are
// before anything is hidden, needs Linux 5.2; without it the directory's own
// mount alone is bound later: what is hidden below it, or over it, must not
// come along.
func openBinds(s *spec) (from []source, closeAll func(), err error) {
	closeAll = func() {
		for _, src := range from {
			unix.Close(src.fd)
		}
	}
	for _, b := range s.Binds {
		fd, err := unix.OpenTree(unix.AT_FDCWD, b.From, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
		cloned := err == nil && !s.OldKernel
		if err == nil && s.OldKernel {
			unix.Close(fd)
		}
		if !cloned {
			if fd, err = openPath(b.From); err != nil {
				return from, closeAll, err
			}
		}
		from = append(from, source{fd, cloned})
	}
	return from, closeAll, nil
}

func (src source) mount(to string) error {
	if src.cloned {
		return unix.MoveMount(src.fd, "", unix.AT_FDCWD, to, unix.MOVE_MOUNT_F_EMPTY_PATH)
	}
	return mountFD(src.fd, to)
}

// mountFD binds what fd refers to, even if it is hidden by now, to a path.
func mountFD(fd int, to string) error {
	return unix.Mount("/proc/self/fd/"+strconv.Itoa(fd), to, "", unix.MS_BIND, "")
}

// hide puts an empty directory over each. It gives those that it mounted; a
// directory inside another is gone with it.
func hide(dirs []string, mask int) ([]string, error) {
	var done []string
	for _, d := range dirs {
		fi, err := os.Stat(d)
		if err != nil {
			continue
		}
		if !fi.IsDir() {
			if err := mountFD(mask, d); err != nil {
				return nil, fmt.Errorf("hiding %s: %w", d, err)
			}
			continue
		}
		if err := unix.Mount("tmpfs", d, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=1m"); err != nil {
			return nil, fmt.Errorf("hiding %s: %w", d, err)
		}
		done = append(done, d)
	}
	return done, nil
}

// bindTo makes the place that is bound to, if it lies in a hidden directory or
// in one that may be written, and mounts.
func bindTo(src source, b bind) error {
	if err := makePlace(b); err != nil {
		return fmt.Errorf("making %s: %w", b.To, err)
	}
	if err := src.mount(b.To); err != nil {
		return fmt.Errorf("binding %s to %s: %w", b.From, b.To, err)
	}
	if b.ReadOnly {
		if err := readOnly(b.To); err != nil {
			return fmt.Errorf("making %s read-only: %w", b.To, err)
		}
	}
	return nil
}

func makePlace(b bind) error {
	if _, err := os.Lstat(b.To); err == nil {
		return nil
	}
	if b.IsDir {
		return os.MkdirAll(b.To, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(b.To), 0o755); err != nil {
		return err
	}
	return os.WriteFile(b.To, nil, 0o644)
}

// readOnly makes the mount at path, and those below it, read-only. Without
// mount_setattr (Linux 5.12) only the mount itself, with the flags it has,
// which a user namespace can't take away.
func readOnly(path string) error {
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if unix.MountSetattr(unix.AT_FDCWD, path, unix.AT_RECURSIVE, attr) == nil {
		return nil
	}
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return err
	}
	flags := uintptr(unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY)
	for _, f := range [][2]int64{
		{unix.ST_NOSUID, unix.MS_NOSUID}, {unix.ST_NODEV, unix.MS_NODEV}, {unix.ST_NOEXEC, unix.MS_NOEXEC},
		{unix.ST_NOATIME, unix.MS_NOATIME}, {unix.ST_NODIRATIME, unix.MS_NODIRATIME}, {unix.ST_RELATIME, unix.MS_RELATIME},
	} {
		if int64(st.Flags)&f[0] != 0 {
			flags |= uintptr(f[1])
		}
	}
	return unix.Mount("", path, "", flags, "")
}

// loopbackUp starts the loopback interface, which is down in a new namespace.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("starting loopback: %w", err)
	}
	defer unix.Close(fd)
	ifr, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	ifr.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr); err != nil {
		return fmt.Errorf("starting loopback: %w", err)
	}
	return nil
}

// The capabilities that a container has by default (less MKNOD and NET_RAW):
// enough for a root's command, not enough to undo the surroundings.
var keptCapabilities = map[uintptr]bool{
	unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_FOWNER: true, unix.CAP_FSETID: true, unix.CAP_KILL: true,
	unix.CAP_SETGID: true, unix.CAP_SETUID: true, unix.CAP_SETPCAP: true, unix.CAP_NET_BIND_SERVICE: true,
	unix.CAP_SYS_CHROOT: true, unix.CAP_SETFCAP: true, unix.CAP_AUDIT_WRITE: true,
}

// dropPrivileges takes from this thread, and so from the command, what would
// let it out: mounting, entering namespaces, setuid programs.
func dropPrivileges(s *spec) error {
	// qemu-user 7.2 knows no subreaper. Without namespaces, which it lacks too,
	// the command's process group is what is ended then.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil && (s.Setup || !errors.Is(err, unix.EINVAL)) {
		return fmt.Errorf("becoming the reaper: %w", err)
	}
	if !s.Setup {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up privileges: %w", err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up privileges: %w", err)
	}
	for c := uintptr(0); c <= 63; c++ {
		if keptCapabilities[c] {
			continue
		}
		if set, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err != nil || set != 1 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return fmt.Errorf("giving up capability %d: %w", c, err)
		}
	}
	return dropInheritable()
}

// dropInheritable empties the inheritable set, which survives an exec.
func dropInheritable() error {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return fmt.Errorf("reading the capabilities: %w", err)
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	if err := unix.Capset(&hdr, &data[0]); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	return nil
}

// killTree ends the command's process group and, where this process isn't the
// first of its own process namespace, everything that came to be its child
// (it is their reaper).
func killTree(pid int) {
	unix.Kill(-pid, unix.SIGKILL)
	self := os.Getpid()
	if self == 1 {
		return // the namespace ends with this process
	}
	for range 50 {
		kids := descendants(self)
		if len(kids) == 0 {
			return
		}
		for _, k := range kids {
			unix.Kill(k, unix.SIGKILL)
		}
		var ws unix.WaitStatus
		for {
			got, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
			if err != nil || got <= 0 {
				break
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// descendants reads the process table once.
func descendants(root int) []int {
	parents := map[int]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		data, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// The name in parentheses may hold anything; the fields follow its end.
		_, rest, ok := strings.Cut(string(data[strings.LastIndexByte(string(data), ')')+1:]), " ")
		fields := strings.Fields(rest)
		if !ok || len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		if ppid, err := strconv.Atoi(fields[1]); err == nil {
			parents[pid] = ppid
		}
	}
	var out []int
	for pid := range parents {
		for p, n := parents[pid], 0; p > 1 && n < 1000; p, n = parents[p], n+1 {
			if p == root {
				out = append(out, pid)
				break
			}
		}
	}
	return out
}
