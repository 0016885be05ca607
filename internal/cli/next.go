package cli

import (
	"context"
	"os/exec"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/install"
)

// tryLines are the two lines that try an archive in a new directory, for a
// POSIX shell or, on Windows, for PowerShell. archive is its absolute path, root
// the directory in it, and python a command. Pasted again they try it again.
func tryLines(goos, file, root, python string) [2]string {
	if goos == "windows" {
		in := `(New-Item -ItemType Directory (Join-Path $env:TEMP (New-Guid)))`
		return [2]string{
			"cd " + in + "; tar -xf " + powershellWord(file) + "; cd " + powershellWord(root),
			"& " + powershellWord(python) + ` bootstrap.py; if ($?) { bin\buildout }`,
		}
	}
	unpack := "tar -xf"
	switch {
	case strings.HasSuffix(file, "."+archive.FormatTarGz):
		unpack = "tar -xzf"
	case strings.HasSuffix(file, "."+archive.FormatZip):
		unpack = "unzip -q"
	}
	return [2]string{
		`cd "$(mktemp -d)" && ` + unpack + " " + install.ShellWord(file) + " && cd " + install.ShellWord(root),
		install.ShellWord(python) + " bootstrap.py && bin/buildout",
	}
}

// ownLine is the second of them for an archive that has an interpreter.
func ownLine(goos string) string {
	if goos == "windows" {
		return `.\bootstrap.cmd; if ($?) { bin\buildout }`
	}
	return "./bootstrap && bin/buildout"
}

// pythonCommand is what a person types for an interpreter of a minor version:
// its name, python3.13t and python3.13d too, if PATH has that version by it. A
// shim of a version that isn't chosen is there, and doesn't run.
func pythonCommand(ctx context.Context, goos, minor, abi, executable string) string {
	name := "python" + minor + strings.Trim(abi, "cp0123456789mu") // Debian has no python, and no other version will do
	if goos == "windows" {
		name = "python"
	}
	out, err := exec.CommandContext(ctx, name, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
	if err != nil || strings.TrimSpace(string(out)) != minor {
		return executable
	}
	return name
}

func powershellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
