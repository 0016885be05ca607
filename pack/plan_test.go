package pack

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// TestRelocateLeavesTheList: a plan is a new value; the list that it was made of,
// and the plan without bytecode, stay as they were, and a second plan is the same.
func TestRelocateLeavesTheList(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	sample.write(t, root)
	l, err := Scan(root, Rules{})
	check(t, err)
	before := slices.Clone(l.Files)
	p, err := Relocate(l, testOrigin(root), "3.11.7")
	check(t, err)
	if !reflect.DeepEqual(l.Files, before) {
		t.Error("the list is another one")
	}
	if len(p.Relocations) == 0 {
		t.Error("nothing is relocated")
	}
	again, err := Relocate(l, testOrigin(root), "3.11.7")
	check(t, err)
	if !reflect.DeepEqual(again, p) {
		t.Error("a second plan is another one")
	}
	m := testManifest()
	whole, err := p.Manifest(m)
	check(t, err)
	if !reflect.DeepEqual(m, testManifest()) || whole.LongestPath == "" || len(whole.Relocations) != len(p.Relocations) {
		t.Errorf("%+v", whole)
	}
}
