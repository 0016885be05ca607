// Package target holds what runs on the server: the programs that travel in
// each archive, those that install from a release, and the tables of cases
// (cases) that Go's tests and Python's read.
package target

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/binary-buildout/binary-buildout/target/assemble"
)

// The programs are made of src; the scripts travel byte for byte, but for the values
// of install.sh and install.ps1.
var (
	//go:embed src/*.py src/programs/*.py
	src embed.FS
	//go:embed install.sh
	installSh string
	//go:embed install-nopython.sh
	installNoPython string
	//go:embed install-nopython.ps1
	installNoPythonPs1 string
	//go:embed install.ps1
	installPs1 string
	//go:embed bootstrap.sh
	bootstrapSh string
	//go:embed system.sh
	systemSh string
	//go:embed bootstrap.cmd
	bootstrapCmd string
)

// Bootstrap is the bootstrap.py of every archive.
func Bootstrap() []byte { return program("bootstrap.py") }

// Launcher is the .binary-buildout/launcher.py of every stage and archive.
func Launcher() []byte { return program("launcher.py") }

// InstallProgram is install.py, the Python program that install.sh and
// install.ps1 run; they have its SHA-256.
func InstallProgram() string { return string(program("install.py")) }

// program makes one of the three. What is embedded is what the tests made programs
// of (TestPrograms), so that an error here is a mistake of this module's.
func program(name string) []byte {
	data, err := assemble.Program(modules(), name)
	if err != nil {
		panic(fmt.Sprintf("assembling %s: %v", name, err))
	}
	return data
}

// modules is target/src without its tests.
func modules() fs.FS {
	dir, err := fs.Sub(src, "src")
	if err != nil {
		panic(err)
	}
	return dir
}

// module is the text of one module.
func module(name string) string {
	data, err := fs.ReadFile(modules(), name)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// Probe is a program that any Python runs: it writes what the interpreter tells
// of itself as one JSON object.
func Probe() string { return Told() + "import json\nsys.stdout.write(json.dumps(told))\n" }

// Told is the text by which any Python says what it is, in a dictionary named told.
// install.py and bootstrap.py ask by it too (src/probe.py).
func Told() string {
	_, text, _ := strings.Cut(module("probe.py"), "\nPROBE = \"\"\"\n")
	text, _, _ = strings.Cut(text, "\n\"\"\"\n")
	return text + "\n"
}

// Names is the Python module in which a project's name gets its plain spelling
// (src/names.py), for programs of the build; pydist.PlainName is Go's.
func Names() string { return module("names.py") }

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
