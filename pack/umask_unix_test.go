//go:build unix

package pack

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func withUmask(t *testing.T, mask int, f func()) {
	t.Helper()
	old := syscall.Umask(mask)
	defer syscall.Umask(old)
	f()
}

// otherUser runs a child as another user, who owns the tree, if this one may.
func otherUser(t *testing.T, c *exec.Cmd, root string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	const nobody = 65534
	check(t, filepath.WalkDir(filepath.Join(root, "..", "..", "..", ".."), func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, nobody, nobody)
	}))
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	c.Path = filepath.Join(filepath.Dir(root), "test")
	exe, err := os.ReadFile("/proc/self/exe")
	check(t, err)
	check(t, os.WriteFile(c.Path, exe, 0o755))
	check(t, os.Chown(c.Path, nobody, nobody))
}
