//go:build linux

package python27

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

// What a Python with a shared libpython compiled runs under one without.
func TestPython27(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "python27", Python: "2.7", Buildout: "2.13.8", Twice: true, Rebuilt: true,
		Smoke:  []string{"bin/py -c 'import markupsafe._speedups, zope.interface._zope_interface_coptimizations'"},
		Starts: []string{"bin/py -c 'import zope.interface.verify, markupsafe, setuptools'"},
		Static: true,
		Others: []string{"zc.buildout==2.13.3", "setuptools==40.9.0", "MarkupSafe==0.23", "zope.interface==5.5.2"},
	})
}
