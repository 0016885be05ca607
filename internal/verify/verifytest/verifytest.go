// Package verifytest finds what tests need and can't build themselves:
// interpreters, and other platforms' wheels from PyPI.
package verifytest

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// Python gives the path of a CPython, "3.13". A test that lacks one is skipped.
func Python(t testing.TB, version string) string {
	t.Helper()
	return testtool.Python(t, version)
}

// Cache is a directory outside the tree whose content can be fetched again.
func Cache(t testing.TB) string {
	t.Helper()
	return filepath.Join(testcache.Dir(t), "verify")
}

// platforms are pip's --platform tags by the names that tests use.
var platforms = map[string][]string{
	"linux-x86_64":  {"manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_26_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64"},
	"linux-aarch64": {"manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_26_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"},
	"musl-x86_64":   {"musllinux_1_2_x86_64", "musllinux_1_1_x86_64"},
	"macos-arm64":   {"macosx_14_0_arm64", "macosx_11_0_arm64", "macosx_11_0_universal2", "macosx_10_13_universal2", "macosx_10_9_universal2"},
	"macos-x86_64":  {"macosx_14_0_x86_64", "macosx_10_15_x86_64", "macosx_10_13_x86_64", "macosx_10_12_x86_64", "macosx_10_9_x86_64", "macosx_11_0_universal2", "macosx_10_13_universal2", "macosx_10_9_universal2"},
	"win_amd64":     {"win_amd64"},
	"win32":         {"win32"},
	"win_arm64":     {"win_arm64"},
}

// Wheel gives the path of a wheel for CPython 3.13 from the cache, "lxml==6.1.3"
// for "macos-arm64", and fetches it if it isn't there.
func Wheel(t testing.TB, requirement, platform string) string {
	t.Helper()
	return Wheels(t, []string{requirement}, platform)[0]
}

// atOnce is how many pips fetch wheels: most of their time goes by waiting for the index.
const atOnce = 6

// Wheels gives the paths of wheels for CPython 3.13 from the cache, in the order
// of the requirements, and fetches those that aren't there.
func Wheels(t testing.TB, requirements []string, platform string) []string {
	t.Helper()
	base := mkdir(t, filepath.Join(Cache(t), "wheels", platform))
	in := func(requirement string) string { return filepath.Join(base, requirement) }
	var missing []string
	var python string
	for _, r := range requirements {
		if found, _ := filepath.Glob(filepath.Join(in(r), "*.whl")); len(found) != 1 {
			missing = append(missing, r)
		}
	}
	if len(missing) > 0 {
		python = testtool.PythonWith(t, "3.13", "pip")
	}
	var group sync.WaitGroup
	for chunk := range slices.Chunk(missing, len(missing)/atOnce+1) {
		group.Go(func() {
			if err := download(python, base, platform, chunk); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	var all []string
	for _, r := range requirements {
		found, _ := filepath.Glob(filepath.Join(in(r), "*.whl"))
		if len(found) != 1 {
			t.Fatalf("fetching %s for %s gave %d wheels", r, platform, len(found))
		}
		all = append(all, found[0])
	}
	return all
}

// download has pip fetch the wheels, and puts each into the directory of its
// requirement. Another test process may fetch the same: the rename decides.
func download(python, base, platform string, requirements []string) error {
	tmp, err := os.MkdirTemp(base, "fetch")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	args := []string{"-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary=:all:", "--no-deps",
		"--python-version", "3.13", "--implementation", "cp", "--abi", "cp313", "--abi", "abi3", "--abi", "none", "-d", tmp}
	for _, p := range platforms[platform] {
		args = append(args, "--platform", p)
	}
	if out, err := exec.Command(python, append(args, requirements...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("fetching %s for %s: %w\n%s", strings.Join(requirements, " "), platform, err, out)
	}
	files, err := filepath.Glob(filepath.Join(tmp, "*.whl"))
	if err != nil {
		return err
	}
	for _, requirement := range requirements {
		name, _, _ := strings.Cut(requirement, "==")
		for _, f := range files {
			project, _, _ := strings.Cut(filepath.Base(f), "-")
			if pydist.PlainName(project) != pydist.PlainName(name) {
				continue
			}
			own := filepath.Join(tmp, requirement)
			if err := os.Mkdir(own, 0o755); err != nil {
				return err
			}
			if err := os.Rename(f, filepath.Join(own, filepath.Base(f))); err != nil {
				return err
			}
			_ = os.Rename(own, filepath.Join(base, requirement))
		}
	}
	return nil
}

func mkdir(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Member reads the only member of a wheel whose name matches a pattern of its base name.
func Member(t testing.TB, requirement, platform, pattern string) []byte {
	t.Helper()
	z, err := zip.OpenReader(Wheel(t, requirement, platform))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if ok, _ := path.Match(pattern, path.Base(f.Name)); !ok {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("%s has no %s", requirement, pattern)
	return nil
}
