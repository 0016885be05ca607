//go:build linux

package zope5

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

func TestZope(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "zope", Python: "3.13", Buildout: "5.2.0",
		Others: []string{"zc.buildout==4.1.12", "setuptools==70.3.0", "zope.interface==7.2", "persistent==6.4"},
		Smoke:  []string{"parts/instance/bin/interpreter smoke.py"},
	})
}
