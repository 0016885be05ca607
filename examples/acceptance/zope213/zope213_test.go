//go:build linux

package zope213

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

func TestZope213(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "zope213", Python: "2.7", Buildout: "2.13.8", Twice: true,
		// Zope 2.13 fails to read ZCML at a path that isn't ASCII.
		Place: "Grosse Strasse",
		// Not zope.interface: on Python 2.7 the .pth file that pip writes for it
		// hides each other package of zope, here as in any buildout.
		Others: []string{"zc.buildout==2.13.3", "setuptools==40.9.0", "transaction==1.7.0", "zope.interface==5.5.2", "zope.contenttype==3.5.5"},
		Smoke:  []string{`test "$(bin/greeting)" = "Hello, World!"`, "bin/py smoke.py"},
	})
}
