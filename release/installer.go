package release

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/binary-buildout/binary-buildout/target"
)

// The scripts that install from the release that they are assets of, where there is
// no binary-buildout: for sh, and for PowerShell. They are small enough to be read;
// what they run are more assets, whose digests they have.
const (
	InstallerName         = "install.sh"
	WindowsInstallerName  = "install.ps1"
	InstallProgramName    = "install.py"
	NoPythonInstallerName = "install-nopython.sh"

	NoPythonWindowsInstallerName = "install-nopython.ps1"
)

// Installers are install.sh, install.ps1, install.py, install-nopython.sh and
// install-nopython.ps1 for a release: of server (https://github.com), repo (OWNER/REPO) and tag. Equal arguments
// give equal bytes. Without repo or tag they install from mirrors only.
func Installers(server, repo, tag string) ([]File, error) {
	program := NewFile(InstallProgramName, []byte(target.InstallProgram()))
	noPython := NewFile(NoPythonInstallerName, []byte(target.InstallWithoutPython()))
	windows := NewFile(NoPythonWindowsInstallerName, []byte(target.InstallWindowsWithoutPython()))
	for _, v := range []string{server, repo, tag} {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, fail(exitUsage, "", "writing %s: %q has a control character", InstallerName, v)
		}
	}
	values := [][2]string{{"@SERVER@", strings.TrimRight(server, "/")}, {"@REPO@", repo}, {"@TAG@", tag}, {"@INSTALL.PY@", program.SHA256}}
	sh, err := filled(target.InstallScript(), append(values, [2]string{"@INSTALL-NOPYTHON.SH@", noPython.SHA256}), shellQuote)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", InstallerName, err)
	}
	ps1, err := filled(target.InstallWindowsScript(), append(values, [2]string{"@INSTALL-NOPYTHON.PS1@", windows.SHA256}), powershellQuote)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", WindowsInstallerName, err)
	}
	return []File{NewFile(InstallerName, []byte(sh)), NewFile(WindowsInstallerName, []byte(ps1)), program, noPython, windows}, nil
}

// filled puts each value, quoted, where its name stands in quotes, once.
func filled(text string, values [][2]string, quote func(string) string) (string, error) {
	for _, v := range values {
		name := "'" + v[0] + "'"
		if strings.Count(text, name) != 1 {
			return "", fmt.Errorf("the script has no single %s", name)
		}
		text = strings.Replace(text, name, quote(v[1]), 1)
	}
	return text, nil
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// powershellQuote gives what UnescapeDataString makes s of. Windows PowerShell
// reads a script as the code page says, and takes typographic quotes for
// quotes, so nothing but ASCII may stand there.
func powershellQuote(s string) string {
	s = strings.NewReplacer("%2F", "/", "%3A", ":", "'", "%27").Replace(url.PathEscape(s))
	return "'" + s + "'"
}
