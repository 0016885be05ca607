//go:build linux

package acceptance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
)

// Raise is an egg whose version is raised, and one line of one of its modules.
type Raise struct {
	Name, From, To string
	Module         string // a file in the egg
	Old, New       string // texts in it
}

// nextVersion makes an archive's next version: as if the same buildout had been
// built with another version of one egg. first, if not empty, stands before all
// else in the egg's module.
func nextVersion(t *testing.T, file, number string, egg Raise, first string) string {
	t.Helper()
	tree := filepath.Join(t.TempDir(), "tree")
	check(t, archive.Extract(context.Background(), file, tree, archive.ExtractOptions{}))
	old, raised := egg.Name+"-"+egg.From+"-", egg.Name+"-"+egg.To+"-"
	renames := strings.NewReplacer(old, raised, egg.Name+" = "+egg.From+"\n", egg.Name+" = "+egg.To+"\n")
	dirs, err := filepath.Glob(filepath.Join(tree, "eggs", "v5", old+"*")) // where zc.buildout 5 puts them
	check(t, err)
	if len(dirs) != 1 {
		t.Fatalf("%d eggs of %s %s", len(dirs), egg.Name, egg.From)
	}
	dir := strings.Replace(dirs[0], old, raised, 1)
	check(t, os.Rename(dirs[0], dir))
	module := filepath.Join(dir, egg.Module)
	data, err := os.ReadFile(module)
	check(t, err)
	if !bytes.Contains(data, []byte(egg.Old)) {
		t.Fatalf("%s doesn't hold %q", egg.Module, egg.Old)
	}
	check(t, os.WriteFile(module, []byte(first+strings.Replace(string(data), egg.Old, egg.New, 1)), 0o644))
	check(t, os.RemoveAll(filepath.Join(filepath.Dir(module), "__pycache__"))) // it is of the old source
	metadata := strings.NewReplacer("\nVersion: "+egg.From+"\n", "\nVersion: "+egg.To+"\n")
	check(t, filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		inside, _ := filepath.Rel(tree, path)
		switch {
		case strings.HasPrefix(path, dir) && (d.Name() == "PKG-INFO" || d.Name() == "METADATA"):
			return replaceIn(path, metadata)
		case strings.HasPrefix(inside, "eggs/") || inside == archive.FilesName:
			return nil
		}
		return replaceIn(path, renames)
	}))
	var m archive.Manifest
	data, err = os.ReadFile(filepath.Join(tree, archive.ManifestName))
	check(t, err)
	check(t, json.Unmarshal(data, &m))
	m.Version = number
	for i, r := range m.Relocations {
		if r.SHA256 == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(tree, r.Path))
		check(t, err)
		m.Relocations[i].Size, m.Relocations[i].SHA256 = int64(len(data)), fmt.Sprintf("%x", sha256.Sum256(data))
	}
	a, err := pack.Scan(tree, pack.Rules{})
	check(t, err)
	next := filepath.Join(tempDir(t), m.Name+"-"+number+"-"+m.Target+".tar.gz")
	f, err := os.Create(next)
	check(t, err)
	defer f.Close()
	treetest.Write(t, f, a, m, archive.FormatTarGz)
	return next
}

// replaceIn replaces texts in a file that holds them.
func replaceIn(path string, r *strings.Replacer) error {
	data, err := os.ReadFile(path)
	if err != nil || bytes.IndexByte(data, 0) >= 0 {
		return err
	}
	said := r.Replace(string(data))
	if said == string(data) {
		return nil
	}
	return os.WriteFile(path, []byte(said), 0o644)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
