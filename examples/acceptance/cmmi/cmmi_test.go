//go:build linux

package cmmi

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

// The libyaml that is mapped has to be the tree's own.
const ownLibyaml = `bin/yamlversion && bin/yamlversion | grep -F "$PWD/parts/libyaml/lib/libyaml"`

func TestCMMI(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "cmmi", Python: "3.11", Buildout: "4.2.0", Twice: true, Rebuilt: true, Smoke: []string{ownLibyaml},
		Others: []string{"zc.buildout==5.2.0", "setuptools==69.5.1", "PyYAML==6.0.1"},
	})
}

// It also builds a Python, which has to be one at another place too: see own.in.
func TestCMMI213(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "cmmi", Config: "buildout-213.cfg", Python: "3.8", Buildout: "2.13.8", Format: "zip", Twice: true, Smoke: []string{ownLibyaml, "bin/own"},
		Others: []string{"zc.buildout==3.3", "setuptools==68.2.2", "PyYAML==6.0"},
	})
}
