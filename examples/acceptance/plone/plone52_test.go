//go:build linux

package plone

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestPlone52 compiles what has no wheel for Python 2.7 any more: four minutes of
// processor, so that CI runs it on one day of twenty.
func TestPlone52(t *testing.T) {
	const days = 20
	if turn := testtool.Turn(days); os.Getenv("BINARY_BUILDOUT_PLONE52") == "" && (os.Getenv("CI") != "true" || turn != days-1) {
		t.Skipf("takes minutes: BINARY_BUILDOUT_PLONE52=1 runs it; in CI it is every %dth day's turn, and today is day %d", days, turn)
	}
	acceptance.Run(t, acceptance.Case{
		Example: "plone52", Python: "2.7", Buildout: "2.13.8",
		// As Plone's own requirements.txt asks for them; pip is the last one for Python 2.7.
		Tools:  []string{"pip==20.3.4", "setuptools==44.1.1", "wheel==0.37.1"},
		Place:  "Grosse",
		Others: []string{"zc.buildout==2.13.3", "setuptools==40.9.0", "transaction==1.7.0", "zope.interface==5.1.0"},
		Smoke:  []string{"parts/instance/bin/interpreter smoke.py"},
	})
}
