package pack_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/pack"
)

// largeTree is smallTree and a good part of an interpreter's own library, in
// which every second module names the tree.
func largeTree(t testing.TB, python string) string {
	t.Helper()
	dir := smallTree(t, python)
	out := runIn(t, "", os.Environ(), python, "-c", "import os; print(os.path.dirname(os.__file__))").must(t, "asking python")
	library := strings.TrimSpace(out.out)
	for _, name := range []string{"ctypes", "email", "encodings", "json", "logging", "unittest", "xml"} {
		copyDir(t, filepath.Join(library, name), filepath.Join(dir, "eggs/large.egg", name))
	}
	var manifest pack.Manifest
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(dir, pack.ManifestName))), &manifest); err != nil {
		t.Fatal(err)
	}
	count := 0
	walk(t, dir, func(path string, d fs.DirEntry) {
		if !strings.HasPrefix(path, "eggs/large.egg/") || !strings.HasSuffix(path, ".py") {
			return
		}
		if count++; count%2 == 0 {
			return
		}
		full := filepath.Join(dir, path)
		data := readFile(t, full) + "# made in " + pack.Root + "/" + path + "\n"
		writeFile(t, full, data)
		os.Chmod(full, 0o644)
		manifest.Relocations = append(manifest.Relocations, pack.Relocation{
			Path: path, Class: pack.ClassText, Mode: 0o644, Size: int64(len(data)), SHA256: sum([]byte(data))})
	})
	settle(t, dir)
	writeManifest(t, dir, manifest)
	return dir
}

// TestBootstrapKilledLarge kills bootstrap.py in a tree with a hundred and
// more relocations at calls that a seed picks. BINARY_BUILDOUT_TEST_SEED repeats one.
func TestBootstrapKilledLarge(t *testing.T) {
	seed := time.Now().UnixNano()
	if given := os.Getenv("BINARY_BUILDOUT_TEST_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseInt(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	count := 50
	if testing.Short() {
		count = 3
	}
	python := findPython(t, "3.11")
	archive := largeTree(t, python)
	root := filepath.Join(t.TempDir(), "root with space")
	trace := filepath.Join(t.TempDir(), "trace")
	lay := func() {
		os.RemoveAll(root)
		runIn(t, "/", cEnv(), "cp", "-a", archive, root).must(t, "cp")
	}
	strace := func(args ...string) result {
		args = append([]string{"-f", "-o", trace, "-e", "trace=" + written, "-e", "signal=none"}, args...)
		return runIn(t, root, cEnv("PYTHONDONTWRITEBYTECODE=1"), "strace", append(args, python, "-E", "bootstrap.py")...)
	}
	lay()
	strace().must(t, "undisturbed")
	want := contents(t, root)
	calls := writes(t, readFile(t, trace), root)
	if len(calls) < 800 {
		t.Fatalf("only %d calls that write", len(calls))
	}
	t.Logf("BINARY_BUILDOUT_TEST_SEED=%d: %d of %d calls", seed, count, len(calls))
	random := rand.New(rand.NewSource(seed))
	for range count {
		call := calls[random.Intn(len(calls))]
		lay()
		r := strace("-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call.name, call.number))
		if r.code != 137 && r.code != -1 {
			t.Fatalf("%v did not fire: exit %d", call, r.code)
		}
		runIn(t, root, cEnv(), python, "-E", "bootstrap.py").must(t, fmt.Sprint("after ", call))
		if sameMap(t, want, contents(t, root)); t.Failed() {
			t.Fatalf("after the kill at %v, with BINARY_BUILDOUT_TEST_SEED=%d", call, seed)
		}
	}
}
