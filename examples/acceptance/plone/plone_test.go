//go:build linux

package plone

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

func TestPlone6(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "plone6", Python: "3.13", Buildout: "5.2.0", Twice: true,
		// plone.recipe.zope2instance splits CHAMELEON_CACHE's value at a space.
		Place:  "Straße",
		Others: []string{"zc.buildout==4.1.12", "setuptools==70.3.0", "zope.interface==7.2", "lxml==6.0.0"},
		Wheels: []string{"pillow", "lxml"},
		Smoke:  []string{"parts/instance/bin/interpreter smoke.py"},
	})
}
