package syspackages

import (
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/osrelease"
)

func TestInstall(t *testing.T) {
	system := Python{Prefix: "/usr", Minor: "9.99"}
	own := Python{Prefix: "/opt/python", Minor: "3.12", HasHeaders: true}
	for _, c := range []struct {
		goos, release, want string
		in                  Python
	}{
		{"linux", "ID=debian\n", "apt-get install -y gcc python9.99-dev", system},
		{"linux", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install -y gcc python9.99-dev", system},
		{"linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install -y gcc python9.99-devel", system},
		{"linux", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install -y gcc python9.99-devel", system},
		{"linux", "ID=alpine\n", "apk add build-base python3-dev", system},
		{"linux", "ID=debian\n", "apt-get install -y gcc libc6-dev", own},
		{"linux", "ID=nixos\n", "install a C compiler and Python's development files", system},
		{"darwin", "", "xcode-select --install", system},
	} {
		if got := installOn(c.goos, osrelease.Parse(c.release).IDs, c.in); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.goos, c.release, got, c.want)
		}
	}
}
