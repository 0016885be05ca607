//go:build linux && wine

package windows

import (
	"archive/zip"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target"
)

// exchanged has the interpreter of a tree give way to another micro version and
// come back, while a process runs under it; with a number of kills, more of this
// and these. The archives are the given one with Windows' Pythons in it.
func (w *wine) exchanged(file string, kills ...string) {
	w.t.Helper()
	content := w.content(file)
	base := w.archive("app-1.0-own.zip", "1.0", w.withPython(content, "3.13.0"))
	next := w.archive("app-2.0-cp313-win_amd64.zip", "2.0", w.withPython(content, "3.13.5"))
	delta := w.delta(base, next)
	data, err := os.ReadFile("testdata/exchange.py")
	w.check(err)
	w.check(os.WriteFile(filepath.Join(w.work, "exchange.py"), data, 0o644))

	tree := filepath.Join(w.work, "its own ü", "app")
	w.check(os.Mkdir(filepath.Dir(tree), 0o755))
	w.program(0, "install", w.z(base), "--into", w.z(tree))
	w.updates(tree, "") // as each update and rollback does at its end
	before := w.snapshot(tree)
	said := w.run(w.at, 0, append([]string{exe(w.at), "-B", `Z:\w\exchange.py`, w.z(tree), w.z(delta), "python-3.13.0", "python-3.13.5"}, kills...)...)
	w.t.Logf("exchange.py:\n%s", said)
	w.sameAs(before, tree, "update and rollback of its interpreter")
}

// leftOut is what of javacpp's Python has no place in an archive, as pack has it.
var leftOut = regexp.MustCompile(`^(include|libs|share|bin|jnipython\.dll|lib/(test|idlelib|tkinter|turtledemo|ensurepip|pip|pip-[^/]*|site-packages|pydoc_data|_test[^/]*\.pyd|t[ck][^/]*\.dll))(/|$)`)

// withPython gives an archive's content with an interpreter in it, in place of its own.
func (w *wine) withPython(content map[string][]byte, version string) map[string][]byte {
	w.t.Helper()
	from, top, with := filepath.Join(w.cache, "windows-python-"+version), "python-"+version, map[string][]byte{}
	for name, data := range content {
		if !strings.HasPrefix(name, "python-") {
			with[name] = data
		}
	}
	w.check(filepath.WalkDir(from, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := filepath.ToSlash(strings.TrimPrefix(full, from+string(filepath.Separator)))
		if leftOut.MatchString(path) || d.Name() == "__pycache__" {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			with[top+strings.TrimSuffix("/"+path, "/"+from)+"/"] = nil
			return nil
		}
		with[top+"/"+path], err = os.ReadFile(full)
		return err
	}))
	starter, err := target.Starter{Executable: top + "/python.exe", Target: "cp313-win_amd64", System: "windows", Arch: "x86_64", Floor: "6.2"}.Bytes()
	w.check(err)
	with["bootstrap.cmd"] = starter
	var manifest map[string]any
	w.check(json.Unmarshal(with[archive.ManifestName], &manifest))
	manifest["relocations"] = slices.DeleteFunc(manifest["relocations"].([]any), func(r any) bool {
		return strings.HasPrefix(r.(map[string]any)["path"].(string), "python-")
	})
	manifest["bundled_python"] = archive.BundledPython{Version: version, Directory: top, Executable: top + "/python.exe"}
	with[archive.ManifestName], err = json.Marshal(manifest)
	w.check(err)
	return with
}

// content reads an archive. A directory's path ends with a slash.
func (w *wine) content(file string) map[string][]byte {
	w.t.Helper()
	z, err := zip.OpenReader(file)
	w.check(err)
	defer z.Close()
	content := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		w.check(err)
		data, err := io.ReadAll(r)
		w.check(err)
		content[strings.TrimPrefix(f.Name, "app-1.0/")] = data
	}
	return content
}

// archive writes an archive of a content: files.json lists what is in there.
func (w *wine) archive(name, version string, content map[string][]byte) string {
	w.t.Helper()
	var files archive.Files
	w.check(json.Unmarshal(content[archive.FilesName], &files))
	files.Files = slices.DeleteFunc(files.Files, func(e archive.Entry) bool {
		_, file := content[e.Path]
		_, dir := content[e.Path+"/"]
		return !file && !dir
	})
	known := map[string]int{}
	for i, e := range files.Files {
		known[e.Path] = i
	}
	for path, data := range content {
		bare := strings.TrimSuffix(path, "/")
		if i, ok := known[bare]; ok {
			if e := &files.Files[i]; e.Type == archive.TypeFile {
				e.Size, e.SHA256 = int64(len(data)), sum(data)
			}
			continue
		}
		if bare == "" || path == archive.ManifestName || path == archive.FilesName {
			continue
		}
		e := archive.Entry{Path: bare, Mode: 0o755, Type: archive.TypeDir}
		if bare == path {
			e = archive.Entry{Path: path, Mode: 0o644, Size: int64(len(data)), SHA256: sum(data)}
		}
		files.Files = append(files.Files, e)
	}
	slices.SortFunc(files.Files, func(a, b archive.Entry) int { return strings.Compare(a.Path, b.Path) })
	var err error
	content[archive.FilesName], err = json.Marshal(files)
	w.check(err)
	var manifest map[string]any
	w.check(json.Unmarshal(content[archive.ManifestName], &manifest))
	manifest["version"], manifest["files_sha256"] = version, sum(content[archive.FilesName])
	content[archive.ManifestName], err = json.Marshal(manifest)
	w.check(err)
	return w.write(filepath.Join(w.work, "dist", name), version, content, files)
}
