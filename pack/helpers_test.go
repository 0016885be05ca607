package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// tree is a directory as a literal: a path that ends with "/" is a directory,
// a value that starts with "-> " a link, a path that ends with "*" executable.
// ROOT, PY and PREFIX in it stand for the tree's root, interpreter and prefix.
type tree map[string]string

const (
	testPrefix = "/opt/pythons/3.11.7"
	testPython = testPrefix + "/bin/python3.11"
)

func (tr tree) write(t *testing.T, root string) {
	t.Helper()
	paths := make([]string, 0, len(tr))
	for p := range tr {
		paths = append(paths, p)
	}
	sort.Sort(sort.Reverse(sort.StringSlice(paths)))
	fill := strings.NewReplacer("ROOT", root, "PYBIN", testPython, "PREFIX", testPrefix)
	for _, p := range paths {
		text := fill.Replace(tr[p])
		mode := os.FileMode(0o666)
		if strings.HasSuffix(p, "*") {
			p, mode = strings.TrimSuffix(p, "*"), 0o777
		}
		full := filepath.Join(root, p)
		check(t, os.MkdirAll(filepath.Dir(full), 0o777))
		switch {
		case strings.HasSuffix(p, "/"):
			check(t, os.MkdirAll(full, 0o777))
		case strings.HasPrefix(text, "-> "):
			check(t, os.Symlink(text[3:], full))
		default:
			check(t, os.WriteFile(full, []byte(text), mode))
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testOrigin(root string) Origin {
	return Origin{Root: root, RealRoot: root, Interpreter: testPython, Prefix: testPrefix, LibDir: testPrefix + "/lib"}
}

// packTree runs all steps and gives the archive's bytes.
func packTree(t *testing.T, root string, o Origin, format string) ([]byte, *Plan, *Report) {
	t.Helper()
	p, rep := relocateTree(t, root, o)
	check(t, rep.Err())
	return written(t, p, testManifest(), format), p, rep
}

// written is the archive of a plan.
func written(t *testing.T, p *Plan, m archive.Manifest, format string) []byte {
	t.Helper()
	m, err := p.Manifest(m)
	check(t, err)
	c, err := p.Seal(m)
	check(t, err)
	var b bytes.Buffer
	_, err = archive.Write(context.Background(), &b, c, format, time.Unix(archive.DefaultEpoch, 0), nil)
	check(t, err)
	return b.Bytes()
}

func relocateTree(t *testing.T, root string, o Origin) (*Plan, *Report) {
	t.Helper()
	l, err := Scan(root, Rules{})
	check(t, err)
	p, err := Relocate(l, o, testManifest().Python.Version)
	check(t, err)
	return p, p.Report
}

func testManifest() archive.Manifest {
	return archive.Manifest{Name: "demo", Version: "1.0", Target: "cp311-linux_x86_64", Python: archive.Python{Version: "3.11.7"}}
}

func save(t *testing.T, data []byte, name string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	check(t, os.WriteFile(p, data, 0o644))
	return p
}

// findPython gives the path of a build interpreter of a version.
func findPython(t *testing.T, version string) string {
	t.Helper()
	return testtool.Python(t, version)
}

// content is what an archive's file holds.
func content(t *testing.T, a *Plan, p string) string {
	t.Helper()
	i, ok := a.Find(p)
	if !ok {
		t.Fatalf("%s is not in the archive", p)
	}
	r, err := a.Files[i].Open()
	check(t, err)
	defer r.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	check(t, err)
	return b.String()
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
