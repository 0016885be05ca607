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
		Example: "zope", Python: "3.13", Buildout: "5.2.0", Twice: true, Rollout: true,
		Others: []string{"zc.buildout==4.1.12", "setuptools==70.3.0", "zope.interface==7.2", "persistent==6.4"},
		Smoke:  []string{"parts/instance/bin/interpreter smoke.py"},
		Serving: &acceptance.Serving{
			Config:  "[buildout]\nextends = buildout.cfg\n[instance]\nhttp-address = 127.0.0.1:PORT\n",
			Command: "bin/instance fg",
			Egg: acceptance.Raise{Name: "waitress", From: "3.0.2", To: "3.0.3",
				Module: "waitress/adjustments.py", Old: `ident = "waitress"`, New: `ident = "raised"`},
			Before: "waitress", After: "raised",
			Broken: "raise RuntimeError('this version does not start')\n",
			Pages:  []string{"/", "/manage_main", "/Control_Panel/manage_main"},
			Late:   []string{"/manage_menu", "/acl_users/manage_main", "/acl_users/manage_users"},
			User:   "admin", Password: "admin",
		},
	})
}
