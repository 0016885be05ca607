//go:build linux

package hello

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

func TestHello(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "hello", Python: "3.13", Buildout: "6.0.1", Twice: true, Rebuilt: true,
		Others: []string{"zc.buildout==4.1.12", "setuptools==70.3.0", "MarkupSafe==3.0.1", "zc.recipe.egg==3.0.0"},
		Smoke: []string{
			`test "$(bin/hello Erde)" = "Hello, Erde!"`,
			`bin/py -c 'import hello._greet, markupsafe._speedups'`,
			`grep -F "directory = $PWD" parts/config/hello.ini`,
			`test -f "docs/Read me.txt" && test -f docs/grüße.txt`,
		},
	})
}

func TestHello52(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "hello", Config: "buildout-52.cfg", Python: "3.12", Buildout: "5.2.0", Format: "tar.zst",
		Others: []string{"zc.buildout==3.3", "setuptools==80.9.0", "MarkupSafe==2.1.5"},
		Smoke:  []string{`test "$(bin/hello Erde)" = "Hello, Erde!"`},
	})
}
