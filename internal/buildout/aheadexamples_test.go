package buildout

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target"
)

// aheadExamples is a variable that names the examples to compare ("zope plone6"):
// zc.buildout alone takes minutes for some.
const aheadExamples = "BINARY_BUILDOUT_AHEAD_EXAMPLES"

// What is fetched and built ahead makes of an example the tree that zc.buildout by itself makes.
func TestAheadExamples(t *testing.T) {
	cases := []struct {
		name, config, minor string
		before              []string
	}{
		{"hello", "buildout.cfg", "3.11", nil},
		{"hello", "buildout-52.cfg", "3.11", nil},
		{"cmmi", "buildout.cfg", "3.11", []string{"sh sources.sh"}},
		{"cmmi", "buildout-213.cfg", "3.8", []string{"sh sources.sh libyaml_0.2.5.orig.tar.gz python2.7_2.7.18.orig.tar.gz"}},
		{"zope", "buildout.cfg", "3.13", nil},
		{"plone6", "buildout.cfg", "3.13", nil},
	}
	wanted := strings.Fields(os.Getenv(aheadExamples))
	if len(wanted) == 0 {
		t.Skipf("%s names no example", aheadExamples)
	}
	for _, c := range cases {
		if !slices.Contains(wanted, c.name) {
			continue
		}
		t.Run(c.name+"/"+c.config, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), c.name)
			if err := os.CopyFS(dir, os.DirFS("../../examples/"+c.name)); err != nil {
				t.Fatal(err)
			}
			o := Options{Dir: dir, Config: c.config, Before: c.before, Stage: filepath.Join(t.TempDir(), "stage"), Python: python(t, c.minor),
				Launcher: target.Launcher(), OS: "linux"}
			sameAlone(t, o, func(alone bool, tree *Tree) {
				t.Logf("zc.buildout %s, alone: %v, %d sdists built ahead", tree.Buildout, alone, builtAhead(t, tree.Log))
			})
		})
	}
}
