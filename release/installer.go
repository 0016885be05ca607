package release

import (
	_ "embed"
	"fmt"
	"strings"
)

// InstallerName is the script that installs from the release that it is an
// asset of, where there is a Python and no binary-buildout.
const InstallerName = "install.sh"

//go:embed install.sh
var installScript string

// Installer is install.sh for a release: of server (https://github.com), repo
// (OWNER/REPO) and tag. Equal arguments give equal bytes. Without repo or tag
// it installs from mirrors only.
func Installer(server, repo, tag string) (File, error) {
	script := installScript
	for _, fill := range [][2]string{{"'@SERVER@'", strings.TrimRight(server, "/")}, {"'@REPO@'", repo}, {"'@TAG@'", tag}} {
		if strings.ContainsFunc(fill[1], func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return File{}, fail(exitUsage, "", "writing %s: %q has a control character", InstallerName, fill[1])
		}
		if strings.Count(script, fill[0]) != 1 {
			return File{}, fmt.Errorf("writing %s: the script has no single %s", InstallerName, fill[0])
		}
		script = strings.Replace(script, fill[0], "'"+strings.ReplaceAll(fill[1], "'", `'\''`)+"'", 1)
	}
	return NewFile(InstallerName, []byte(script)), nil
}
