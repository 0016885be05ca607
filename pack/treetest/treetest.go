// Package treetest packs a tree as it lies there, for tests.
package treetest

import (
	"io"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
)

// Pack relocates a tree and writes its archive, with a manifest that says what
// isn't known of the files.
func Pack(t testing.TB, w io.Writer, root string, m archive.Manifest, o pack.Origin, format string) archive.Digest {
	t.Helper()
	p := Plan(t, root, m, o)
	m, err := p.Manifest(m)
	if err != nil {
		t.Fatal(err)
	}
	return Write(t, w, &p.List, m, format)
}

// Plan lists and relocates a tree.
func Plan(t testing.TB, root string, m archive.Manifest, o pack.Origin) *pack.Plan {
	t.Helper()
	l, err := pack.Scan(root, pack.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.Relocate(l, o, m.Python.Version)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Report.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// Write writes an archive of a list, with a manifest that is whole.
func Write(t testing.TB, w io.Writer, l *pack.List, m archive.Manifest, format string) archive.Digest {
	t.Helper()
	c, err := l.Seal(m)
	if err != nil {
		t.Fatal(err)
	}
	d, err := archive.Write(t.Context(), w, c, format, time.Unix(archive.DefaultEpoch, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
