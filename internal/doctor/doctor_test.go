package doctor

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// told is the first finding of that state, with what mends it.
func told(all []Finding, s State) string {
	for _, f := range all {
		if f.State == s {
			return f.What + ": " + f.Says + "; " + f.Mend
		}
	}
	return ""
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestProxies(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := "http://me:pw@" + l.Addr().String()
	closed := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return "http://" + l.Addr().String()
	}()
	defer l.Close()
	for _, tt := range []struct {
		env   []string
		state State
		want  string
	}{
		{nil, Good, "none is set"},
		{[]string{"HTTPS_PROXY=" + open}, Good, "answers"},
		{[]string{"https_proxy=" + closed}, Missing, "can't be reached; unset https_proxy"},
		{[]string{"HTTPS_PROXY=" + closed}, Missing, "can't be reached; unset HTTPS_PROXY"},
		{[]string{"HTTPS_PROXY=proxy:3128"}, Odd, "isn't an address with a scheme"},
		{[]string{"HTTPS_PROXY=" + open, "https_proxy=http://other:1"}, Odd, "HTTPS_PROXY and https_proxy differ"},
	} {
		all := proxies(context.Background(), Patient{Env: tt.env})
		if said := told(all, tt.state); !strings.Contains(said, tt.want) || strings.Contains(said, "pw") {
			t.Errorf("%q: %+v", tt.env, all)
		}
	}
}

func TestCertificates(t *testing.T) {
	all := certificates(context.Background(), Patient{Env: []string{"PIP_CERT=/no/such.pem", "SSL_CERT_FILE=/no/such.pem"}, OS: "linux"})
	if len(all) != 1 || !strings.Contains(told(all, Missing), "SSL_CERT_FILE names /no/such.pem, which isn't there; unset SSL_CERT_FILE") {
		t.Errorf("%+v", all)
	}
}

// What a part asks for, and is compiled, names the packages that it lacks.
func TestWants(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "base.cfg"), "[app]\nrecipe = zc.recipe.egg\neggs =\n    python-ldap\n    pycups\n    lxml\n")
	write(t, filepath.Join(dir, "buildout.cfg"), "[buildout]\nextends = base.cfg\nparts = app\n")
	write(t, filepath.Join(dir, "bin", "apt-get"), "")
	p := Patient{Dir: dir, Config: "buildout.cfg", OS: "linux", Env: []string{"PATH=" + filepath.Join(dir, "bin")}}
	all := wants(context.Background(), p)
	if len(all) != 2 { // lxml has wheels
		t.Fatalf("%+v", all)
	}
	for _, f := range all {
		if f.State == Missing && !strings.HasPrefix(f.Mend, "apt-get install -y lib") {
			t.Errorf("%+v", f)
		}
	}
}

func TestTree(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := Patient{Dir: dir, Tree: true, OS: "linux"}
	if said := told(settled(context.Background(), p), Missing); !strings.Contains(said, "bootstrap.py hasn't run; cd "+dir+" && python bootstrap.py") {
		t.Error(said)
	}
	write(t, filepath.Join(dir, ".binary-buildout/state.json"), `{"format": 1, "root": "/srv/old", "interpreter": "/no/python3.13"}`)
	write(t, filepath.Join(dir, ".binary-buildout/manifest.json"), `{"format": 1, "target": "cp313-linux_x86_64"}`)
	if said := told(settled(context.Background(), p), Missing); !strings.Contains(said, "it was set up at /srv/old, and is at "+dir) {
		t.Error(said)
	}
	if said := told(fits(context.Background(), p), Missing); !strings.Contains(said, "/no/python3.13, which it was set up for, can't be found") {
		t.Error(said)
	}
	if all := complete(context.Background(), p); all != nil {
		t.Errorf("%+v", all)
	}
	write(t, filepath.Join(dir, "bootstrap"), "")
	write(t, filepath.Join(dir, ".binary-buildout/transaction/plan.json"), "{}")
	if said := told(interrupted(context.Background(), p), Odd); !strings.Contains(said, "an update was killed") || !strings.HasSuffix(said, "&& ./bootstrap --recover") {
		t.Error(said)
	}
}

// A pipe in the place of a document is not waited for.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".binary-buildout/manifest.json"), "{}")
	if err := exec.Command("mkfifo", filepath.Join(dir, ".binary-buildout/state.json")).Run(); err != nil {
		t.Skip(err)
	}
	done := make(chan []Finding, 1)
	go func() { done <- settled(context.Background(), Patient{Dir: dir, Tree: true, OS: "linux"}) }()
	select {
	case all := <-done:
		if told(all, Missing) == "" {
			t.Errorf("%+v", all)
		}
	case <-time.After(time.Minute):
		t.Error("it waits for the pipe")
	}
}

// Where a disk is mounted noexec, doctor says so, and the command that mends it.
func TestNoexec(t *testing.T) {
	if dir := os.Getenv("DOCTOR_NOEXEC"); dir != "" {
		if said := told(executable(context.Background(), Patient{Dir: dir, Tree: true, OS: "linux"}), Missing); !strings.Contains(said, "mount -o remount,exec "+dir) {
			t.Error(said)
		}
		return
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and unshare")
	}
	dir := t.TempDir()
	cmd := exec.Command(unshare, "--mount", "sh", "-c", `mount -t tmpfs -o noexec none "$DOCTOR_NOEXEC" && exec "$0" -test.run=TestNoexec`, os.Args[0])
	cmd.Env = append(os.Environ(), "DOCTOR_NOEXEC="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The kernel escapes a space in the name of a mount.
func TestMountOf(t *testing.T) {
	const mounts = "/dev/sda / ext4 rw 0 0\n/dev/sdb /srv/my\\040site ext4 rw 0 0\n/dev/sdc /srv/my ext4 rw 0 0\n\n"
	for dir, want := range map[string]string{"/srv/my site/app": "/srv/my site", "/srv/my site": "/srv/my site", "/srv/my/x": "/srv/my", "/srv/mysite": "/", "/home": "/"} {
		if got := mountOf(dir, mounts); got != want {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
}

// A tree that this user can't write to isn't taken for one that is mounted noexec.
func TestNotWritten(t *testing.T) {
	const dir = "/sys/kernel" // not even root's
	if _, err := os.Stat(dir); err != nil {
		t.Skip(err)
	}
	all := executable(context.Background(), Patient{Dir: dir, Tree: true, OS: "linux"})
	if said := told(all, Odd); !strings.Contains(said, "not tried in "+dir) || strings.Contains(said, "remount") {
		t.Errorf("%+v", all)
	}
	for _, f := range executable(context.Background(), Patient{Dir: dir, Config: "buildout.cfg", OS: "linux"}) {
		if strings.Contains(f.Says, dir) { // no checkout: nothing is written there
			t.Errorf("%+v", f)
		}
	}
}

func TestWorst(t *testing.T) {
	if Worst(nil) != Good || Worst([]Finding{{State: Odd}, {State: Good}}) != Odd || Worst([]Finding{{State: Odd}, {State: Missing}}) != Missing {
		t.Error("the worst state counts")
	}
}
