package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// The unit that docs/server.md shows is one that systemd takes without a warning.
func TestUnit(t *testing.T) {
	page, err := os.ReadFile("docs/server.md")
	if err != nil {
		t.Fatal(err)
	}
	unit := regexp.MustCompile("(?s)```ini\n(\\[Unit\\].*?)```").FindSubmatch(page)
	if unit == nil {
		t.Fatal("docs/server.md shows no unit")
	}
	dir := t.TempDir()
	for _, name := range []string{"bin", "var"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bin", "instance"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "site.service")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(unit[1]), "/srv/site", dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testtool.Program(t, "systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", file)
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("systemd-analyze verify: %v: %s", err, said)
	}
}
