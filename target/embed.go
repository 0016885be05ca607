//go:generate go run ./bundle

// Package target holds what runs on the server: the programs that travel in
// each archive, those that install from a release, and the tables of cases
// (cases) that Go's tests and Python's read.
package target

import (
	_ "embed"
	"strings"
)

// All of them travel byte for byte, but for the values of the last two.
var (
	//go:embed bootstrap.py
	bootstrapPy []byte
	//go:embed launcher.py
	launcherPy []byte
	//go:embed install.py
	installPy string
	//go:embed install.sh
	installSh string
	//go:embed install-nopython.sh
	installNoPython string
	//go:embed install-nopython.ps1
	installNoPythonPs1 string
	//go:embed install.ps1
	installPs1 string
	//go:embed src/names.py
	namesPy string
	//go:embed bootstrap.sh
	bootstrapSh string
	//go:embed system.sh
	systemSh string
	//go:embed bootstrap.cmd
	bootstrapCmd string
)

// Bootstrap is the bootstrap.py of every archive.
func Bootstrap() []byte { return append([]byte(nil), bootstrapPy...) }

// Launcher is the .binary-buildout/launcher.py of every stage and archive.
func Launcher() []byte { return append([]byte(nil), launcherPy...) }

// InstallProgram is install.py, the Python program that install.sh and
// install.ps1 run; they have its SHA-256.
func InstallProgram() string { return installPy }

// Probe is a program that any Python runs: it writes what the interpreter tells
// of itself as one JSON object.
func Probe() string { return Told() + "import json\nsys.stdout.write(json.dumps(told))\n" }

// Told is the text by which any Python says what it is, in a dictionary named told.
// install.py and bootstrap.py ask by it too (src/probe.py).
func Told() string {
	_, text, _ := strings.Cut(installPy, "\nPROBE = \"\"\"\n")
	text, _, _ = strings.Cut(text, "\n\"\"\"\n")
	return text + "\n"
}

// Names is the Python module in which a project's name gets its plain spelling
// (src/names.py), for programs of the build; pydist.PlainName is Go's.
func Names() string { return namesPy }

// InstallWithoutPython is install-nopython.sh, which install.sh goes on with where
// there is no Python; it has its SHA-256.
func InstallWithoutPython() string {
	return strings.Replace(installNoPython, "@SYSTEM@\n", SystemFunctions(), 1)
}

// InstallWindowsWithoutPython is install-nopython.ps1, the same for install.ps1.
func InstallWindowsWithoutPython() string { return installNoPythonPs1 }

// InstallScript is install.sh, with @SERVER@, @REPO@, @TAG@ and, by their names in
// capitals, the digests of the two to be filled in.
func InstallScript() string { return installSh }

// InstallWindowsScript is install.ps1, with the same to be filled in; of the digests
// that of install-nopython.ps1.
func InstallWindowsScript() string { return installPs1 }
