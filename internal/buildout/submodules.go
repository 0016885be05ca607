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

// hintOfSubmodules names the submodule that a failed build missed: one that it
// speaks of, or, where nothing else is known, the first.
func (b *builder) hintOfSubmodules(e *Error, said string) {
	missing := missingSubmodules(b.o.Dir)
	if len(missing) == 0 {
		return
	}
	const cure = " isn't checked out: git submodule update --init --recursive (in a workflow: submodules: recursive of actions/checkout)"
	for _, name := range missing {
		if strings.Contains(said, name) || strings.Contains(said, path.Base(name)+"/") {
			e.Tip, e.Code = "the git submodule "+name+cure, 1
			return
		}
	}
	if e.Tip == wholeLog {
		e.Tip = "the git submodule " + missing[0] + cure + "; " + wholeLog
	}
}
