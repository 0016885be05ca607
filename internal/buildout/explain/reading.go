package explain

import (
	"fmt"
	"regexp"
	"strings"
)

// outsideTip is for what a configuration names by a path that leaves its directory.
const outsideTip = "what lies outside of the buildout's directory isn't copied: pack the directory above it, with --config DIR/buildout.cfg"

// OfReading is what to do about a configuration that zc.buildout can't read, by
// what its traceback ends with. Its tip is "" if nothing is known.
func OfReading(said string) Advice {
	switch {
	case denied.MatchString(said), strings.Contains(said, "://***@") && !strings.Contains(said, "Connection refused"):
		return Advice{Tip: "zc.buildout sends a password for extends on Python 2 only (http://NAME:PASSWORD@HOST/); on Python 3, fetch the file with before = curl -n -fsSo base.cfg URL, and extend that file"}
	case outside.MatchString(said):
		return Advice{Tip: outsideTip}
	case noNetwork.MatchString(said):
		return Advice{Tip: "the server can't be reached: check the network, HTTPS_PROXY and extends", Code: 3}
	}
	return Advice{}
}

// goneModule is a module of the standard library that 3.12 and later removed.
var goneModule = regexp.MustCompile(`No module named '?(distutils|imp|asynchat|asyncore|lib2to3|cgi)\b`)

var oldSetuptools = regexp.MustCompile(`No module named '?(?:setuptools|pkg_resources)|has no attribute 'SetuptoolsVersion'`)

// OfImport is what to do about a zc.buildout that can't be imported, mostly
// beside a setuptools that somebody pinned. setuptools is what this zc.buildout
// is known to need of it ("<82"), or "". The tip is "" if nothing is known.
func OfImport(buildout, setuptools, said string) Advice {
	if strings.HasPrefix(buildout, "2.0.") && strings.Contains(said, "'location'") {
		return Advice{Tip: "zc.buildout 2.0 works only with distribute, which setuptools replaced: pin zc.buildout 2.1 or newer in [versions]"}
	}
	if m := goneModule.FindStringSubmatch(said); m != nil {
		return Advice{Tip: fmt.Sprintf("zc.buildout %s needs %s, which newer Pythons don't have: pin a newer zc.buildout in [versions], or build with an older --python", buildout, m[1])}
	}
	switch {
	case !oldSetuptools.MatchString(said):
		return Advice{}
	case setuptools == "":
		return Advice{Tip: "zc.buildout " + buildout + " doesn't work with this setuptools: pin another version of it"}
	default:
		return Advice{Tip: "zc.buildout " + buildout + " needs setuptools" + setuptools + ": pin one of those versions in [versions]"}
	}
}
