package bundle

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// windowsPrograms are what lies beside python.exe and goes along: Python's own
// DLLs and the runtime of the compiler that made them.
var windowsPrograms = regexp.MustCompile(`(?i)^(pythonw?\.exe|python[0-9]+t?\.dll|(vcruntime|msvcp|concrt)[0-9_]+\.dll)$`)

// leftOutWindows are the rules for Lib and for DLLs, where Windows' Python has
// its extensions; leftOut's count for Lib too, but for the one about programs:
// venv copies those of its own.
var leftOutWindows = []rule{
	{regexp.MustCompile(`(?i)(^|/)(_test[^/]*|_ctypes_test|xx[^/]*)\.pyd$`), reasonTests},
	{regexp.MustCompile(`(?i)(^|/)(_tkinter\.pyd|(tcl|tk)[0-9]+t?\.dll|zlib1\.dll)$`), reasonTk},
	{regexp.MustCompile(`(?i)(^|/)pyshellext\.dll$|\.(ico|cat)$`), reasonShell},
	{regexp.MustCompile(`(?i)\.pdb$|_d\.(pyd|dll|exe)$`), reasonBuild},
	{regexp.MustCompile(`(?i)(^|/)wininst[^/]*\.exe$`), reasonBuild},
}

// collectWindows copies the programs, the extensions and the standard library of
// Windows' own Python, whose prefix is the directory of python.exe.
func (c *copier) collectWindows() error {
	dir := filepath.Dir(c.o.Executable)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if to := path.Join(c.name, e.Name()); windowsPrograms.MatchString(e.Name()) && e.Type().IsRegular() && !c.o.Excluded(to) {
			if err := c.put(filepath.Join(dir, e.Name()), to); err != nil {
				return err
			}
		}
	}
	if err := c.put(c.o.Executable, c.executable()); err != nil {
		return err
	}
	if err := c.walk(c.o.Stdlib, c.stdlib(), "", ""); err != nil {
		return err
	}
	extensions := filepath.Join(c.o.Prefix, "DLLs")
	if _, err := os.Stat(extensions); err == nil {
		if err := c.walk(extensions, "DLLs", "", ""); err != nil {
			return err
		}
	}
	for _, name := range []string{"include", "libs", "tcl", "Tools", "Doc", "Scripts"} {
		if _, err := os.Stat(filepath.Join(c.o.Prefix, name)); err == nil {
			c.omit(path.Join(c.name, name), map[bool]string{true: reasonSite, false: reasonBuild}[name == "Scripts"])
		}
	}
	return nil
}

// isExtension tells whether a file of the copy is a module of the interpreter's
// own in machine code.
func isExtension(p string) bool {
	return path.Base(path.Dir(p)) == "lib-dynload" && strings.HasSuffix(p, ".so") || strings.HasSuffix(p, ".pyd")
}
