package buildout

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

func TestRandomDirectory(t *testing.T) {
	random := randomDirectory("/var/tmp/a b/site.tmp")
	for text, want := range map[string]string{
		`"path+file:///var/tmp/a%20b/site.tmp/pip-req-build-tk4ebrco#two@0.1.0"`:                                     `"path+file:///build/tmp#two@0.1.0"`,
		`"/var/tmp/a b/site.tmp/pip-req-build-tk4ebrco/src/rust"`:                                                    `"/build/tmp/src/rust"`,
		`"/var/tmp/a b/site.tmp/pip-install-x1/two_0123456789abcdef0123456789abcdef/src/rust#two"`:                   `"/build/tmp/src/rust#two"`,
		`"/var/tmp/a b/site.tmp/pip-install-x1/two_0123456789abcdef0123456789abcdef", "/var/tmp/a b/site.tmp/x?y=1"`: `"/build/tmp", "/build/tmp?y=1"`,
		`"file:///srv/other/site.tmp/x"`: `"file:///srv/other/site.tmp/x"`,
	} {
		if got := random.ReplaceAllString(text, "/build/tmp"); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// rustProject is a directory with an sdist of maturin's. Its library holds the
// paths of its own source and of a crate's, which a panic names.
func rustProject(t *testing.T) string {
	t.Helper()
	dir := write(t, map[string]string{
		"bbrust-1.0.0/Cargo.toml":     "[package]\nname = \"bbrust\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\nsmallvec = \"=1.13.2\"\n",
		"bbrust-1.0.0/pyproject.toml": "[build-system]\nrequires = [\"maturin==1.14.1\", \"cffi==2.0.0\"]\nbuild-backend = \"maturin\"\n[project]\nname = \"bbrust\"\nversion = \"1.0.0\"\n[tool.maturin]\nbindings = \"cffi\"\n",
		"bbrust-1.0.0/src/lib.rs":     "#[no_mangle] pub extern \"C\" fn place(at: usize) -> u8 { let mut v: smallvec::SmallVec<[u8; 4]> = Default::default(); v.insert(at, 1); v[at + 1] }\n",
		"bbrust-1.0.0/PKG-INFO":       "Metadata-Version: 2.1\nName: bbrust\nVersion: 1.0.0\n",
	})
	if out, err := exec.Command("tar", "-C", dir, "-czf", filepath.Join(dir, "bbrust-1.0.0.tar.gz"), "bbrust-1.0.0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// TestRustEgg builds an sdist of maturin's twice: its egg names no directory of
// the build, is the same each time, and its RECORD is true.
func TestRustEgg(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real buildouts")
	}
	py, links := python(t, "3.12"), rustProject(t)
	if out, err := exec.Command(py, "-m", "pip", "-q", "download", "--no-deps", "-d", links, "zc.recipe.egg==6.0.0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// Without allow-hosts zc.buildout reads the list of all projects for a name that the index doesn't know.
	checkout := write(t, map[string]string{"buildout.cfg": "[buildout]\nparts = py\nallow-hosts = none.invalid\nfind-links = " + links +
		"\n[versions]\nzc.buildout = 6.0.1\nzc.recipe.egg = 6.0.0\n[py]\nrecipe = zc.recipe.egg\neggs = bbrust\n"})
	o := Options{Dir: checkout, Stage: filepath.Join(t.TempDir(), "stage"), Python: py, Launcher: launcher(t), OS: "linux", Env: rustEnv(t)}
	var sums [2]map[string]string
	for i := range sums {
		tree, err := Run(context.Background(), o)
		if err != nil {
			fail(t, err)
		}
		checkSBOM(t, tree)
		checkRustPaths(t, tree, environ.Get(o.Env, "HOME"))
		sums[i] = sumTree(t, tree)
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for path, sum := range sums[0] {
		if strings.Contains(path, "bbrust") && sums[1][path] != sum {
			t.Errorf("%s differs", path)
		}
	}
}

func checkSBOM(t *testing.T, tree *Tree) {
	t.Helper()
	documents, err := sboms(tree.dir("eggs-directory"))
	if err != nil || len(documents) != 1 {
		t.Fatalf("SBOMs: %q, %v", documents, err)
	}
	data, err := os.ReadFile(documents[0])
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), tree.stage.tmp) || !strings.Contains(string(data), "/build/tmp#bbrust@1.0.0") {
		t.Errorf("%s: %s", documents[0], data)
	}
	record, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(documents[0])), "RECORD"))
	sum := sha256.Sum256(data)
	if want := "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:]); err != nil || !strings.Contains(string(record), want) {
		t.Errorf("RECORD lacks %s: %v\n%s", want, err, record)
	}
}

// rustEnv has a HOME of its own, where cargo keeps the sources of crates, and
// the Rust of the real one.
func rustEnv(t *testing.T) []string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	env := environ.Set(os.Environ(), "HOME="+t.TempDir(), "CARGO_HOME", "RUSTC_WRAPPER")
	if rustup := filepath.Join(home, ".rustup"); os.Getenv("RUSTUP_HOME") == "" {
		if _, err := os.Stat(rustup); err == nil {
			env = environ.Set(env, "RUSTUP_HOME="+rustup)
		}
	}
	return env
}

// checkRustPaths looks for what a panic would say.
func checkRustPaths(t *testing.T, tree *Tree, home string) {
	t.Helper()
	libraries, err := filepath.Glob(filepath.Join(globEscape(tree.dir("eggs-directory")), "bbrust*", "bbrust", "*.so"))
	if err != nil || len(libraries) != 1 {
		t.Fatalf("libraries: %q, %v", libraries, err)
	}
	data, err := os.ReadFile(libraries[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "/build/cargo/registry/") {
		t.Error("no path of a crate's source is in the library")
	}
	for _, place := range []string{home, tree.Root, tree.stage.tmp} {
		if strings.Contains(string(data), place) {
			t.Errorf("%s names %s", libraries[0], place)
		}
	}
}

// A line of RECORD is written anew or goes; the others, and a dist-info without one, stay.
func TestEditRecord(t *testing.T) {
	const record = "x/__init__.py,sha256=a,1\nx-1.dist-info/sboms/x.json,sha256=b,2\nx-1.dist-info/direct_url.json,sha256=c,3\nx-1.dist-info/RECORD,,\n"
	dir := write(t, map[string]string{"tmp/x.whl": "", "x-1.dist-info/RECORD": record, "bare.dist-info/METADATA": ""})
	info, tmp := filepath.Join(dir, "x-1.dist-info"), filepath.Join(dir, "tmp")
	if err := os.WriteFile(filepath.Join(info, "direct_url.json"), []byte(`{"url": "file://`+tmp+`/x.whl"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	tree := &Tree{stage: stage{tmp: tmp}}
	if err := errors.Join(recordAgain(info, "sboms/x.json", []byte("new")), recordAgain(filepath.Join(dir, "bare.dist-info"), "sboms/x.json", nil), tree.forgetDownload(info)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(info, "RECORD"))
	const want = "x/__init__.py,sha256=a,1\nx-1.dist-info/sboms/x.json,sha256=EVB6Di9eadXfpApiob17buV-a82FxnybhDGzb_8hxDc,3\nx-1.dist-info/RECORD,,\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}
