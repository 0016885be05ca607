package bootstraptest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/target"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

const stageRoot = "/var/tmp/binary-buildout/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

func wide(s string) string {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, utf16.Encode([]rune(s)))
	return b.String()
}

// smallFiles holds one file of each kind that bootstrap.py relocates.
func smallFiles() map[string]string {
	root, python := archive.Root, archive.Interpreter
	binaryFile := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + stageRoot + "/lib/plugins\x00rest\x00" + stageRoot + "\x00end"
	return map[string]string{
		"bin/script":                "#!" + python + "\nimport sys\nsys.path[0:0] = ['" + archive.Form(archive.Root, archive.FormPython) + "/lib']\nimport mod\nprint(mod.where)\n",
		"bin/flags":                 "#!" + python + " -S\nprint('flags')\n",
		"bin/tool":                  "#!/bin/sh\nexec " + archive.Form(archive.Interpreter, archive.FormShell) + " -c 'print(1)' " + archive.Form(archive.Root, archive.FormShell) + "/x\n",
		"lib/mod.py":                "where = '" + archive.Form(archive.Root, archive.FormPython) + "'\n",
		"lib/pkg/sub.py":            "prefix = '" + archive.Form(archive.Prefix, archive.FormPython) + "'\n",
		"etc/a name with space.cfg": "[x]\nroot = " + root + "\nlib = " + root + "/lib\npython = " + python + "\n",
		"etc/url.json":              `{"url": "file://` + archive.Form(archive.Root, archive.FormURL) + `/src", "path": "` + archive.Form(archive.Root, archive.FormJSON) + "\"}\n",
		"etc/wide.ini":              wide("root=" + root + "/x\r\n"),
		"etc/latin.conf":            "caf\xe9 = " + root + "\n",
		"lib/ü.txt":                 root + "\n",
		"lib/plugin.so":             binaryFile,
		".installed.cfg":            "[buildout]\ninstalled_develop_eggs = \nparts = x\n\n[x]\n__buildout_installed__ = " + root + "/bin/script\n",
	}
}

// smallTree makes an archive's directory of smallFiles.
func smallTree(t testing.TB, python string, change ...func(*archive.Manifest)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	manifest := archive.Manifest{Format: 1, Generator: "test", Name: "small", Version: "1.0", Python: packtest.AboutPython(t, python), LongestPath: "lib/pkg/sub.py"}
	manifest.Target = manifest.Python.ABI + "-" + manifest.Python.Platform
	files := smallFiles()
	paths := []string{}
	for path := range files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		data := files[path]
		packtest.WriteFile(t, filepath.Join(dir, path), data)
		r := archive.Relocation{Path: path, Class: archive.ClassText, Mode: 0o644, Size: int64(len(data)), SHA256: digest.Of([]byte(data))}
		if strings.HasPrefix(path, "bin/") {
			r.Mode = 0o755
			os.Chmod(filepath.Join(dir, path), 0o755)
		}
		if strings.HasSuffix(path, ".so") {
			r.Class = archive.ClassCString
			for _, tail := range []string{"/lib/plugins", ""} {
				old := stageRoot + tail
				r.CStrings = append(r.CStrings, archive.CString{Offset: int64(strings.Index(data, old+"\x00")), Old: old, Prefix: len(stageRoot)})
			}
		}
		manifest.Relocations = append(manifest.Relocations, r)
	}
	pyc := "lib/__pycache__/mod.cpython-" + strings.ReplaceAll(manifest.Python.ABI[2:], "m", "") + ".pyc"
	if strings.HasPrefix(manifest.Python.ABI, "cp27") {
		pyc = "lib/mod.pyc"
	}
	os.MkdirAll(filepath.Join(dir, filepath.Dir(pyc)), 0o755)
	manifest.Relocations = append(manifest.Relocations,
		archive.Relocation{Path: pyc, Class: archive.ClassBytecode, Mode: 0o644},
		archive.Relocation{Path: "bin/python", Class: archive.ClassLink, Link: archive.Interpreter},
		archive.Relocation{Path: "etc/inside", Class: archive.ClassLink, Link: archive.Root + "/lib/mod.py"})
	packtest.WriteFile(t, filepath.Join(dir, archive.LauncherName), string(target.Launcher()))
	packtest.WriteFile(t, filepath.Join(dir, "bootstrap.py"), string(target.Bootstrap()))
	packtest.WriteJSON(t, filepath.Join(dir, archive.LaunchName), archive.Launch{Format: 1, Config: "buildout.cfg"})
	packtest.Settle(t, dir)
	for _, c := range change {
		c(&manifest)
	}
	packtest.WriteManifest(t, dir, manifest)
	return dir
}

// checkSmall fails the test unless smallFiles are what they have to be.
func checkSmall(t testing.TB, root, python, minor string) {
	t.Helper()
	env := packtest.CEnv("HOME=/nonexistent")
	if r := packtest.RunIn(t, "/", env, filepath.Join(root, "bin/script")).Must(t, "bin/script"); strings.TrimSpace(r.Out) != root {
		t.Errorf("bin/script says %q", r.Out)
	}
	packtest.RunIn(t, "/", env, filepath.Join(root, "bin/flags")).Must(t, "bin/flags")
	packtest.RunIn(t, "/", env, filepath.Join(root, "bin/tool")).Must(t, "bin/tool")
	binaryFile := packtest.ReadFile(t, filepath.Join(root, "lib/plugin.so"))
	want := smallFiles()["lib/plugin.so"]
	padded := strings.Repeat("/", len(stageRoot)-len(root)) + root
	if want = strings.ReplaceAll(want, stageRoot, padded); binaryFile != want {
		t.Errorf("lib/plugin.so holds %q", binaryFile)
	}
	if got := packtest.ReadFile(t, filepath.Join(root, "etc/wide.ini")); got != wide("root="+root+"/x\r\n") {
		t.Errorf("etc/wide.ini holds %q", got)
	}
	var urls struct{ URL, Path string }
	if err := json.Unmarshal([]byte(packtest.ReadFile(t, filepath.Join(root, "etc/url.json"))), &urls); err != nil || urls.Path != root {
		t.Errorf("%v %v", err, urls)
	}
	if strings.ContainsAny(urls.URL, " ü") {
		t.Error(urls.URL)
	}
	if cfg := packtest.ReadFile(t, filepath.Join(root, "etc/a name with space.cfg")); cfg != "[x]\nroot = "+root+"\nlib = "+root+"/lib\npython = "+python+"\n" {
		t.Errorf("%q", cfg)
	}
	for link, target := range map[string]string{"bin/python": python, "etc/inside": root + "/lib/mod.py"} {
		if got, err := os.Readlink(filepath.Join(root, link)); err != nil || got != target {
			t.Errorf("%s points to %q (%v)", link, got, err)
		}
	}
	info, err := os.Lstat(filepath.Join(root, "lib/mod.py"))
	if err != nil || info.ModTime().Unix() != 315532800 || info.Mode().Perm() != 0o644 {
		t.Errorf("lib/mod.py: %v %v", info, err)
	}
	// A read-only install starts without compiling: the .pyc is taken.
	r := packtest.RunIn(t, "/", append(env, "PYTHONDONTWRITEBYTECODE=1"), python, "-v", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import mod", filepath.Join(root, "lib"))
	if !regexp.MustCompile(`(matches|precompiled).*mod`).MatchString(r.Err) {
		t.Errorf("python%s compiled lib/mod.py again:\n%s", minor, grep(r.Err, "mod"))
	}
}

func grep(s, word string) string {
	var found []string
	for _, line := range strings.Split(s, "\n") {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}
