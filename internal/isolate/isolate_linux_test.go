package isolate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// methodsHere are those that this machine's test run can show: a root sees
// both kinds of namespaces. ISOLATE_METHODS names others, on a machine that has
// sudo or a container engine.
func methodsHere(t *testing.T) []Method {
	t.Helper()
	if names := os.Getenv("ISOLATE_METHODS"); names != "" {
		var out []Method
		for _, n := range strings.Split(names, ",") {
			out = append(out, Method(n))
		}
		return out
	}
	if os.Geteuid() == 0 {
		return []Method{Namespaces, UserNamespaces}
	}
	return []Method{UserNamespaces}
}

func newBox(t *testing.T, cfg Config) *Box {
	t.Helper()
	cfg.OS = "linux"
	b, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// sh runs a shell script in the box and gives its output.
func sh(t *testing.T, b *Box, script string, env ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := b.Run(t.Context(), Command{
		Path: "/bin/sh", Args: []string{"-c", script},
		Env:    append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + b.Home(), "TMPDIR=" + b.Temp()}, env...),
		Stdout: &out, Stderr: &out,
	})
	return out.String(), err
}

func TestNamespaces(t *testing.T) {
	secret := t.TempDir()
	inside := filepath.Join(secret, "tools", "python")
	write(t, filepath.Join(secret, "stage", "file"), "x")
	write(t, filepath.Join(inside, "bin", "tool"), "#!/bin/sh\necho tool runs\n")
	elsewhere := filepath.Join(t.TempDir(), "an other plâce")
	for _, m := range methodsHere(t) {
		t.Run(string(m), func(t *testing.T) {
			b := newBox(t, Config{
				Methods: []Method{m}, Hide: []string{secret, filepath.Join(secret, "stage"), "/no/such/directory"},
				Binds: []Bind{{From: inside, To: inside}, {From: inside, To: elsewhere, ReadOnly: true}},
			})
			want := Result{Network: Enforced, Compiler: Enforced, OldPlace: Enforced, Method: m, Binds: true, Masked: len(b.masks)}
			if got := b.Result(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("Result = %+v, want %+v", got, want)
			}
			if len(b.masks) < 5 {
				t.Errorf("only %d compilers masked: %v", len(b.masks), b.masks)
			}
			for _, test := range []struct{ name, script, want string }{
				{"identity", "id -u", fmt.Sprint(os.Geteuid())},
				{"hidden", "ls " + secret, "tools"},
				{"stage", "cat " + secret + "/stage/file 2>/dev/null || echo gone", "gone"},
				{"read-only", "touch " + secret + "/x 2>/dev/null || echo refused", "refused"},
				{"bound back", inside + "/bin/tool", "tool runs"},
				{"bound elsewhere", "'" + elsewhere + "/bin/tool'", "tool runs"},
				{"bound read-only", "touch '" + elsewhere + "/x' 2>/dev/null || echo refused", "refused"},
				{"bound writable", "touch " + inside + "/y && rm " + inside + "/y && echo ok", "ok"},
				{"gcc", "command -v gcc cc x86_64-linux-gnu-gcc as ld clang; gcc --version >/dev/null 2>&1 || echo none", "none"},
				{"umount", "umount -R -l " + secret + " 2>/dev/null; ls " + secret, "tools"},
				{"unshare", "unshare -rm umount -R -l " + secret + " 2>/dev/null; ls " + secret, "tools"},
				{"network", "getent hosts pypi.org || echo no name", "no name"},
				{"processes", "test -d /proc/" + fmt.Sprint(os.Getpid()) + "/root/tmp && echo outside || echo own", "own"},
			} {
				out, err := sh(t, b, test.script)
				if err != nil || strings.TrimSpace(out) != test.want {
					t.Errorf("%s: %q gives %q, %v; want %q", test.name, test.script, out, err, test.want)
				}
			}
		})
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), secret) || strings.Contains(string(mounts), "bb-box-") {
		t.Errorf("mounts are left:\n%s", mounts)
	}
}

// A directory that is hidden itself appears at another place, and a file of it
// at its old one.
func TestHiddenElsewhere(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "lib", "a.so"), "code")
	write(t, filepath.Join(dir, "other"), "x")
	place := filepath.Join(t.TempDir(), "place")
	for _, m := range methodsHere(t) {
		for _, old := range []bool{false, true} {
			b := newBox(t, Config{
				Methods: []Method{m}, Hide: []string{dir}, oldKernel: old,
				Binds: []Bind{{From: dir, To: place, ReadOnly: true}, {From: dir + "/lib/a.so", To: dir + "/lib/a.so", ReadOnly: true}},
			})
			out, err := sh(t, b, "cat "+place+"/other "+dir+"/lib/a.so; ls "+dir)
			if err != nil || out != "xcodelib\n" {
				t.Errorf("%s, old kernel %v: %q, %v", m, old, out, err)
			}
		}
	}
}

func TestPythonInside(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	// What a pyenv shim starts.
	real, err := exec.Command(python, "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		t.Fatal(err)
	}
	python = strings.TrimSpace(string(real))
	for _, m := range methodsHere(t) {
		b := newBox(t, Config{Methods: []Method{m}, Python: python})
		out, err := sh(t, b, python+` -c '
import socket, subprocess, sysconfig, urllib.request
try:
    urllib.request.urlopen("https://pypi.org/simple/", timeout=20); print("network")
except OSError as e: print("no network")
cc = (sysconfig.get_config_var("CC") or "cc").split()[0]
try:
    subprocess.check_call([cc, "--version"]); print("compiler")
except OSError as e: print("no compiler")
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(1)
c = socket.create_connection(s.getsockname(), 5); print("loopback")
'`)
		if want := "no network\nno compiler\nloopback\n"; err != nil || out != want {
			t.Errorf("%s: %q, %v; want %q", m, out, err, want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, m := range append(methodsHere(t), Proxy) {
		b := newBox(t, Config{Methods: []Method{m}})
		var exit *ExitError
		if _, err := sh(t, b, "exit 7"); !errors.As(err, &exit) || exit.Code != 7 {
			t.Errorf("%s: exit 7 gives %v", m, err)
		}
		if _, err := sh(t, b, "kill -9 $$"); !errors.As(err, &exit) || exit.Signal != "killed" {
			t.Errorf("%s: kill gives %v", m, err)
		}
		err := b.Run(t.Context(), Command{Path: "no-such-program", Env: []string{"PATH=/bin"}})
		var failed *fault.Error
		if !errors.As(err, &failed) || failed.ExitCode() != 3 {
			t.Errorf("%s: no such program gives %v", m, err)
		}
		out := new(bytes.Buffer)
		err = b.Run(t.Context(), Command{Path: "sh", Args: []string{"-c", "umask; pwd"}, Env: []string{"PATH=/bin"}, Dir: "/usr", Umask: 0o077, Stdout: out})
		if err != nil || out.String() != "0077\n/usr\n" {
			t.Errorf("%s: umask and directory: %q, %v", m, out, err)
		}
	}
}

// A command that is cancelled, or that ends, leaves nothing running, even what
// has left its process group.
func TestNothingIsLeft(t *testing.T) {
	for _, m := range append(methodsHere(t), Proxy) {
		t.Run(string(m), func(t *testing.T) {
			b := newBox(t, Config{Methods: []Method{m}})
			mark := fmt.Sprintf("31%d%d", os.Getpid(), len(m))
			if _, err := sh(t, b, "setsid sleep "+mark+" & sleep 0.2; exit 0"); err != nil {
				t.Fatal(err)
			}
			if running(t, "sleep\x00"+mark) {
				t.Error("a process is left after the end")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			err := b.Run(ctx, Command{Path: "/bin/sh", Args: []string{"-c", "setsid sleep " + mark + " & sleep " + mark}, Env: []string{"PATH=/usr/bin:/bin"}})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error = %v", err)
			}
			if running(t, "sleep\x00"+mark) {
				t.Error("a process is left after the cancel")
			}
		})
	}
}

// TestSpecOfEveryLength: a spec that just fills a buffer of the helper's decoder
// leaves the line's end in the socket, which is not the end of the connection.
func TestSpecOfEveryLength(t *testing.T) {
	b := newBox(t, Config{Methods: methodsHere(t)[:1]})
	c := Command{Path: "/bin/sh", Args: []string{"-c", "sleep 0.1"}, Env: []string{"PATH=/usr/bin:/bin", "PAD="}}
	// What encoding/json reads before its buffer grows: 512, then twice as much and 512 more.
	for full := 512; full < 1<<16; full = 2*full + 512 {
		c.Env[1] = "PAD="
		s := b.spec(c)
		// As the launcher completes it.
		s.Setup, s.Verify, s.OwnPIDs = true, true, true
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > full {
			continue
		}
		c.Env[1] += strings.Repeat("x", full-len(text))
		if err := b.Run(t.Context(), c); err != nil {
			t.Errorf("a spec of %d bytes: %v", full, err)
		}
	}
}

// TestKilledHelper: the error says how a helper ended that gave no report.
func TestKilledHelper(t *testing.T) {
	b := newBox(t, Config{Methods: []Method{Proxy}})
	err := b.Run(t.Context(), Command{Path: "/bin/sh", Args: []string{"-c", "kill -9 $PPID"}, Env: []string{"PATH=/usr/bin:/bin"}})
	if err == nil || !strings.Contains(err.Error(), "ended without a report") || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("error = %v", err)
	}
}

func running(t *testing.T, cmdline string) bool {
	t.Helper()
	matches, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range matches {
		if data, err := os.ReadFile(m); err == nil && strings.HasPrefix(string(data), cmdline) {
			return true
		}
	}
	return false
}

func TestProxy(t *testing.T) {
	b := newBox(t, Config{Methods: []Method{Proxy}, Hide: []string{t.TempDir()}})
	if got := b.Result(); got.Network != ByConvention || got.Compiler != ByConvention || got.OldPlace != Not {
		t.Errorf("Result = %+v", got)
	}
	out, err := sh(t, b, `gcc --version; echo $? $CC; python3 -c 'import urllib.request as u; u.urlopen("http://192.0.2.1/")' 2>&1 | tail -1`, "PATH="+os.Getenv("PATH"))
	if err != nil || !strings.Contains(out, "gcc: masked by binary-buildout\n127 /bin/false\n") || !strings.Contains(out, "HTTP Error 403: Refused by binary-buildout") {
		t.Errorf("%q, %v", out, err)
	}
}

// The order of the methods, and that a failed one is told.
func TestFallback(t *testing.T) {
	b := newBox(t, Config{Methods: []Method{SandboxExec, Sudo, Proxy}})
	res := b.Result()
	if res.Method != Proxy || len(res.Failed) != 2 || res.Failed[0].Method != SandboxExec || res.Failed[0].Reason == "" {
		t.Errorf("Result = %+v", res)
	}
}

// A check that never fails would prove nothing: verify must see each fault.
func TestVerifySeesFaults(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), "x")
	empty := t.TempDir()
	for name, s := range map[string]*spec{
		"network":         {NetNS: "another"},
		"same ns":         {NetNS: must(os.Readlink("/proc/self/ns/net"))},
		"can be executed": {Masks: []string{"/bin/true"}},
		"/f is there":     {Hide: []string{dir}},
		"can be written":  {Hide: []string{empty}},
		"isn't /":         {Binds: []bind{{Bind: Bind{From: "/", To: dir}, Inode: 1}}},
	} {
		s.Probe = true
		check := verifyFiles
		if s.NetNS != "" {
			name, check = "checking the network", verify
		}
		if err := check(s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want %q", err, name)
		}
	}
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
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

// A root who may not mount, as in a container, falls to a user namespace.
func TestRootWithoutMount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	setpriv := testtool.Program(t, "setpriv")
	if os.Getenv("ISOLATE_INNER") == "1" {
		b := newBox(t, Config{Hide: []string{t.TempDir()}})
		fmt.Printf("method %s after %v\n", b.Result().Method, b.Result().Failed)
		return
	}
	cmd := exec.Command(setpriv, "--bounding-set=-sys_admin", os.Args[0], "-test.run=TestRootWithoutMount", "-test.v")
	cmd.Env = append(os.Environ(), "ISOLATE_INNER=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "method user-namespaces after [{namespaces ") {
		t.Errorf("%v: %s", err, out)
	}
}
