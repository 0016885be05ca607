package release

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/binary-buildout/binary-buildout/target"
)

// The scripts that install from the release that they are assets of, where
// there is a Python and no binary-buildout: for sh, and for PowerShell.
const (
	InstallerName        = "install.sh"
	WindowsInstallerName = "install.ps1"
)

// Installers are install.sh and install.ps1 for a release: of server
// (https://github.com), repo (OWNER/REPO) and tag. Equal arguments give equal
// bytes. Without repo or tag they install from mirrors only.
func Installers(server, repo, tag string) ([]File, error) {
	var out []File
	for _, s := range []struct {
		name, text string
		quote      func(string) string
	}{
		{InstallerName, target.InstallScript(), shellQuote},
		{WindowsInstallerName, target.InstallWindowsScript(), powershellQuote},
	} {
		text := s.text
		for _, fill := range [][2]string{{"@SERVER@", strings.TrimRight(server, "/")}, {"@REPO@", repo}, {"@TAG@", tag}} {
			if strings.ContainsFunc(fill[1], func(r rune) bool { return r < ' ' || r == 0x7f }) {
				return nil, fail(exitUsage, "", "writing %s: %q has a control character", s.name, fill[1])
			}
			var err error
			if text, err = replaceOnce(text, "'"+fill[0]+"'", s.quote(fill[1])); err != nil {
				return nil, fmt.Errorf("writing %s: %w", s.name, err)
			}
		}
		text = strings.Replace(text, "@SYSTEM@\n", target.SystemFunctions(), 1) // of sh alone
		text, err := replaceOnce(text, "@PROGRAM@\n", target.InstallProgram())
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", s.name, err)
		}
		out = append(out, NewFile(s.name, []byte(text)))
	}
	return out, nil
}

func replaceOnce(text, old, by string) (string, error) {
	if strings.Count(text, old) != 1 {
		return "", fmt.Errorf("the script has no single %s", strings.TrimSpace(old))
	}
	return strings.Replace(text, old, by, 1), nil
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// powershellQuote gives what UnescapeDataString makes s of. Windows PowerShell
// reads a script as the code page says, and takes typographic quotes for
// quotes, so nothing but ASCII may stand there.
func powershellQuote(s string) string {
	s = strings.NewReplacer("%2F", "/", "%3A", ":", "'", "%27").Replace(url.PathEscape(s))
	return "'" + s + "'"
}
