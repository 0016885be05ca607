//go:build linux

package plone

import (
	"slices"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

// TestPlone52 compiles what has no wheel for Python 2.7 any more: four minutes of
// processor, so that CI runs it on one day of twenty.
func TestPlone52(t *testing.T) {
	acceptance.Turn(t, "BINARY_BUILDOUT_PLONE52", append(slices.Repeat([]string{"none"}, 19), t.Name())...)
	acceptance.Run(t, acceptance.Case{
		Example: "plone52", Python: "2.7", Buildout: "2.13.8",
		// As Plone's own requirements.txt asks for them; pip is the last one for Python 2.7.
		Tools:  []string{"pip==20.3.4", "setuptools==44.1.1", "wheel==0.37.1"},
		Place:  "Grosse",
		Others: []string{"zc.buildout==2.13.3", "setuptools==40.9.0", "transaction==1.7.0", "zope.interface==5.1.0"},
		Smoke:  []string{"parts/instance/bin/interpreter smoke.py"},
	})
}
