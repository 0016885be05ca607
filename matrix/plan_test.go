package matrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

func plan(t *testing.T, o Options) Plan {
	t.Helper()
	o.Name, o.Version = "site", "1.0"
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNew(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    Options
		want string // ID runner how path, one a line
	}{
		{"default", Options{Pythons: []string{"3.13"}},
			"cp313-manylinux_2_28_x86_64 ubuntu-24.04 image /opt/python/cp313-cp313/bin/python"},
		{"free-threaded", Options{Pythons: []string{"3.14t"}},
			"cp314t-manylinux_2_28_x86_64 ubuntu-24.04 image /opt/python/cp314-cp314t/bin/python"},
		{"newest", Options{Pythons: []string{"3.14", "3.15", "3.15t"}, Platforms: []string{"linux_x86_64", "win_arm64"}, Images: []string{"manylinux_2_28", "python:3.15-bookworm"}, SkipTargets: []string{"cp314-*bookworm", "cp315t-*bookworm"}},
			"cp314-manylinux_2_28_x86_64 ubuntu-24.04 image /opt/python/cp314-cp314/bin/python\n" +
				"cp315-manylinux_2_28_x86_64 ubuntu-24.04 image /opt/python/cp315-cp315/bin/python\n" +
				"cp315t-manylinux_2_28_x86_64 ubuntu-24.04 image /opt/python/cp315-cp315t/bin/python\n" +
				"cp315-linux_x86_64-python3.15-bookworm ubuntu-24.04 image /usr/local/bin/python3.15\n" +
				"cp314-win_arm64 windows-11-arm setup-python \n" +
				"cp315-win_arm64 windows-11-arm setup-python \n" +
				"cp315t-win_arm64 windows-11-arm setup-python "},
		{"all systems", Options{Pythons: []string{"3.12"}, Platforms: []string{"linux_aarch64", "macosx_arm64", "macosx_x86_64", "win_amd64", "win_arm64", "win32"}},
			"cp312-manylinux_2_28_aarch64 ubuntu-24.04-arm image /opt/python/cp312-cp312/bin/python\n" +
				"cp312-macosx_11_0_arm64 macos-15 setup-python \n" +
				"cp312-macosx_10_13_x86_64 macos-15-intel setup-python \n" +
				"cp312-win_amd64 windows-2025 setup-python \n" +
				"cp312-win_arm64 windows-11-arm setup-python \n" +
				"cp312-win32 windows-2025 setup-python "},
		{"images", Options{Pythons: []string{"3.11"}, Images: []string{"manylinux2014", "musllinux_1_2", "debian:12", "host", "registry.example:5000/a/base:7@sha256:00"}},
			"cp311-manylinux_2_17_x86_64 ubuntu-24.04 image /opt/python/cp311-cp311/bin/python\n" +
				"cp311-musllinux_1_2_x86_64 ubuntu-24.04 image /opt/python/cp311-cp311/bin/python\n" +
				"cp311-linux_x86_64-debian12 ubuntu-24.04 package /usr/bin/python3.11\n" +
				"cp311-linux_x86_64 ubuntu-24.04 setup-python \n" +
				"cp311-linux_x86_64-base7 ubuntu-24.04 image python3.11"},
		{"emulated", Options{Pythons: []string{"3.13"}, Platforms: []string{"linux_ppc64le", "linux_s390x", "linux_armv7l", "linux_riscv64"}},
			"cp313-manylinux_2_28_ppc64le ubuntu-24.04 qemu image /opt/python/cp313-cp313/bin/python\n" +
				"cp313-manylinux_2_28_s390x ubuntu-24.04 qemu image /opt/python/cp313-cp313/bin/python\n" +
				"cp313-manylinux_2_31_armv7l ubuntu-24.04-arm image /opt/python/cp313-cp313/bin/python\n" +
				"cp313-manylinux_2_39_riscv64 ubuntu-24.04 qemu image /opt/python/cp313-cp313/bin/python"},
		{"not emulated", Options{Pythons: []string{"3.13"}, Platforms: []string{"linux_s390x"}, Images: []string{"musllinux_1_2", "debian:13"}, Runners: map[string]string{"linux_s390x": "my-z"}},
			"cp313-musllinux_1_2_s390x my-z image /opt/python/cp313-cp313/bin/python\n" +
				"cp313-linux_s390x-debian13 my-z package /usr/bin/python3.13"},
		{"old pythons", Options{Pythons: []string{"2.7"}, Images: []string{"rockylinux:8", "python:2.7-buster"}},
			"cp27mu-linux_x86_64-rockylinux8 ubuntu-24.04 package /usr/bin/python2.7\n" +
				"cp27mu-linux_x86_64-python2.7-buster ubuntu-24.04 image /usr/local/bin/python2.7"},
		{"a floor of macOS", Options{Pythons: []string{"3.13"}, Platforms: []string{"macosx_13_0_arm64"}},
			"cp313-macosx_13_0_arm64 macos-15 setup-python "},
		{"the runner's own macOS", Options{Pythons: []string{"3.13"}, Platforms: []string{"macosx_15_5_arm64"}},
			"cp313-macosx_15_5_arm64 macos-15 setup-python "},
		{"a floor of macOS on an own runner", Options{Pythons: []string{"3.13"}, Platforms: []string{"macosx_26_0_arm64"}, Runners: map[string]string{"macosx_arm64": "mac-mini"}},
			"cp313-macosx_26_0_arm64 mac-mini setup-python "},
		{"globs", Options{Pythons: []string{"3.8", "3.12", "3.13"}, Platforms: []string{"linux_x86_64", "win_amd64"}, Targets: []string{"cp31*", "*-win*"}, SkipTargets: []string{"cp313-win*"}},
			"cp312-manylinux_2_28_x86_64 ubuntu-24.04 image /opt/python/cp312-cp312/bin/python\n" +
				"cp313-manylinux_2_28_x86_64 ubuntu-24.04 image /opt/python/cp313-cp313/bin/python\n" +
				"cp38-win_amd64 windows-2025 setup-python \n" +
				"cp312-win_amd64 windows-2025 setup-python "},
		{"only", Options{Pythons: []string{"3.12", "3.13"}, Platforms: []string{"linux_x86_64", "win_amd64"}, Only: "cp313-win_amd64"},
			"cp313-win_amd64 windows-2025 setup-python "},
		{"own runner", Options{Pythons: []string{"3.13"}, Runners: map[string]string{"linux_x86_64": "big"}},
			"cp313-manylinux_2_28_x86_64 big image /opt/python/cp313-cp313/bin/python"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var lines []string
			for _, e := range plan(t, tt.o).Targets {
				runner := e.Runner
				if e.Emulated {
					runner += " qemu"
				}
				lines = append(lines, fmt.Sprintf("%s %s %s %s", e.ID, runner, e.Python.How, e.Python.Path))
				a, err := ParseArchiveName(e.Archive)
				if err != nil || a.Target.String() != e.Target || a.Label != e.Label {
					t.Errorf("archive %s: %+v %v", e.Archive, a, err)
				}
			}
			if got := strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	py := []string{"3.13"}
	for _, tt := range []struct {
		name string
		o    Options
		want []string
	}{
		{"no python", Options{}, []string{"no Python is named"}},
		{"python not in the image", Options{Pythons: []string{"3.8"}}, []string{"no Python 3.8 in manylinux_2_28 on linux_x86_64", "3.9, 3.10", "ubuntu:20.04", "host"}},
		{"python not on the runner", Options{Pythons: []string{"3.9"}, Platforms: []string{"win_arm64"}}, []string{"3.11, 3.12", "windows-11-arm"}},
		{"python 2.7 on macOS", Options{Pythons: []string{"2.7"}, Platforms: []string{"macosx_arm64"}}, []string{"no Python 2.7 in macosx_arm64"}},
		{"two at once", Options{Pythons: []string{"3.6", "3.7"}}, []string{"cp36m-", "cp37m-"}},
		{"platform", Options{Pythons: py, Platforms: []string{"linux_sparc"}}, []string{"linux_aarch64", "win_arm64"}},
		{"image", Options{Pythons: py, Images: []string{"manylinux_2_82"}}, []string{"musllinux_1_2", "debian:12"}},
		{"no such image", Options{Pythons: py, Platforms: []string{"linux_riscv64"}, Images: []string{"manylinux_2_28", "rockylinux:9"}},
			[]string{"manylinux_2_28 on linux_riscv64: it exists for linux_aarch64, linux_i686", "rockylinux:9 on linux_riscv64", "in manylinux_2_39, musllinux_1_2, debian:13"}},
		{"host i686", Options{Pythons: py, Platforms: []string{"linux_i686"}, Images: []string{"host"}}, []string{"no Python 3.13 in host on linux_i686"}},
		{"latest", Options{Pythons: py, Runners: map[string]string{"linux_x86_64": "ubuntu-latest"}}, []string{"ubuntu-latest", "moves"}},
		{"runner of no platform", Options{Pythons: py, Runners: map[string]string{"linux": "x"}}, []string{`"linux"`}},
		{"glob without target", Options{Pythons: py, SkipTargets: []string{"cp313-windows*"}}, []string{"no target matches", "cp313-windows*"}},
		{"all skipped", Options{Pythons: py, SkipTargets: []string{"*"}}, []string{"no target is left"}},
		{"only nothing", Options{Pythons: py, Only: "cp313"}, []string{"there is no target cp313"}},
		{"bad glob", Options{Pythons: py, Targets: []string{"["}}, []string{"isn't a glob"}},
		{"one name twice", Options{Pythons: py, Images: []string{"a/base:1", "b/base:1"}}, []string{"two targets would make"}},
		{"format", Options{Pythons: py, Format: "rar"}, []string{"tar.zst"}},
		{"version", Options{Pythons: []string{"3"}}, []string{`"3"`}},
		{"no number", Options{Pythons: []string{"3.-1"}, Images: []string{"a/b:1"}}, []string{`"3.-1"`}},
		{"an image that is a command", Options{Pythons: py, Images: []string{"x:$(id)"}}, []string{`"x:$(id)" isn't a reference`}},
		{"an image that is a flag", Options{Pythons: py, Images: []string{"--volume=/:/host"}}, []string{"isn't a reference"}},
		{"an image with spaces", Options{Pythons: py, Images: []string{"a:1 --privileged"}}, []string{"isn't a reference"}},
		{"an old macOS", Options{Pythons: py, Platforms: []string{"macosx_10_9_arm64"}}, []string{"cp313-macosx_10_9_arm64", "runs on macOS 11.0 and newer"}},
		{"a macOS to come", Options{Pythons: py, Platforms: []string{"macosx_16_0_x86_64"}}, []string{"macos-15-intel, which has macOS 15: 10.13 to 15 can be had"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Name, tt.o.Version = "site", "1.0"
			_, err := New(tt.o)
			var e *Error
			if !errors.As(err, &e) || fault.CodeOf(err, 0) != 2 {
				t.Fatalf("got %v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not in: %v", w, err)
				}
			}
		})
	}
	if _, err := New(Options{Name: "a/b", Version: "", Pythons: py}); err == nil || !strings.Contains(err.Error(), "a/b") || !strings.Contains(err.Error(), "version") {
		t.Errorf("bad words: %v", err)
	}
	many := Options{Name: "s", Version: "1", Pythons: py}
	for i := range MaxTargets + 1 {
		many.Images = append(many.Images, fmt.Sprintf("x:%d", i))
	}
	if _, err := New(many); err == nil || !strings.Contains(err.Error(), "257") {
		t.Errorf("257 jobs: %v", err)
	}
}

// The proof is on a machine without a compiler, with the same Python.
func TestProve(t *testing.T) {
	p := plan(t, Options{Pythons: []string{"3.11", "3.12"}, Images: []string{"manylinux_2_28", "musllinux_1_2", "debian:12"}, SkipTargets: []string{"cp312-*debian12"}})
	var got []string
	for _, e := range p.Targets {
		got = append(got, e.Prove.Ref+" "+e.Prove.Python)
		if strings.Contains(e.Prove.Setup, "gcc") {
			t.Errorf("%s is proved with a compiler: %s", e.ID, e.Prove.Setup)
		}
	}
	want := []string{
		"python:3.11-slim-bookworm /usr/local/bin/python3.11", "python:3.12-slim-bookworm /usr/local/bin/python3.12",
		"python:3.11-alpine /usr/local/bin/python3.11", "python:3.12-alpine /usr/local/bin/python3.12",
		"debian:12 /usr/bin/python3.11",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	// Since 2026 there is no bookworm of these.
	for _, e := range plan(t, Options{Pythons: []string{"3.13"}, Platforms: []string{"linux_s390x", "linux_riscv64"}}).Targets {
		if e.Prove.Ref != "python:3.13-slim-trixie" {
			t.Errorf("%s is proved in %s", e.ID, e.Prove.Ref)
		}
	}
}

// Each combination that the table names can be planned, and its names parse.
func TestTable(t *testing.T) {
	tab, err := readTable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.DateOnly, tab.Date); err != nil || len(tab.Sources) < 4 {
		t.Errorf("the table has the date %q and %d sources", tab.Date, len(tab.Sources))
	}
	// The hosted runners of 2026 that are not deprecated.
	runner := regexp.MustCompile(`^(ubuntu-(22|24)\.04(-arm)?|macos-(15|26)(-intel)?|windows-20(22|25)|windows-11-arm)$`)
	count := 0
	for _, p := range tab.Platforms {
		for _, label := range append(p.OtherRunners, p.Runner) {
			if !runner.MatchString(label) {
				t.Errorf("%s runs on %s", p.Name, label)
			}
		}
		for _, v := range p.Pythons {
			plan(t, Options{Pythons: []string{v}, Platforms: []string{p.Name}, Images: []string{ImageHost}})
			count++
		}
		if strings.HasSuffix(p.Runner, "-latest") || p.Runner == "" {
			t.Errorf("%s runs on %q", p.Name, p.Runner)
		}
	}
	for _, im := range tab.Images {
		for v := range im.Pythons {
			for _, p := range tab.Platforms {
				if !strings.HasPrefix(p.Name, "linux_") || !im.on(p.Name) {
					continue
				}
				e := plan(t, Options{Pythons: []string{v}, Platforms: []string{p.Name}, Images: []string{im.Name}}).Targets[0]
				if e.Image.Ref == "" || e.Python.Path == "" || e.Image.Platform == "" {
					t.Errorf("%s: %+v", e.ID, e)
				}
				if _, err := ParseTarget(e.Target); err != nil {
					t.Error(err)
				}
				count++
			}
		}
		for platform, ref := range im.Refs {
			if !strings.Contains(ref, "@sha256:") {
				t.Errorf("%s on %s isn't pinned: %s", im.Name, platform, ref)
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d combinations", count)
	}
}

func TestReadPlan(t *testing.T) {
	p := plan(t, Options{Pythons: []string{"3.12", "3.13"}})
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadPlan(bytes.NewReader(b))
	if err != nil || !slices.Equal(back.Archives(), p.Archives()) || len(back.Archives()) != 2 {
		t.Errorf("%v %v", back, err)
	}
	for _, bad := range []string{"", "{}", `{"format":2,"targets":[{"archive":"a-1-cp313-win32.zip"}]}`, `{"format":1,"targets":[]}`, `{"format":1,"targets":[{"archive":"../x"}]}`} {
		if _, err := ReadPlan(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
