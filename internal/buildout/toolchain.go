package buildout

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// toolchain looks for what this machine has to compile extensions with.
func toolchain(in Interpreter, env []string, goos string) syspackages.Toolchain {
	command := environ.Get(env, "CC")
	if command == "" {
		command = in.CC
	}
	t := syspackages.Toolchain{Headers: in.HasHeaders, Compiler: goos == "windows"} // MSVC isn't on PATH; distutils finds it by itself
	if word := cmp.Or(compilerIn(command), "cc"); !t.Compiler {
		t.Compiler = lookIn(environ.Get(env, "PATH"), word) != "" || filepath.IsAbs(word) && exists(word)
	}
	if !t.Complete() {
		t.Command = syspackages.Install(goos, in.system())
	}
	return t
}

// hasSources reports whether the tree holds something that wants a compiler.
func hasSources(root string) bool {
	found := false
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || found {
			return filepath.SkipAll
		}
		switch filepath.Ext(path) {
		case ".c", ".cc", ".cpp", ".cxx", ".pyx":
			found = !d.IsDir()
		}
		if d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		return nil
	})
	return found
}
