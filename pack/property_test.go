package pack

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

// TestAsBuiltThere: for random trees, what is packed at A and relocated at B
// is what would have been built at B, and names A nowhere. It is bootstrap.py's
// part said in Go; that script's own tests are beside it.
func TestAsBuiltThere(t *testing.T) {
	for seed := range int64(40) {
		r := rand.New(rand.NewSource(seed))
		tr := randomTree(r)
		base := t.TempDir()
		a := filepath.Join(base, "a", strings.Repeat("stage-", 1+r.Intn(8))+"x")
		b, want := filepath.Join(base, "installed"), filepath.Join(base, "installed")
		tr.write(t, a)
		data, _, _ := packTree(t, a, testOrigin(a), []string{archive.FormatTarGz, archive.FormatTarZst, archive.FormatZip}[seed%3])
		file := save(t, data, "x")
		check(t, os.RemoveAll(a))
		tr.write(t, b)
		expected := snapshot(t, b)
		check(t, os.RemoveAll(b))
		check(t, archive.Extract(context.Background(), file, b, archive.ExtractOptions{}))
		bootstrap(t, file, b)
		got := snapshot(t, want)
		for p, text := range expected {
			if got[p] != text {
				t.Errorf("seed %d: %s\n got %q\nwant %q", seed, p, got[p], text)
			}
			if strings.Contains(got[p], a) {
				t.Errorf("seed %d: %s names %s", seed, p, a)
			}
		}
		if len(got) != len(expected) {
			t.Errorf("seed %d: %d files, want %d", seed, len(got), len(expected))
		}
	}
}

// bootstrap relocates an unpacked tree to where it is.
func bootstrap(t *testing.T, file, root string) {
	t.Helper()
	r, err := archive.Open(file)
	check(t, err)
	defer r.Close()
	values := map[string]string{archive.Root: root, archive.Interpreter: testPython, archive.Prefix: testPrefix}
	fill := func(s string) string {
		for p, v := range values {
			for _, f := range []string{archive.FormPlain, archive.FormURL, archive.FormJSON, archive.FormPython, archive.FormBytes, archive.FormUnicode, archive.FormShell} {
				s = strings.ReplaceAll(s, archive.Form(p, f), v)
			}
		}
		return s
	}
	for _, rel := range r.Manifest().Relocations {
		p := filepath.Join(root, rel.Path)
		switch rel.Class {
		case archive.ClassLink:
			check(t, os.Symlink(fill(rel.Link), p))
		case archive.ClassText:
			text, err := os.ReadFile(p)
			check(t, err)
			if hexSum(string(text)) != rel.SHA256 || int64(len(text)) != rel.Size {
				t.Fatalf("%s: the manifest has another digest", rel.Path)
			}
			check(t, os.WriteFile(p, []byte(fill(string(text))), 0o644))
		}
	}
}

// snapshot is a tree as path -> type, mode and content, without what is ours. Links count by where they lead.
func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		if rel == archive.Dir {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil || rel == archive.BootstrapPy || rel == "." {
			return err
		}
		switch {
		case d.IsDir():
			out[rel] = "dir"
		case d.Type() == fs.ModeSymlink:
			l, _ := os.Readlink(p)
			if !filepath.IsAbs(l) {
				l = filepath.Join(filepath.Dir(p), l)
			}
			out[rel] = "-> " + filepath.Clean(l)
		default:
			b, err := os.ReadFile(p)
			out[rel] = fmt.Sprintf("%v %s", info.Mode()&0o100, b)
			return err
		}
		return nil
	}))
	return out
}

func randomTree(r *rand.Rand) tree {
	paths := []string{"ROOT", "ROOT/x y", "PYBIN", "PREFIX/lib", "ROOT/eggs/x.egg", "file://ROOT/x", "-LROOT/lib", "ROOT/ü/../x", "x", "../x", "ü", "//ROOT", "-Wl,-rpath,ROOT"}
	between := []string{" ", "\n", ":", "'", "\"", "=", ",", "(", "\t", " #", "; ", "\n#!", " <<EOF\n", "\n'''", ". ", "[", "|"}
	names := []string{"a.py", "b.sh", "c.json", "d.cfg", "e f.txt", "ü.conf", "bin/run*", "parts/p/x.pc", "eggs/x.egg/m.py", "eggs/x.egg/EGG-INFO/scripts/s", ".installed.cfg", "z.html", "deep/er/and/deeper.ini"}
	tr := tree{"empty/dir/": ""}
	for _, n := range names {
		var b strings.Builder
		if r.Intn(3) == 0 {
			b.WriteString([]string{"#!PYBIN\n", "#!/bin/sh\n", "\ufeff"}[r.Intn(3)])
		}
		for range r.Intn(60) {
			b.WriteString(between[r.Intn(len(between))])
			b.WriteString(paths[r.Intn(len(paths))])
		}
		tr[n] = b.String()
		if n == ".installed.cfg" {
			tr[n] = "[p]\n__buildout_installed__ = ROOT/parts/p\nx = " + strings.NewReplacer("\n", " ", "\t", " ").Replace(b.String()) + "\n"
		}
	}
	tr["l/in"] = "-> ROOT/eggs/x.egg"
	tr["l/py"] = "-> PYBIN"
	tr["l/rel"] = "-> ../a.py"
	return tr
}
