package buildout

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

var submodulePath = regexp.MustCompile(`(?m)^\s*path\s*=\s*(.+?)\s*$`)

// missingSubmodules are the git submodules of a checkout that aren't checked
// out: .gitmodules names them, and their directories are empty.
func missingSubmodules(dir string) []string {
	text, err := os.ReadFile(filepath.Join(dir, ".gitmodules"))
	if err != nil {
		return nil // there are none
	}
	var missing []string
	for _, m := range submodulePath.FindAllStringSubmatch(string(text), -1) {
		entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(m[1])))
		if err != nil || len(entries) == 0 {
			missing = append(missing, m[1])
		}
	}
	return missing
}

const notCheckedOut = " isn't checked out: git submodule update --init --recursive (in a workflow: submodules: recursive of actions/checkout)"

// hintOfSubmodules names the submodule that a failed build missed: one that it
// speaks of, or, where nothing else is known, the first.
func (b *builder) hintOfSubmodules(e *Error, said string) {
	missing := missingSubmodules(b.o.Dir)
	if len(missing) == 0 {
		return
	}
	for _, name := range missing {
		if strings.Contains(said, name) || strings.Contains(said, path.Base(name)+"/") {
			e.Tip, e.Code = "the git submodule "+name+notCheckedOut, 1
			return
		}
	}
	if e.Tip == wholeLog {
		e.Tip = "the git submodule " + missing[0] + notCheckedOut + "; " + wholeLog
	}
}

var notDeveloped = regexp.MustCompile(`(?m)Couldn't develop u?'([^']*)' \(not found\)$`)

// undeveloped warns of what develop names and the checkout hasn't: zc.buildout
// goes on without it, and takes an egg of that name from the index.
func undeveloped(dir, said string) []string {
	var warnings []string
	for _, m := range notDeveloped.FindAllStringSubmatch(said, -1) {
		text := "develop names " + m[1] + ", which isn't there, so zc.buildout takes what the index has of that name, if anything asks for it"
		for _, name := range missingSubmodules(dir) {
			if within(filepath.FromSlash("/"+m[1]), filepath.FromSlash("/"+name)) {
				text += "; the git submodule " + name + notCheckedOut
			}
		}
		warnings = append(warnings, text)
	}
	return warnings
}
