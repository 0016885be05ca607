// Command distribute writes the ways to get binary-buildout, from the digests in
// action/binaries.json:
//
//	distribute DIR          Formula/binary-buildout.rb; in DIR get.sh and a wheel of each binary
//	distribute --check DIR  the same, but the formula has to be there already
//
// It is run in the root of the checkout, by action/binaries.sh, and reads the
// binaries in DIR. The same table and binaries give the same bytes.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const formula = "Formula/binary-buildout.rb"

func main() {
	if err := distribute(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "error: %s\n", err)
		os.Exit(1)
	}
}

// table is action/binaries.json: of a version, the place of its release's
// assets, ending in a slash, and the SHA-256 of the binary of each platform.
type table struct {
	Version  string            `json:"version"`
	URL      string            `json:"url"`
	Binaries map[string]string `json:"binaries"`
}

// platform is a system that has a binary.
type platform struct {
	name  string   // of the binary: linux-amd64
	uname []string // what uname -sm says there; none on Windows
	tags  []string // of the wheel, each a platform tag by itself
	brew  string   // on_macos, on_linux, or empty
	arch  string   // on_arm, on_intel
}

// The binaries are static on Linux, so that they run with any libc; Go 1.26
// needs macOS 12.
var platforms = []platform{
	{"darwin-amd64", []string{"Darwin x86_64"}, []string{"macosx_12_0_x86_64"}, "on_macos", "on_intel"},
	{"darwin-arm64", []string{"Darwin arm64"}, []string{"macosx_12_0_arm64"}, "on_macos", "on_arm"},
	{"linux-amd64", []string{"Linux x86_64"}, []string{"manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"}, "on_linux", "on_intel"},
	{"linux-arm64", []string{"Linux aarch64", "Linux arm64"}, []string{"manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"}, "on_linux", "on_arm"},
	{"windows-amd64", nil, []string{"win_amd64"}, "", ""},
	{"windows-arm64", nil, []string{"win_arm64"}, "", ""},
}

// program is the name of the installed program.
func (p platform) program() string {
	if p.brew == "" {
		return "binary-buildout.exe"
	}
	return "binary-buildout"
}

// asset is the name of the released binary.
func (p platform) asset() string {
	if p.brew == "" {
		return "binary-buildout-" + p.name + ".exe"
	}
	return "binary-buildout-" + p.name
}

func distribute(args []string) error {
	check := len(args) > 0 && args[0] == "--check"
	if check {
		args = args[1:]
	}
	if len(args) != 1 {
		return errors.New("distribute takes one directory")
	}
	dir := args[0]
	t, err := readTable("action/binaries.json")
	if err != nil {
		return err
	}
	if err := writeFormula(t, check); err != nil {
		return err
	}
	script, err := getScript(t)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "get.sh"), script, 0o644); err != nil {
		return fmt.Errorf("writing get.sh: %w", err)
	}
	texts, err := readTexts(t.Version)
	if err != nil {
		return err
	}
	for _, p := range platforms {
		program, err := readBinary(t, p, dir)
		if err != nil {
			return err
		}
		name, data, err := wheel(t.Version, p, program, texts)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func readTable(path string) (table, error) {
	var t table
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	if err != nil {
		return t, fmt.Errorf("reading %s: %w", path, err)
	}
	for _, p := range platforms {
		if len(t.Binaries[p.name]) != hex.EncodedLen(sha256.Size) || t.Version == "" {
			return t, fmt.Errorf("reading %s: it has no version, or no digest of %s", path, p.name)
		}
	}
	return t, nil
}

// readBinary gives the binary that the table has the digest of.
func readBinary(t table, p platform, dir string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, p.asset()))
	if err != nil {
		return nil, fmt.Errorf("reading the binary of %s: %w", p.name, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != t.Binaries[p.name] {
		return nil, fmt.Errorf("%s has SHA-256 %x, and the table says %s", p.asset(), sum, t.Binaries[p.name])
	}
	return data, nil
}

func writeFormula(t table, check bool) error {
	text := formulaText(t)
	if check {
		if there, err := os.ReadFile(formula); err != nil || !bytes.Equal(there, text) {
			return fmt.Errorf("%s isn't of the digests in action/binaries.json: commit what binaries.sh VERSION writes", formula)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(formula), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", formula, err)
	}
	if err := os.WriteFile(formula, text, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", formula, err)
	}
	return nil
}
