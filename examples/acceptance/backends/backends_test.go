//go:build linux

package backends

import (
	"os"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

// scripts sees that each backend's package is found, by a command that gives its name.
func scripts() []string {
	var out []string
	for _, backend := range []string{"flit", "hatchling", "hatchling_old", "maturin", "meson", "pdm", "poetry", "skbuild", "uv"} {
		out = append(out, `test "$(bin/by-`+strings.ReplaceAll(backend, "_", "-")+`)" = by_`+backend)
	}
	return out
}

func TestBackends(t *testing.T) {
	acceptance.Run(t, acceptance.Case{Example: "backends", Python: "3.13", Buildout: "6.0.1", Smoke: scripts(), Others: []string{"zc.buildout==4.1.12"}})
}

func TestBackends52(t *testing.T) {
	acceptance.Run(t, acceptance.Case{Example: "backends", Config: "buildout-52.cfg", Python: "3.12", Buildout: "5.2.0", Smoke: scripts(), Others: []string{"zc.buildout==3.3"}})
}
