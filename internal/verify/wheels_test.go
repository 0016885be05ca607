package verify

import (
	"context"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// many are several archives, each below a directory of its own, as eggs lie.
type many []struct {
	prefix string
	Source
}

func (m many) Walk(ctx context.Context, visit func(Entry) error) error {
	for _, s := range m {
		if err := s.Walk(ctx, func(e Entry) error {
			e.Path = path.Join(s.prefix, e.Path)
			return visit(e)
		}); err != nil {
			return err
		}
	}
	return nil
}

// wheelTree is a tree of wheels, each in an egg's directory.
func wheelTree(t *testing.T, platform string, requirements ...string) Source {
	t.Helper()
	var all many
	for _, w := range verifytest.Wheels(t, requirements, platform) {
		name := strings.Join(strings.Split(path.Base(w), "-")[:2], "-")
		all = append(all, struct {
			prefix string
			Source
		}{"eggs/" + name + "-py3.13.egg", Archive(w)})
	}
	return all
}

func python313(platform, libc string) archive.Python {
	return archive.Python{Version: "3.13.0", Implementation: "cpython", ABI: "cp313", Platform: platform, Bits: 64, Libc: libc}
}

var popular = []string{"lxml==6.1.3", "pillow==13.0.0", "cffi==2.1.1", "cryptography==50.0.2", "numpy==2.5.5", "grpcio==1.85.1", "markupsafe==3.0.4"}

// popularOnIntel is the same with the last cryptography that has a wheel for Macs of that kind.
var popularOnIntel = append([]string{"cryptography==48.0.1"}, slices.DeleteFunc(slices.Clone(popular), func(r string) bool { return strings.HasPrefix(r, "cryptography==") })...)

// TestNoFalseFindings: what thousands use is fine on every platform.
func TestNoFalseFindings(t *testing.T) {
	for _, row := range []struct {
		name, platform, libc string
		requirements         []string
		floor                string
		extensions           int
	}{
		{"linux-x86_64", "manylinux_2_28_x86_64", "glibc", popular, "glibc", 38},
		{"linux-aarch64", "manylinux_2_28_aarch64", "glibc", popular, "glibc", 38},
		{"musl-x86_64", "musllinux_1_2_x86_64", "musl", popular, "musl", 38},
		{"macos-arm64", "macosx_14_0_arm64", "", popular, "macos", 38},
		{"macos-x86_64", "macosx_14_0_x86_64", "", popularOnIntel, "macos", 38},
		{"win_amd64", "win_amd64", "", append([]string{"pywin32==312"}, popular...), "", 85},
		{"win32", "win32", "", []string{"cffi==2.1.1", "markupsafe==3.0.4"}, "", 2},
		{"win_arm64", "win_arm64", "", []string{"cffi==2.1.1", "markupsafe==3.0.4"}, "", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := Tree(t.Context(), Input{Source: wheelTree(t, row.name, row.requirements...), Python: python313(row.platform, row.libc), Platform: row.platform, Relocated: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range append(r.Missing, r.Foreign...) {
				t.Errorf("false finding: %s: %+v", i.Path, i.Problems)
			}
			for _, i := range r.Warnings {
				t.Logf("warning: %s: %s", i.Path, i.Problems[0].Message)
			}
			if len(r.Compiled) < row.extensions {
				t.Errorf("only %d extensions", len(r.Compiled))
			}
			if row.floor == "" && len(r.Floors) > 0 || row.floor != "" && (len(r.Floors) != 1 || r.Floors[0].Kind != row.floor || r.Floors[0].File == "") {
				t.Errorf("floors %+v", r.Floors)
			}
			t.Logf("%d extensions, floors %v, versions %v, system %v, other %d", len(r.Compiled), r.Floors, r.Versions, r.SystemLibraries, r.Other)
		})
	}
}

// pinned are the requirements of a versions.cfg.
func pinned(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^([A-Za-z0-9_.-]+) = ([0-9]\S*)$`).FindAllStringSubmatch(string(b), -1) {
		all = append(all, m[1]+"=="+m[2])
	}
	return all
}

// TestTreesOfWheels: Zope and Plone, each egg a wheel from the index, have no finding.
func TestTreesOfWheels(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches 300 wheels")
	}
	for _, row := range []struct {
		example          string
		eggs, extensions int
	}{{"zope", 80, 20}, {"plone6", 250, 60}} {
		t.Run(row.example, func(t *testing.T) {
			t.Parallel()
			source := wheelTree(t, "linux-x86_64", pinned(t, "../../examples/"+row.example+"/versions.cfg")...)
			r := check(t, Input{Source: source, Python: python313("manylinux_2_28_x86_64", "glibc"), Relocated: true})
			if r.Err() != nil {
				t.Errorf("false findings:\n%s\n%s", messages(r.Missing), messages(r.Foreign))
			}
			if r.Eggs < row.eggs || len(r.Compiled) < row.extensions {
				t.Errorf("only %d eggs, %d extensions", r.Eggs, len(r.Compiled))
			}
			t.Logf("%d eggs, %d extensions, floors %v, warnings:\n%s", r.Eggs, len(r.Compiled), r.Floors, messages(r.Warnings))
		})
	}
}

// TestTreesOfOtherPlatforms: what Plone and Zope have compiled, each project once, for the platforms that
// the index has all of it for. Zope's own have no wheels for musl.
func TestTreesOfOtherPlatforms(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches 80 wheels")
	}
	var compiled []string
	seen := map[string]bool{}
	for _, example := range []string{"plone6", "zope"} {
		requirements := pinned(t, "../../examples/"+example+"/versions.cfg")
		for i, wheel := range verifytest.Wheels(t, requirements, "linux-x86_64") {
			if project, _, _ := strings.Cut(requirements[i], "=="); !strings.HasSuffix(wheel, "-any.whl") && !seen[project] {
				seen[project], compiled = true, append(compiled, requirements[i])
			}
		}
	}
	for _, row := range []struct{ name, platform, libc string }{
		{"linux-aarch64", "manylinux_2_28_aarch64", "glibc"},
		{"macos-arm64", "macosx_14_0_arm64", ""}, {"macos-x86_64", "macosx_14_0_x86_64", ""}, {"win_amd64", "win_amd64", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := check(t, Input{Source: wheelTree(t, row.name, compiled...), Python: python313(row.platform, row.libc), Platform: row.platform, Relocated: true})
			if r.Err() != nil || len(r.Compiled) < 60 {
				t.Errorf("%d extensions, false findings:\n%s\n%s", len(r.Compiled), messages(r.Missing), messages(r.Foreign))
			}
		})
	}
}

// TestStableABIOfFreeThreads: PyO3's wheel for every Python from 3.15 on exports PyModExport_ alone, for each submodule too.
func TestStableABIOfFreeThreads(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches a wheel")
	}
	dir := t.TempDir()
	if said, err := exec.Command(verifytest.Python(t, "3.13"), "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "-d", dir,
		"--python-version", "3.15", "--implementation", "cp", "--abi", "abi3t", "--platform", "manylinux_2_28_x86_64", "cryptography==50.0.2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	for _, py := range []archive.Python{python315, python315t} {
		r := check(t, Input{Source: Archive(found[0]), Python: py, Platform: "manylinux_2_28_x86_64"})
		if r.Err() != nil || len(r.Compiled) != 1 || r.Compiled[0].Module != "cryptography.hazmat.bindings._rust" || r.Compiled[0].ABI != "abi3t" {
			t.Errorf("%s: %+v, %s%s", py.ABI, r.Compiled, messages(r.Missing), messages(r.Foreign))
		}
	}
	r := check(t, Input{Source: Archive(found[0]), Platform: "manylinux_2_28_x86_64"})
	if !strings.Contains(messages(r.Foreign), "it is for abi3t, and there is none for cp313") {
		t.Error(messages(r.Foreign))
	}
}
