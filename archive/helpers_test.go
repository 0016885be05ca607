package archive

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// files is an archive as a literal: a path that ends with "/" is a directory, one
// that ends with "*" executable; a value that starts with "-> " is a link, and one
// that starts with a mode of four digits has that.
type files map[string]string

// list gives the files with the directories that they need.
func (l files) list() []File {
	have := map[string]bool{}
	var out []File
	add := func(f File) {
		if !have[f.Path] {
			have[f.Path] = true
			out = append(out, f)
		}
	}
	paths := []string{Dir + "/"}
	for p := range l {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	for _, p := range paths {
		text := l[p]
		mode := uint32(0o644)
		if strings.HasSuffix(p, "*") || strings.HasSuffix(p, "/") {
			mode = 0o755
		}
		if given, rest, _ := strings.Cut(text, " "); len(given) == 4 && given[0] == '0' {
			n, _ := strconv.ParseUint(given, 8, 32)
			mode, text = uint32(n), rest
		}
		name := strings.TrimRight(p, "*/")
		switch {
		case strings.HasSuffix(p, "/"):
			add(File{Entry: Entry{Path: name, Type: TypeDir, Mode: mode}})
		case strings.HasPrefix(text, "-> "):
			add(File{Entry: Entry{Path: name, Type: TypeLink, Mode: 0o777, Link: text[3:]}})
		default:
			add(FileOf(name, mode, []byte(text)))
		}
		for d := Parent(name); d != ""; d = Parent(d) {
			add(File{Entry: Entry{Path: d, Type: TypeDir, Mode: 0o755}})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// written is the archive in a format.
func (l files) written(t *testing.T, format string) []byte {
	t.Helper()
	c, err := Seal(testManifest(), l.list())
	check(t, err)
	var b bytes.Buffer
	_, err = Write(context.Background(), &b, c, format, time.Unix(DefaultEpoch, 0), nil)
	check(t, err)
	return b.Bytes()
}

func testManifest() Manifest {
	return Manifest{Name: "demo", Version: "1.0", Target: "cp311-linux_x86_64", Python: Python{Version: "3.11.7"}}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func save(t *testing.T, data []byte, name string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	check(t, os.WriteFile(p, data, 0o644))
	return p
}
