//go:build linux

package zope212

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

func TestZope212(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "zope212", Python: "2.7", Buildout: "1.7.1", Twice: true, Smoke: []string{"bin/py smoke.py"},
		Others: []string{"zc.buildout==2.13.8", "setuptools==44.1.1", "zope.interface==5.5.2"},
	})
}
