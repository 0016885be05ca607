package action

import (
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testcache"
)

// engine gives the tests a docker: the machine's own, where its daemon answers,
// or podman under that name, with an image of Debian 12 made by debootstrap.
func engine(t *testing.T, e *actEnv) {
	t.Helper()
	if exec.Command("docker", "info").Run() == nil {
		return
	}
	dir := e.dir + "/podman"
	// Without systemd there is no manager of cgroups, and a sandbox may raise no limits.
	conf := write(t, dir+"/containers.conf", "[containers]\ndefault_ulimits = []\nnetns = \"host\"\n[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n", 0o644)
	storage := write(t, dir+"/storage.conf", "[storage]\ndriver = \"overlay\"\ngraphroot = \""+dir+"/graph\"\nrunroot = \""+dir+"/run\"\n", 0o644)
	env := "CONTAINERS_CONF='" + conf + "' CONTAINERS_STORAGE_CONF='" + storage + "'"
	docker := write(t, e.dir+"/path/docker", "#!/bin/sh\n{ printf %s \"$*\" | tr '\\n' ' '; echo; } >>'"+e.dir+"/docker.log'\n"+env+" exec podman \"$@\"\n", 0o755)
	// podman may leave its store mounted on itself, and then it can't be removed.
	t.Cleanup(func() { sh(t, e.dir, "sh", "-c", "! mountpoint -q \"$1\" || umount \"$1\"", "-", dir+"/graph/overlay") })
	cmd := exec.Command(docker, "import", debian(t), "docker.io/library/debian:12")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("importing Debian: %v\n%s", err, out)
	}
}

// debian is a root of Debian 12 as a tar file: no compiler and no Python. It is
// kept beside what CI keeps.
func debian(t *testing.T) string {
	t.Helper()
	cache := testcache.Dir(t)
	path := cache + "/debian-12-minbase.tar"
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir() + "/root"
	sh(t, ".", "debootstrap", "--variant=minbase", "bookworm", root)
	// What this machine trusts, the image trusts as soon as it has ca-certificates.
	rest := []byte(read(t, "/etc/ssl/certs/ca-certificates.crt"))
	for n := 0; ; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		write(t, fmt.Sprintf("%s/usr/local/share/ca-certificates/of-this-machine-%d.crt", root, n), string(pem.EncodeToMemory(block)), 0o644)
	}
	sh(t, root, "tar", "-cf", path+".new", "--exclude=./var/cache/apt/archives/*.deb", ".")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}
