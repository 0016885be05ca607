package main

import (
	"os"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/release"
	"github.com/binary-buildout/binary-buildout/target"
)

// What travels in other people's archives and on their releases says whose it
// is, and by what licence.
func TestLicenseTravels(t *testing.T) {
	const identifier, copyright = "# SPDX-License-Identifier: MIT\n", "# Copyright (c) 2026 the binary-buildout authors\n"
	license, err := os.ReadFile("LICENSE")
	if err != nil || !strings.Contains(string(license), strings.TrimPrefix(copyright, "# ")) {
		t.Fatalf("LICENSE names another holder than the scripts, or none: %v", err)
	}
	texts := map[string]string{"bootstrap.py": string(target.Bootstrap()), "launcher.py": string(target.Launcher())}
	for _, name := range []string{"target/bootstrap.sh", "action/distribute/get.sh"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(data)
	}
	installers, err := release.Installers("https://github.com", "acme/site", "v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range installers {
		texts[f.Name] = string(f.Data)
	}
	for name, text := range texts {
		head := text[:min(len(text), 200)]
		if !strings.Contains(head, identifier+copyright) {
			t.Errorf("%s doesn't begin with its licence", name)
		}
	}
}
