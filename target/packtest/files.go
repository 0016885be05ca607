package packtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// Walk calls f for everything in dir, by relative path with slashes.
func Walk(t testing.TB, dir string, f func(path string, d fs.DirEntry)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		if rel, _ := filepath.Rel(dir, full); rel != "." {
			f(filepath.ToSlash(rel), d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// CopyDir copies a tree with modes, times and links.
func CopyDir(t testing.TB, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	Walk(t, from, func(path string, d fs.DirEntry) {
		source, target := filepath.Join(from, path), filepath.Join(to, path)
		info, err := d.Info()
		switch {
		case err != nil:
		case d.IsDir():
			err = os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			var link string
			if link, err = os.Readlink(source); err == nil {
				err = os.Symlink(link, target)
			}
		case d.Type().IsRegular():
			var data []byte
			if data, err = os.ReadFile(source); err == nil {
				err = os.WriteFile(target, data, info.Mode().Perm())
			}
			os.Chmod(target, info.Mode().Perm())
			os.Chtimes(target, info.ModTime(), info.ModTime())
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

func WriteFile(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func ReadFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func WriteJSON(t testing.TB, path string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	WriteFile(t, path, string(data)+"\n")
}

// Contents notes everything in a tree: type, mode, digest, link target.
func Contents(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	Walk(t, root, func(path string, d fs.DirEntry) {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		full := filepath.Join(root, path)
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			found[path], _ = os.Readlink(full)
		case d.IsDir():
			found[path] = "dir"
		default:
			found[path] = fmt.Sprint(info.Mode(), digest.Of([]byte(ReadFile(t, full))))
		}
	})
	return found
}

// Names notes each entry without reading it: inode, size, time.
func Names(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	Walk(t, root, func(path string, d fs.DirEntry) {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[path] = fmt.Sprint(info.Mode())
		if !d.IsDir() {
			found[path] += fmt.Sprint(Inode(info), info.Size(), info.ModTime())
		}
	})
	return found
}

// Extensions notes digest, inode and time of each compiled file.
func Extensions(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	Walk(t, root, func(path string, d fs.DirEntry) {
		if strings.HasSuffix(path, ".so") && d.Type().IsRegular() && !strings.HasPrefix(path, archive.Dir) {
			info, err := d.Info()
			if err != nil {
				t.Fatal(err)
			}
			found[path] = fmt.Sprint(digest.Of([]byte(ReadFile(t, filepath.Join(root, path)))), Inode(info), info.ModTime())
		}
	})
	return found
}

// NothingOf fails the test if a file outside of .binary-buildout holds one of the strings.
func NothingOf(t testing.TB, root string, olds ...string) {
	t.Helper()
	Walk(t, root, func(path string, d fs.DirEntry) {
		if !d.Type().IsRegular() || strings.HasPrefix(path, archive.Dir) || strings.HasSuffix(path, ".pyc") {
			return
		}
		data := ReadFile(t, filepath.Join(root, path))
		for _, old := range olds {
			if strings.Contains(data, old) {
				t.Errorf("%s holds %s", path, old)
			}
		}
	})
}

func SameMap(t testing.TB, want, have map[string]string) {
	t.Helper()
	for k, v := range want {
		if have[k] != v {
			t.Errorf("%s: %s, was %s", k, have[k], v)
		}
	}
	for k := range have {
		if _, ok := want[k]; !ok {
			t.Errorf("%s is new", k)
		}
	}
}
