package buildout

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/binary-buildout/binary-buildout/internal/buildout/explain"
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

var notDeveloped = regexp.MustCompile(`(?m)Couldn't develop u?'([^']*)' \(not found\)$`)

// undeveloped warns of what develop names and the checkout hasn't: zc.buildout
// goes on without it, and takes an egg of that name from the index.
func undeveloped(dir, said string) []string {
	var warnings []string
	for _, m := range notDeveloped.FindAllStringSubmatch(said, -1) {
		text := "develop names " + m[1] + ", which isn't there, so zc.buildout takes what the index has of that name, if anything asks for it"
		for _, name := range missingSubmodules(dir) {
			if within(filepath.FromSlash("/"+m[1]), filepath.FromSlash("/"+name)) {
				text += "; " + explain.Submodule(name)
			}
		}
		warnings = append(warnings, text)
	}
	return warnings
}
