package target

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestStarter: bootstrap says in one line why the archive can't run here, before
// anything of it is started, and else starts its Python: in each shell that
// servers have as sh, and whatever tells glibc's version.
func TestStarter(t *testing.T) {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	if runtime.GOOS != "linux" || arch == "" {
		t.Skip("not on Linux, or not on a machine that the cases name")
	}
	here := Starter{Executable: "python-3.13.9/bin/python3.13", Target: "cp313-manylinux_2_28_" + arch, System: "linux", Arch: arch,
		Libc: "glibc", Loader: testtool.Loader(t), Floor: "2.5"}
	if strings.Contains(here.Loader, "musl") {
		t.Skip("not on glibc")
	}
	with := func(change func(*Starter)) Starter { s := here; change(&s); return s }
	for _, tt := range []struct {
		name string
		s    Starter
		lack string // programs that this system doesn't have
		want string
		hint string
	}{
		{name: "fits", s: here},
		{name: "no floor", s: with(func(s *Starter) { s.Floor = "" })},
		{name: "machine", s: with(func(s *Starter) { s.Arch = "s390x" }), want: "and this machine is " + arch, hint: "that is for " + arch},
		{name: "system", s: with(func(s *Starter) { s.System = "macos" }), want: "and this system is Linux"},
		{name: "musl", s: with(func(s *Starter) { s.Libc, s.Loader = "musl", "/lib/ld-musl-none.so.1" }), want: "is for musl, and this system has no /lib/ld-musl-none.so.1", hint: "manylinux"},
		{name: "glibc", s: with(func(s *Starter) { s.Loader = "/lib/ld-none.so.2" }), want: "is for glibc, and this system has"},
		{name: "getconf", s: with(func(s *Starter) { s.Floor = "2.1000" }), want: "needs glibc 2.1000, and this system has 2."},
		{name: "loader", s: with(func(s *Starter) { s.Floor = "2.1000" }), lack: "getconf", want: "needs glibc 2.1000, and this system has 2."},
		{name: "fits by the loader", s: here, lack: "getconf ldd"},
		{name: "missing", s: with(func(s *Starter) { s.Executable = "python-3.13.9/bin/none" }), want: "python-3.13.9/bin/none is missing", hint: "unpack"},
	} {
		for _, shell := range shells(t) {
			t.Run(tt.name+"/"+strings.ReplaceAll(shell, " ", "_"), func(t *testing.T) {
				out, err := start(t, tt.s, shell, tt.lack, "--check", "two words")
				if tt.want == "" {
					if want := "started -BsSE BOOTSTRAP --check two words\n"; err != nil || out != want {
						t.Errorf("%v\n%swant: %s", err, out, want)
					}
					return
				}
				lines := strings.Split(strings.TrimSpace(out), "\n")
				if code := exitCode(err); code != 2 || len(lines) != 2 || !strings.HasPrefix(lines[0], "error: ") || !strings.Contains(lines[0], tt.want) ||
					!strings.HasPrefix(lines[1], "hint: ") || !strings.Contains(lines[1], tt.hint) {
					t.Errorf("%d, want 2\n%swant: %s\n%s", code, out, tt.want, tt.hint)
				}
			})
		}
	}
}

// TestStarterReads: each way in which a system tells the version of its glibc.
func TestStarterReads(t *testing.T) {
	say := func(text string) string { return "#!/bin/sh\nprintf '" + text + "'\n" }
	for name, tt := range map[string]struct{ programs map[string]string }{
		"getconf":   {map[string]string{"getconf": say(`glibc 2.17\n`)}},
		"ls":        {map[string]string{"ls": say(`lrwxrwxrwx 1 root root 10 Jan 1 2020 /lib64/ld-linux-x86-64.so.2 -> ld-2.17.so\n`)}},
		"ls, above": {map[string]string{"ls": say(`lrwxrwxrwx 1 root root 32 Jan 1 2020 /lib64/ld-linux-x86-64.so.2 -> /lib/x86_64-linux-gnu/ld-2.17.so\n`)}},
		"ldd":       {map[string]string{"ldd": say(`ldd (Debian GLIBC 2.17-9+deb10u4) 2.17\nCopyright (C) 2012\n`)}},
		"loader":    {map[string]string{"loader": say(`ld.so (Ubuntu GLIBC 2.17-0) stable release version 2.17.\nCopyright (C) 2012\n`)}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, program := range []string{"getconf", "ls", "ldd", "loader"} {
				text := tt.programs[program]
				if text == "" {
					text = "#!/bin/sh\necho " + program + ": error 2.99 1>&2\nexit 1\n"
				}
				if err := os.WriteFile(filepath.Join(dir, program), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			_, glibc, _ := strings.Cut(bootstrapSh, "number() {")
			glibc, _, _ = strings.Cut(glibc, "case $0 in")
			cmd := exec.Command("/bin/sh", "-c", "LOADER="+filepath.Join(dir, "loader")+"\nnumber() {"+glibc+"\nglibc")
			cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
			if out, err := cmd.CombinedOutput(); err != nil || string(out) != "2.17" {
				t.Errorf("%v: %q, want 2.17", err, out)
			}
		})
	}
}

// TestStarterRefuses: what sh would read as something else isn't written.
func TestStarterRefuses(t *testing.T) {
	good := Starter{Executable: "python-3.13.9/python.exe", Target: "cp313-win_amd64", System: "windows", Arch: "x86_64", Floor: "6.2"}
	text, err := good.Bytes()
	if err != nil || good.Name() != "bootstrap.cmd" || !bytes.Contains(text, []byte("@set PYTHON=python-3.13.9\\python.exe\r\n")) || !bytes.Contains(text, []byte("@set MACHINES=AMD64 ARM64\r\n@set FLOOR=6.2\r\n")) || bytes.Contains(text, []byte("MACHINES@")) {
		t.Errorf("%v: %s", err, text)
	}
	for _, bad := range []Starter{
		{},
		{Executable: "python-3.13.9/$(id)", Target: good.Target, System: "windows", Arch: "x86_64"},
		{Executable: "python-3.13.9/bin/python3", Target: "cp313-linux_x86_64", System: "linux", Arch: "x86_64", Libc: "glibc"}, // no loader
	} {
		if text, err := bad.Bytes(); err == nil {
			t.Errorf("%+v: %s", bad, text)
		}
	}
}

// shells are those of this machine that a server may have as sh.
func shells(t *testing.T) []string {
	var found []string
	for _, shell := range []string{"dash", "bash --posix", "bash", "busybox sh", "zsh --emulate sh"} {
		if _, err := exec.LookPath(strings.Fields(shell)[0]); err == nil {
			found = append(found, shell)
		}
	}
	if os.Getenv("CI") == "true" && len(found) < 4 { // .ci/tools.sh brings them
		t.Errorf("only %q are here", found)
	}
	return found
}

// start runs a bootstrap whose Python is a program that says what it was given.
func start(t *testing.T, s Starter, shell, lack string, args ...string) (string, error) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "a place with ü")
	text, err := s.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{"bootstrap": text, "python-3.13.9/bin/python3.13": []byte("#!/bin/sh\necho started \"$@\"\n")} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	programs := t.TempDir()
	for _, name := range strings.Fields(lack) {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\nexit 127\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	words := append(strings.Fields(shell), filepath.Join(root, "bootstrap"))
	cmd := exec.Command(words[0], slices.Concat(words[1:], args)...)
	cmd.Env = []string{"PATH=" + programs + ":" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), filepath.Join(root, "bootstrap.py"), "BOOTSTRAP"), err
}

func exitCode(err error) int {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	return -1
}
