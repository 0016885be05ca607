//go:build linux && wine

package windows

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/binary-buildout/binary-buildout/archive"
)

// updated has a tree become another version by a delta, and go back.
func (w *wine) updated(tree, delta string) {
	w.t.Helper()
	before := w.snapshot(tree)
	said := w.program(0, "update", w.z(tree), w.z(delta))
	if !strings.Contains(said, "app 2.0 is in "+w.z(tree)+"; it was 1.0") {
		w.t.Errorf("update: %s", said)
	}
	if data, err := os.ReadFile(filepath.Join(tree, "etc", "neu ü.txt")); err != nil || string(data) != "neu\n" {
		w.t.Errorf("what the delta brings: %q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(tree, "templates", "gone.txt")); err == nil {
		w.t.Error("what the new version hasn't is there")
	}
	w.bootstrap(0, tree, "--check")
	w.runs(tree)
	if said := w.program(0, "rollback", w.z(tree)); !strings.Contains(said, "app 1.0 is in "+w.z(tree)+"; it was 2.0") {
		w.t.Errorf("rollback: %s", said)
	}
	if w.bundled { // whose run removes the interpreter that ran the rollback
		w.run(w.at, 0, w.z(tree)+`\bin\buildout.exe`)
	}
	w.sameAs(before, tree, "update and rollback")
	w.runs(tree)
}

// sameAs sees that a tree holds what it held.
func (w *wine) sameAs(before map[string]string, tree, since string) {
	w.t.Helper()
	after := w.snapshot(tree)
	if w.bundled { // more runs, to each of which zc.buildout adds its list of develop eggs
		before[".installed.cfg"] = after[".installed.cfg"]
	}
	for path, data := range before {
		if after[path] != data {
			w.t.Errorf("after %s %s is another one", since, path)
		}
		delete(after, path)
	}
	for path := range after {
		w.t.Errorf("after %s %s is there", since, path)
	}
}

// snapshot is what a tree holds, less bytecode.
func (w *wine) snapshot(tree string) map[string]string {
	w.t.Helper()
	found := map[string]string{}
	w.walk(tree, func(path string, data []byte) {
		if !strings.HasSuffix(path, ".pyc") {
			found[path] = string(data)
		}
	})
	return found
}

// next makes the archive of version 2.0: a file changes, one comes, one goes.
func (w *wine) next(file string) string {
	w.t.Helper()
	content := w.content(file)
	if w.bundled {
		content = w.withPython(content, "3.13.0")
	}
	content["host.cfg"] = bytes.ReplaceAll(content["host.cfg"], []byte("9090"), []byte("9191"))
	content["etc/neu ü.txt"] = []byte("neu\n")
	delete(content, "templates/gone.txt")
	return w.archive("app-2.0-cp313-win_amd64.zip", "2.0", content)
}

// write writes an archive in the order that archives have.
func (w *wine) write(to, version string, content map[string][]byte, files archive.Files) string {
	w.t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, mode os.FileMode, data []byte) {
		h := &zip.FileHeader{Name: "app-" + version + "/" + name, Method: zip.Deflate, Modified: time.Unix(archive.DefaultEpoch, 0).UTC()}
		h.SetMode(mode)
		f, err := z.CreateHeader(h)
		w.check(err)
		_, err = f.Write(data)
		w.check(err)
	}
	add("", os.ModeDir|0o755, nil)
	add(archive.Dir+"/", os.ModeDir|0o755, nil)
	add(archive.ManifestName, 0o644, content[archive.ManifestName])
	add(archive.FilesName, 0o644, content[archive.FilesName])
	for _, e := range files.Files {
		switch {
		case e.Path == archive.Dir:
		case e.Type == archive.TypeFile:
			add(e.Path, os.FileMode(e.Mode), content[e.Path])
		default:
			add(e.Path+"/", os.ModeDir|os.FileMode(e.Mode), nil)
		}
	}
	w.check(z.Close())
	w.check(os.WriteFile(to, out.Bytes(), 0o644))
	return to
}

// delta writes the delta between two archives.
func (w *wine) delta(base, next string) string {
	w.t.Helper()
	data, err := os.ReadFile(next)
	w.check(err)
	var out bytes.Buffer
	_, err = archive.WriteDelta(w.t.Context(), &out, base, next, filepath.Base(next), sum(data))
	w.check(err)
	to := archive.DeltaName(next, "1.0")
	w.check(os.WriteFile(to, out.Bytes(), 0o644))
	return to
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// forms sees that what forms.py wrote at the build names the tree, each in the
// form that it had.
func (w *wine) forms(tree string) {
	w.t.Helper()
	root := w.z(tree)
	url := `file:///Z:/w/%C3%BC%20place/app`
	wide := func(s string) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	for name, want := range map[string]string{
		"plain.txt": root, "slashes.txt": strings.ReplaceAll(root, `\`, "/"), "doubled.txt": strings.ReplaceAll(root, `\`, `\\`),
		"json.json": `"Z:\\w\\\u00fc place\\app"`, "url.txt": url, "lower-url.txt": url, "lower.txt": root, "normcase.txt": strings.ToLower(root),
		"utf16.reg": "\xff\xfe" + wide(root), "utf16-doubled.reg": "\xff\xfe" + wide(strings.ReplaceAll(root, `\`, `\\`)),
		"utf16-slashes.txt": "\xff\xfe" + wide(strings.ReplaceAll(root, `\`, "/")),
	} {
		end := "\\x y\r\n"
		if strings.HasPrefix(want, "\xff\xfe") {
			end = wide(end)
		}
		if strings.HasSuffix(name, ".json") {
			end = ""
		}
		if data, err := os.ReadFile(filepath.Join(tree, "etc", "forms", name)); err != nil || string(data) != want+end {
			w.t.Errorf("%s: %q, want %q (%v)", name, data, want+end, err)
		}
	}
}
