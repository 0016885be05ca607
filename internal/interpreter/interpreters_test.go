package interpreter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

func TestCandidates(t *testing.T) {
	root := t.TempDir()
	for _, p := range []string{"shims/python3.13", "versions/3.13.0/bin/python3.13", "versions/3.12.1/bin/python3.12", "bin/python3.11", "bin/python3-config", "bin/pythonx"} {
		at := filepath.Join(root, p)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	// What python3 is may be another one tomorrow.
	for _, link := range []string{"bin/python", "bin/python3", "versions/3.12.1/bin/python"} {
		to := map[bool]string{true: "python3.12", false: "python3.11"}[strings.HasPrefix(link, "versions")]
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	got := Candidates("linux", []string{"PATH=" + root + "/bin:" + root + "/shims"})
	want := []string{root + "/bin/python3.11", root + "/versions/3.12.1/bin/python3.12", root + "/versions/3.13.0/bin/python3.13"}
	if len(got) < 3 || fmt.Sprint(got[:3]) != fmt.Sprint(want) {
		t.Errorf("candidates %q, want %q first", got, want)
	}
	if got := named(got, "cp313"); len(got) == 0 || got[0] != want[2] {
		t.Errorf("named cp313: %q", got)
	}
}

func TestProbe(t *testing.T) {
	musl := testtool.Musl(t, testcache.Dir(t))
	p, err := Probe(t.Context(), musl, os.Environ())
	if err != nil || p.Libc != "musl" || !strings.HasPrefix(p.LibcVersion, "1.") || p.ABI != "cp311" {
		t.Errorf("on musl: %+v, %v", p, err)
	}
	for version, abi := range map[string]string{"2.7": "cp27mu", "3.6": "cp36", "3.8": "cp38", "3.13": "cp313"} {
		p, err := Probe(t.Context(), testtool.Python(t, version), os.Environ())
		if err != nil {
			t.Fatal(err)
		}
		if p.ABI != abi || !strings.HasPrefix(p.Version, version+".") || p.Implementation != "cpython" || p.System != "linux" || p.Libc != "glibc" || p.LibcVersion == "" {
			t.Errorf("%s: %+v", version, p)
		}
	}
}

func TestUnfit(t *testing.T) {
	py := &Python{ABI: "cp313", System: "linux", Machine: "x86_64", Libc: "glibc", LibcVersion: "2.36"}
	mac := &Python{ABI: "cp313", System: "macos", Machine: "arm64", MacOS: "14.5"}
	win := &Python{ABI: "cp311", System: "windows", Machine: "amd64"}
	for _, test := range []struct {
		target string
		p      *Python
		want   string
	}{
		{"cp313-manylinux_2_28_x86_64", py, ""},
		{"cp313-manylinux_2_36_x86_64", py, ""},
		{"cp313-manylinux_2_37_x86_64", py, "it needs glibc 2.37"},
		{"cp313-linux_x86_64", py, ""},
		{"cp313-manylinux2014_x86_64", py, ""},
		{"cp313-manylinux2014_x86_64", mac, "it is for linux"},
		{"cp313-manylinux2014_aarch64", py, "it is for aarch64"},
		{"cp313-beos_5_x86_64", py, "it is for a platform that is not known here"},
		{"cp313t-linux_x86_64", py, "it is for Python 3.13 free-threaded (cp313t)"},
		{"cp313-musllinux_1_2_x86_64", py, "it is for musl"},
		{"cp313-manylinux_2_28_aarch64", py, "it is for aarch64"},
		{"cp313-macosx_11_0_arm64", py, "it is for macos"},
		{"cp313-macosx_11_0_arm64", mac, ""},
		{"cp313-macosx_11_0_universal2", mac, ""},
		{"cp313-macosx_15_0_arm64", mac, "it needs macOS 15.0"},
		{"cp313-macosx_11_0_x86_64", mac, "it is for x86_64"},
		{"cp311-win_amd64", win, ""},
		{"cp311-win32", win, "it is for x86"},
		{"cp37m-linux_x86_64", &Python{ABI: "cp37", System: "linux", Machine: "x86_64"}, ""},
		{"cp27m-linux_x86_64", &Python{ABI: "cp27mu", System: "linux", Machine: "x86_64"}, "it is for Python 2.7 (cp27m)"},
	} {
		if got := ParseTarget(test.target).Unfit(test.p); got != test.want {
			t.Errorf("%s on %+v: %q, want %q", test.target, test.p, got, test.want)
		}
	}
}
