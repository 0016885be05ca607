//go:build linux

package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
)

// asNobody runs a command as nobody, under another umask than the usual one.
// Where $1, a directory that nobody can't enter, is on the way to the
// interpreter and to other tools, the command sees it with another mode. It has
// a /var/tmp of its own, in which another user built first, so that its stage
// has another path. $2 is for what that takes.
const asNobody = `
mkdir -p "$2/upper" "$2/work"
if [ -n "$1" ]; then
	mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" none "$1"
	chmod 755 "$1"
fi
mkdir "$2/tmp" "$2/tmp/binary-buildout"
chmod 1777 "$2/tmp"
mount --bind "$2/tmp" /var/tmp
shift 2
umask 027
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
`

// rebuilt builds the archive again by its manifest: of another checkout, in
// another directory, as another user where this one is root, and under another
// umask. It has to have the same bytes.
func (p packer) rebuilt(file, python string) {
	p.t.Helper()
	if source := readManifest(p.t, file).Provenance.Source; source != nil && source.Changed && os.Getenv("CI") == "" {
		p.t.Log("the examples have changes that aren't committed: the second build is one by pack, at the same place")
		p.again(file)
		return
	}
	dir := tempDir(p.t)
	home := filepath.Join(dir, "home")
	check(p.t, os.Mkdir(home, 0o755))
	args := []string{p.binary, "rebuild", file, "--python", python, "--checkout", p.sources(file, filepath.Join(dir, "sources"))}
	for i, flag := range p.args {
		if flag == "--before" || flag == "--default-cfg" {
			args = append(args, flag, p.args[i+1])
		}
	}
	command := append([]string{"/bin/sh", "-c", `umask 027; exec "$@"`, "sh"}, args...)
	if os.Geteuid() == 0 {
		check(p.t, os.Chown(home, 65534, 65534))
		command = append([]string{"unshare", "--mount", "/bin/sh", "-ec", asNobody, "sh", closed(python), filepath.Join(dir, "mounts")}, args...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+home)
	if rust := filepath.Join(os.Getenv("HOME"), ".rustup"); os.Getenv("RUSTUP_HOME") == "" && exists(rust) {
		cmd.Env = append(cmd.Env, "RUSTUP_HOME="+rust) // rustup's rustc is found by HOME
	}
	said, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(said, []byte("the same bytes: "+filepath.Base(file))) {
		p.t.Errorf("rebuilding: %v\n%s", err, said)
	}
}

// closed is the topmost directory on the way to path that others can't enter.
func closed(path string) string {
	found := ""
	for ; path != "/"; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&1 == 0 {
			found = path
		}
	}
	return found
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sources is what the archive is built again of: a clone of this repository, or
// a copy of a directory that was made for the test.
func (p packer) sources(file, to string) string {
	p.t.Helper()
	if source := readManifest(p.t, file).Provenance.Source; source == nil {
		check(p.t, os.CopyFS(to, os.DirFS(p.args[1])))
	} else if source.Changed {
		p.t.Fatalf("the examples have changes that aren't committed: no archive of them can be built again")
	} else if said, err := exec.Command("git", "clone", "-q", filepath.Join("..", "..", ".."), to).CombinedOutput(); err != nil {
		p.t.Fatalf("git clone: %v\n%s", err, said)
	}
	return to
}
