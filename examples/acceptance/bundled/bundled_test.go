//go:build linux

// Package bundled packs applications with their interpreters: Plone comes to a
// Debian without a Python, and a Zope serves while its interpreter changes.
package bundled

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

// turn has these take turns.
func turn(t *testing.T) {
	t.Helper()
	acceptance.Turn(t, "BINARY_BUILDOUT_BUNDLED", "TestZopeMinor", "none", "TestPlone", "none", "TestZopeMicro", "none")
}

func zope() acceptance.Case {
	return acceptance.Case{
		Example: "zope",
		Serving: &acceptance.Serving{
			Config:  "[buildout]\nextends = buildout.cfg\n[instance]\nhttp-address = 127.0.0.1:PORT\n",
			Command: "bin/instance console", // fg has debug-mode on, and reads its templates at each request
			Before:  "waitress",
			Pages:   []string{"/", "/manage_main", "/Control_Panel/manage_main"},
			Late:    []string{"/manage_menu", "/acl_users/manage_main", "/acl_users/manage_users"},
			Version: "/Control_Panel/manage_main",
			User:    "admin", Password: "admin",
		},
	}
}

// TestZopeMicro: Debian 12's Python 3.11.2 becomes another build's 3.11.7.
func TestZopeMicro(t *testing.T) {
	turn(t)
	acceptance.Interpreters(t, zope(), testtool.Program(t, "/usr/bin/python3.11"), testtool.Python(t, "3.11"))
}

// TestZopeMinor: Python 3.12 becomes 3.13. Then each egg is another one, and those
// of before are gone: until it is restarted, a page has to be one that was shown.
func TestZopeMinor(t *testing.T) {
	turn(t)
	c := zope()
	c.Serving.Late = c.Serving.Pages
	acceptance.Interpreters(t, c, testtool.Python(t, "3.12"), testtool.Python(t, "3.13"))
}

// TestPlone: a Debian 13 without a Python, and a user without rights there.
func TestPlone(t *testing.T) {
	turn(t)
	root := testroot.Debian(t, "trixie", "newcomer-trixie", "git", "curl", "ca-certificates")
	acceptance.Bare(t, acceptance.Case{Example: "plone6"}, testtool.Python(t, "3.13"), root, `
! command -v python3
! command -v python
./bootstrap
bin/buildout
printf '[buildout]\nextends = buildout.cfg\n[zeoserver]\nzeo-address = 127.0.0.1:18182\n[instance]\nhttp-address = 127.0.0.1:18181\n' >host.cfg
bin/buildout -c host.cfg
bin/zeoserver fg >zeo.log 2>&1 &
bin/instance fg >log 2>&1 &
instance=$!
until curl -sS -o page http://127.0.0.1:18181/ 2>/dev/null; do
    kill -0 $instance || { cat log; exit 1; }
    sleep 0.5
done
grep -q 'Welcome to Plone' page || { cat page; exit 1; }
readlink /proc/[0-9]*/exe | grep -c "^$PWD/python-3"
`)
}
