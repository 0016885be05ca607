package buildout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/target"
)

// sources is a buildout whose extension comes from an sdist (pip builds it in
// a random directory) and whose library is made by zc.recipe.cmmi (random too).
func sources(t *testing.T, py, versions string, recipes ...string) string {
	dir := write(t, map[string]string{
		"buildout.cfg": "[buildout]\nparts = lib py\nupdate-versions-file = picked.cfg\nfind-links = ${buildout:directory}/sdists\nindex = file://${buildout:directory}/empty/\n\n[versions]\n" + versions +
			"\n[lib]\nrecipe = zc.recipe.cmmi\nurl = file://${buildout:directory}/sdists/low-1.0.tar.gz\n" +
			"\n[py]\nrecipe = zc.recipe.egg\neggs = hello\n",
		"picked.cfg":     "[versions]\n",
		"hello/setup.py": helloSetup, "hello/hello.py": "import _hello\n\n\ndef main():\n    print(_hello.hello())\n",
		"hello/_hello.c": strings.Replace(helloC, "hello from C", "hello from C\" __FILE__ \"", 1), "hello/MANIFEST.in": "include *.c\n",
		"low-1.0/low.c":     "const char *low(void) { return __FILE__; }\n",
		"low-1.0/configure": "#!/bin/sh\nprefix=${1#--prefix=}\nprintf 'all:\\n\\tgcc -g -shared -fPIC -o liblow.so %s/low.c\\ninstall:\\n\\tmkdir -p %s/lib\\n\\tcp liblow.so %s/lib\\n' \"$PWD\" \"$prefix\" \"$prefix\" > Makefile\n",
		"empty/index.html":  "<html></html>\n",
		"sdists/.ignored":   "",
	})
	os.Chmod(filepath.Join(dir, "low-1.0/configure"), 0o755)
	for _, argv := range [][]string{{"tar", "czf", "sdists/low-1.0.tar.gz", "low-1.0"}, {"mkdir", "hello-1.0"}, {"sh", "-c", "cp hello/* hello-1.0"},
		append([]string{py, "-m", "pip", "download", "-q", "--no-deps", "-d", "sdists"}, recipes...),
		{"sh", "-c", "printf 'Metadata-Version: 1.0\\nName: hello\\nVersion: 1.0\\n' > hello-1.0/PKG-INFO"},
		{"tar", "czf", "sdists/hello-1.0.tar.gz", "hello-1.0"}, {"rm", "-r", "hello", "hello-1.0", "low-1.0"}} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", argv, err, out)
		}
	}
	return dir
}

// Two builds at one stage give the same bytes.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real buildouts")
	}
	gcc, err := filepath.EvalSymlinks(lookIn(os.Getenv("PATH"), "gcc")) // x86_64-linux-gnu-gcc-12, which only variables name
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ minor, buildout, egg, cmmi, cc string }{
		{"3.13", "6.0.1", "6.0.0", "4.0.0", gcc}, {"2.7", "2.13.8", "2.0.7", "3.0.0", filepath.Base(gcc) + " -pthread"},
	} {
		t.Run(c.minor, func(t *testing.T) {
			py := python(t, c.minor)
			pins := "zc.buildout = " + c.buildout + "\nzc.recipe.egg = " + c.egg + "\nzc.recipe.cmmi = " + c.cmmi + "\n"
			o := Options{Dir: sources(t, py, pins, "zc.recipe.egg=="+c.egg, "zc.recipe.cmmi=="+c.cmmi), Stage: filepath.Join(t.TempDir(), "stage"), Python: py, Launcher: target.Launcher(), OS: "linux",
				Env: environ.Set(os.Environ(), "CFLAGS=-g", "CC="+c.cc)}
			var sums [2]map[string]string
			for i := range sums {
				tree, err := Run(context.Background(), o)
				if err != nil {
					fail(t, err)
				}
				if err := Gate(context.Background(), tree, nil, byConvention); err != nil {
					fail(t, err)
				}
				checkCalls(t, tree)
				checkPicked(t, tree)
				sums[i] = sumTree(t, tree)
				if err := tree.Close(); err != nil {
					t.Fatal(err)
				}
			}
			sameSums(t, sums[0], sums[1])
		})
	}
}

// checkPicked: what zc.buildout adds to update-versions-file has no time of the
// build, and a run as on the target adds nothing.
func checkPicked(t *testing.T, tree *Tree) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(tree.Root, "picked.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data); strings.Count(text, "# Added by buildout at ") != 1 || !strings.Contains(text, "# Added by buildout at 1980-01-01 00:00:00\n") || !strings.Contains(text, "\nhello = 1.0\n") {
		t.Errorf("picked.cfg is %q", text)
	}
}

// checkCalls holds the compiler's log against what was compiled.
func checkCalls(t *testing.T, tree *Tree) {
	t.Helper()
	data, err := os.ReadFile(tree.Compiler)
	if err != nil {
		t.Fatal(err)
	}
	seen := ""
	for line := range bytes.Lines(data) {
		var call CompilerCall
		if err := json.Unmarshal(line, &call); err != nil || call.Dir == "" || len(call.Argv) == 0 {
			t.Fatalf("%s: %v", line, err)
		}
		seen += strings.Join(call.Argv, " ") + "\n"
	}
	if !strings.Contains(seen, "_hello.c") || !strings.Contains(seen, "low.c") {
		t.Errorf("compiler calls:\n%s", seen)
	}
}

// sameSums compares what sumTree gives of two trees.
func sameSums(t *testing.T, old, new map[string]string) {
	t.Helper()
	for path, sum := range old {
		if new[path] != sum {
			t.Errorf("%s differs", path)
		}
	}
	for path := range new {
		if old[path] == "" {
			t.Errorf("%s is new", path)
		}
	}
}

// sumTree digests what would be packed, and shows where a temporary path is left.
func sumTree(t *testing.T, tree *Tree) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := filepath.WalkDir(tree.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "__pycache__" || strings.HasSuffix(path, ".pyc") || strings.HasSuffix(path, ".pyo") {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return err
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(data, []byte(tree.TmpDir+"/")) {
			t.Errorf("%s holds a temporary path: %s", tree.rel(path), around(data, tree.TmpDir+"/"))
		}
		sums[tree.rel(path)] = fmt.Sprintf("%x", sha256.Sum256(data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func around(data []byte, what string) []byte {
	i := bytes.Index(data, []byte(what))
	return data[max(0, i-30):min(len(data), i+120)]
}
