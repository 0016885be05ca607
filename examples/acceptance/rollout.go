//go:build linux

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// rollOut is several hosts on this machine, each with a srv of its own, an
// application that the unit of install --systemd starts, HAProxy, and Ansible.
type rollOut struct {
	t      *testing.T
	work   string
	env    []string
	python string
}

// The scripts of the hosts. A host is a mount namespace in which its own
// directory lies at srv; systemctl does with the unit what systemd does.
const (
	systemctlScript = `#!/bin/sh
srv=$WORK/srv
value() { sed -n "s/^$1=//p" "$srv/units/site.service"; }
pid=$(cat "$srv/pid" 2>/dev/null)
case $1 in
start)
    # shellcheck disable=SC2046 # words
    setsid bwrap --ro-bind / / --dev-bind /dev /dev --bind "$srv/site/var" "$srv/site/var" --perms 1777 --tmpfs /var/tmp --cap-add ALL --chdir "$(value WorkingDirectory)" -- \
        setpriv --reuid "$(value User)" --regid nogroup --clear-groups -- $(value ExecStart) >>"$srv/log" 2>&1 &
    echo $! >"$srv/pid"
    ;;
stop)
    kill -- -"$pid"
    while kill -0 -- -"$pid" 2>/dev/null; do sleep 0.1; done
    ;;
esac
`
	// healthy waits until the application answers or has ended.
	healthyScript = `until curl -fsS -o /dev/null --max-time 60 "http://127.0.0.1:$1/" 2>/dev/null; do
    kill -0 "$(cat "$WORK/srv/pid")" || exit 1
    sleep 0.3
done
`
	setUpScript = `set -e
mkdir "$WORK/srv/units"
binary-buildout install "$ARCHIVE" --into "$WORK/srv/site" --owner nobody --python "$TARGET_PYTHON"
cd "$WORK/srv/site"
cp "$WORK/srv/host.cfg" host.cfg
setpriv --reuid nobody --regid nogroup --clear-groups -- bin/buildout -c host.cfg
binary-buildout install --into "$WORK/srv/site" --systemd "$WORK/srv/units"
systemctl start site
sh "$WORK/healthy.sh" "$1"
`
	balancerConfig = `global
    stats socket %s mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 2m
    timeout server 2m
    timeout check 2m # else a page that takes 500ms, twice, is a host that is down
frontend front
    bind %s
    default_backend web
backend web
    option redispatch
    option httpchk GET /
    default-server check inter 500ms fall 2 rise 1
`
)

// rollOutAlways is a variable that has the roll-out run whatever the day: it takes
// minutes, most of them Ansible's.
const rollOutAlways = "BINARY_BUILDOUT_ROLLOUT"

// rolledOut rolls the next version of an application out to three hosts, host by
// host, as docs/ansible.md says, while a visitor asks for pages. Then it rolls
// out one that doesn't start on the second host: the roll-out ends there, and
// that host goes back. Each request has to be answered.
func rolledOut(t *testing.T, file, python string, c Serving) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Log("no roll-out: it needs root, for hosts and their user")
		return
	}
	const days = 4
	if turn := testtool.Turn(days); os.Getenv(rollOutAlways) == "" && turn != 1 {
		t.Logf("no roll-out: it is every %dth day's turn, and today is day %d; %s=1 has it always", days, turn, rollOutAlways)
		return
	}
	second := nextVersion(t, file, "2", c.Egg, "")
	higher := c.Egg
	higher.To += ".1"
	third := nextVersion(t, file, "3", higher, "import os\nif os.path.exists(__file__.split('/eggs/')[0] + '/var/ill'):\n    "+c.Broken)
	r := newRollOut(t, file, python)
	address := freeAddress(t)
	balancer := fmt.Sprintf(balancerConfig, filepath.Join(r.work, "admin.sock"), address)
	for _, host := range []string{"one", "two", "three"} {
		at := freeAddress(t)
		_, port, _ := net.SplitHostPort(at)
		balancer += "    server " + host + " " + at + "\n"
		r.host(host, port, strings.ReplaceAll(c.Config, "PORT", port))
	}
	r.put("haproxy.cfg", balancer)
	r.background("haproxy", "-db", "-f", filepath.Join(r.work, "haproxy.cfg"))
	r.page(second)
	client := newClient(address, c)
	defer client.end()
	client.next(t, 20) // until HAProxy serves and has asked all
	client.take()

	r.play(true)
	r.versions("2", "2", "2")
	r.answered(client, "during the roll-out")
	r.put("srv-two/site/var/ill", "")
	r.page(third)
	if said := r.play(false); !strings.Contains(said, "two has 2 as before") {
		t.Errorf("the roll-out to an ill host: %s", said)
	}
	r.versions("3", "2", "2")
	r.answered(client, "during the roll-out that failed")
}

func newRollOut(t *testing.T, file, python string) *rollOut {
	t.Helper()
	root, err := filepath.Abs("../../..")
	check(t, err)
	r := &rollOut{t: t, work: tempDir(t), python: testtool.Python(t, "3.13")}
	for _, dir := range []string{"srv", "bin", "collections/ansible_collections/binary_buildout"} {
		check(t, os.MkdirAll(filepath.Join(r.work, dir), 0o755))
	}
	check(t, os.Symlink(filepath.Join(root, "deploy", "ansible"), filepath.Join(r.work, "collections/ansible_collections/binary_buildout/binary_buildout")))
	check(t, os.Symlink(buildProgram(t), filepath.Join(r.work, "bin", "binary-buildout")))
	r.put("bin/systemctl", systemctlScript)
	r.put("healthy.sh", healthyScript)
	r.put("setup.sh", setUpScript)
	r.put("hosts", "balancer ansible_connection=local ansible_python_interpreter="+r.python+"\n[web]\n")
	r.env = append(os.Environ(), "WORK="+r.work, "ARCHIVE="+file, "TARGET_PYTHON="+python, "HOME="+r.work, "PATH="+filepath.Join(r.work, "bin")+":"+os.Getenv("PATH"),
		"ANSIBLE_COLLECTIONS_PATH="+filepath.Join(r.work, "collections"), "ANSIBLE_NOCOLOR=1")
	return r
}

func (r *rollOut) put(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.work, name)
	check(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(r.t, os.WriteFile(path, []byte(text), 0o755))
}

// host makes a host with the application, which serves.
func (r *rollOut) host(name, port, config string) {
	r.t.Helper()
	r.put("srv-"+name+"/host.cfg", config)
	enter := fmt.Sprintf("#!/bin/sh\nexec bwrap --dev-bind / / --bind %[1]s/srv-%[2]s %[1]s/srv --cap-add ALL -- ", r.work, name)
	r.put("python-"+name, enter+r.python+` "$@"`+"\n")
	r.put("sh-"+name, enter+`sh "$@"`+"\n")
	hosts, err := os.ReadFile(filepath.Join(r.work, "hosts"))
	check(r.t, err)
	r.put("hosts", string(hosts)+fmt.Sprintf("%s ansible_connection=local ansible_python_interpreter=%s/python-%s application_health_retries=1 application_health_delay=0 zope=%s\n", name, r.work, name, port))
	r.t.Cleanup(func() {
		if pid, err := os.ReadFile(filepath.Join(r.work, "srv-"+name, "pid")); err == nil {
			_ = exec.Command("kill", "-KILL", "--", "-"+strings.TrimSpace(string(pid))).Run()
		}
	})
	if said, err := r.run(filepath.Join(r.work, "sh-"+name), filepath.Join(r.work, "setup.sh"), port); err != nil {
		log, _ := os.ReadFile(filepath.Join(r.work, "srv-"+name, "log"))
		r.t.Fatalf("setting up %s: %v\n%s\n%s", name, err, said, log)
	}
}

// run runs a command to its end; what it leaves running doesn't keep it.
func (r *rollOut) run(name string, args ...string) (string, error) {
	r.t.Helper()
	out, err := os.CreateTemp(r.t.TempDir(), "said")
	check(r.t, err)
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = r.work, r.env, out, out
	err = cmd.Run()
	said, _ := os.ReadFile(out.Name())
	return string(said), err
}

// background runs a command until the test ends.
func (r *rollOut) background(name string, args ...string) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, testtool.Program(r.t, name), args...)
	check(r.t, cmd.Start())
	r.t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
}

// page writes the playbook and the tasks of docs/ansible.md, with the places
// of this machine, for the roll-out of an archive.
func (r *rollOut) page(file string) {
	r.t.Helper()
	text, err := os.ReadFile("../../../docs/ansible.md")
	check(r.t, err)
	here := strings.NewReplacer("/srv/site", filepath.Join(r.work, "srv/site"), "acme/site", file, "/run/haproxy/admin.sock", filepath.Join(r.work, "admin.sock"),
		"application_health_url: http://127.0.0.1:8080/", "application_health_command: sh "+filepath.Join(r.work, "healthy.sh")+" {{ zope }}")
	for name, begins := range map[string]string{"deploy.yml": "- name: Roll out the site", "drain.yml": "- name: Take the host out", "restore.yml": "- name: Put the host back"} {
		_, after, ok := strings.Cut(string(text), "```yaml\n"+begins)
		block, _, ended := strings.Cut(after, "```\n")
		if !ok || !ended {
			r.t.Fatalf("docs/ansible.md has no block that begins with %q", begins)
		}
		r.put(name, here.Replace(begins+block))
	}
}

// play runs the playbook, which has to succeed or to fail.
func (r *rollOut) play(succeeds bool) string {
	r.t.Helper()
	said, err := r.run(testtool.Program(r.t, "ansible-playbook"), "--inventory", "hosts", "deploy.yml")
	if (err == nil) != succeeds {
		r.t.Fatalf("ansible-playbook: %v\n%s", err, said)
	}
	return said
}

// versions sees which versions the hosts have.
func (r *rollOut) versions(want ...string) {
	r.t.Helper()
	for i, host := range []string{"one", "two", "three"} {
		var m archive.Manifest
		data, err := os.ReadFile(filepath.Join(r.work, "srv-"+host, "site", archive.ManifestName))
		check(r.t, err)
		check(r.t, json.Unmarshal(data, &m))
		if m.Version != want[i] {
			r.t.Errorf("%s has %s, want %s", host, m.Version, want[i])
		}
	}
}

// answered sees that each request since the last time was answered.
func (r *rollOut) answered(c *client, when string) {
	r.t.Helper()
	c.next(r.t, 3)
	answers := c.take()
	for i, answer := range answers {
		if !strings.HasPrefix(answer, "200 ") {
			r.t.Errorf("request %d of %d %s: %s", i+1, len(answers), when, answer)
		}
	}
	r.t.Logf("%d requests %s", len(answers), when)
}
