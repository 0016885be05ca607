package buildout

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// outsideHint is for what a configuration names by a path that leaves its directory.
const outsideHint = "what lies outside of the buildout's directory isn't copied: pack the directory above it, with --config DIR/buildout.cfg"

// hintOfReading replaces the traceback of a configuration that can't be read by what it ends with.
func hintOfReading(e *Error, said string) {
	e.Err = errors.New(said)
	switch {
	case denied.MatchString(said), strings.Contains(said, "://***@") && !strings.Contains(said, "Connection refused"):
		e.Tip = "zc.buildout sends a password for extends on Python 2 only (http://NAME:PASSWORD@HOST/); on Python 3, fetch the file with before = curl -n -fsSo base.cfg URL, and extend that file"
	case outside.MatchString(said):
		e.Tip = outsideHint
	case noNetwork.MatchString(said):
		e.Tip, e.Code = "the server can't be reached: check the network, HTTPS_PROXY and extends", 3
	}
}

// goneModule is a module of the standard library that 3.12 and later removed.
var goneModule = regexp.MustCompile(`No module named '?(distutils|imp|asynchat|asyncore|lib2to3|cgi)\b`)

var oldSetuptools = regexp.MustCompile(`No module named '?(?:setuptools|pkg_resources)|has no attribute 'SetuptoolsVersion'`)

// hintOfImport is for a zc.buildout that can't be imported beside a setuptools that somebody pinned.
func hintOfImport(e *Error, buildout, said string) {
	if strings.HasPrefix(buildout, "2.0.") && strings.Contains(said, "'location'") {
		e.Tip = "zc.buildout 2.0 works only with distribute, which setuptools replaced: pin zc.buildout 2.1 or newer in [versions]"
		return
	}
	if m := goneModule.FindStringSubmatch(said); m != nil {
		e.Tip = fmt.Sprintf("zc.buildout %s needs %s, which newer Pythons don't have: pin a newer zc.buildout in [versions], or build with an older --python", buildout, m[1])
		return
	}
	if !oldSetuptools.MatchString(said) {
		return
	}
	e.Tip = "zc.buildout " + buildout + " doesn't work with this setuptools: pin another version of it"
	for _, l := range limitsOf(buildout) {
		if l.Name == "setuptools" {
			e.Tip = "zc.buildout " + buildout + " needs setuptools" + l.Spec + ": pin one of those versions in [versions]"
		}
	}
}
