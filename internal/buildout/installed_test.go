package buildout

import (
	"reflect"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/partfiles"
)

// What zc.buildout appended is said once, in the order of the last run, and
// means the same.
func TestSettled(t *testing.T) {
	text := "[buildout]\ninstalled_develop_eggs = b.egg-link\n\ta.egg-link\nparts = two one gone\n\n[two]\n__buildout_installed__ = /x\n\t[y]\nrecipe = r\n\n[one]\nrecipe = s\n" +
		"\n[buildout]\nparts = one two\n\n[gone]\nrecipe = q\n[buildout]\nparts = one two\n"
	want := "[buildout]\ninstalled_develop_eggs = a.egg-link\n\tb.egg-link\nparts = one two\n\n[one]\nrecipe = s\n\n[two]\n__buildout_installed__ = /x\n\t[y]\nrecipe = r\n"
	got := settled(text)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if settled(got) != got {
		t.Error("it isn't stable")
	}
	before, after := partfiles.ParseInstalled(text), partfiles.ParseInstalled(got)
	delete(before, "gone")
	before["buildout"][developEggs] = "a.egg-link\nb.egg-link" // in which order means nothing
	if !reflect.DeepEqual(before, after) {
		t.Errorf("it means\n%v\nand meant\n%v", after, before)
	}
}
