package buildout

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// SideDir gives an empty directory beside the tree, in the build's own
// temporary directory, for what is made of the tree and doesn't belong into it.
func (t *Tree) SideDir(name string) (string, error) {
	dir := filepath.Join(t.stage.tmp, name)
	doing := "making " + dir
	if err := scratch.RemoveAll(dir); err != nil {
		return "", surroundings(doing, "", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", surroundings(doing, "", err)
	}
	return dir, nil
}

// Forbidden are the places of the build that no file of an archive may name:
// the checkout, and what the build kept beside its stage.
func (t *Tree) Forbidden() []string {
	list := []string{t.stage.tmp, t.stage.tools, t.stage.logs}
	if t.options.Dir != t.Root {
		list = append(list, t.options.Dir)
	}
	return list
}

// KeepsBuild tells whether build/ of a develop package has to travel:
// zc.buildout 1.x and 2.x run setup.py develop each time, which compiles what
// isn't there.
func (t *Tree) KeepsBuild() bool {
	return strings.HasPrefix(t.Buildout, "1.") || strings.HasPrefix(t.Buildout, "2.")
}

// watch lets the witness of o.Witness see the builds of this run.
func (b *builder) watch() error {
	if b.o.Witness == nil {
		return nil
	}
	if err := os.RemoveAll(b.declared()); err != nil { // an earlier build's
		return surroundings("watching the builds", "", err)
	}
	vars, err := b.o.Witness(filepath.Join(b.s.tools, "witness"), b.declared(), b.env)
	if err != nil {
		return surroundings("watching the builds", "", err)
	}
	b.env = environ.Set(b.env, vars...)
	return nil
}

func (b *builder) declared() string { return filepath.Join(b.s.logs, "declared.jsonl") }
