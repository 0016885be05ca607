//go:build linux

package server

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

// The ports of the second place.
const host = `[buildout]
extends = buildout.cfg

[ports]
nginx = 18580
memcached = 18581
supervisor = 18582
`

// nginx and memcached serve from each place, and from both at once, with the
// tree's libraries: the system's own are not there.
func TestServer(t *testing.T) {
	acceptance.Pair(t, acceptance.Case{
		Example: "server", Python: "3.13", Buildout: "6.0.1", Twice: true, Smoke: []string{"bin/py smoke.py"},
		Starts: []string{`bin/py -c "import lxml.html, yaml, supervisor.supervisord"`},
	}, host, `bin/py smoke.py "$1" .`,
		"/usr/lib/*-linux-gnu/libxml2.so*", "/usr/lib/*-linux-gnu/libxslt.so*", "/usr/lib/*-linux-gnu/libexslt.so*",
		"/usr/lib/*-linux-gnu/libyaml*.so*", "/usr/lib/*-linux-gnu/libevent*.so*")
}
