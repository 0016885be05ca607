package buildout

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
)

// noted are the compilers whose versions Tree.Made has, by the names that it has them under.
func noted() []string { return []string{"cc", "c++", "gfortran", "rustc"} }

// languageOf is the compiler of noted that a wrapper of this name counts as.
func languageOf(wrapper string) string {
	switch {
	case strings.Contains(wrapper, "gfortran"):
		return "gfortran"
	case strings.Contains(wrapper, "++"):
		return "c++"
	}
	return "cc"
}

// calledMark is the file that a compiler's wrapper leaves when it is called.
func (s stage) calledMark(compiler string) string { return s.calls() + "." + compiler }

// noteUncalled gives each compiler that this build called not once the version
// that the archive has which is built again, for o.Noted is what that says: it
// took no part in these files, and another one beside Python, or none, is no
// reason for another archive. It says so.
func (b *builder) noteUncalled() {
	if b.o.Noted == nil || b.o.OS == "windows" { // where nothing is wrapped
		return
	}
	made := maps.Clone(b.made)
	for _, name := range noted() {
		if _, err := os.Stat(b.s.calledMark(name)); err == nil || made[name] == b.o.Noted[name] {
			continue
		}
		b.warn(fmt.Sprintf("%s isn't what it was when the archive was built (it is %s, and was %s); nothing called it", name, orNone(made[name]), orNone(b.o.Noted[name])))
		delete(made, name)
		if was := b.o.Noted[name]; was != "" {
			made[name] = was
		}
	}
	b.made = made
}

// orNone is a version in quotes, since an archive may say anything.
func orNone(version string) string {
	if version == "" {
		return "none"
	}
	return strconv.Quote(version)
}
