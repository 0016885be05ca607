package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/cli"
)

// completions are the shells whose completion scripts come along, and where
// each looks for them below a prefix.
var completions = [][2]string{
	{"bash", "share/bash-completion/completions/binary-buildout"},
	{"zsh", "share/zsh/site-functions/_binary-buildout"},
	{"fish", "share/fish/vendor_completions.d/binary-buildout.fish"},
}

// pageTitle is the title of a man page, with what made it.
var pageTitle = regexp.MustCompile(`(?m)^(\.TH \S+ 1 "" "binary\\-buildout )[^"]*"$`)

// shared are the completions and man pages of a version, by their names below a
// prefix. The program of these sources writes them.
func shared(version string) ([]file, error) {
	var files []file
	for _, c := range completions {
		text, err := output("completion", c[0])
		if err != nil {
			return nil, err
		}
		files = append(files, file{c[1], 0o644, text})
	}
	dir, err := os.MkdirTemp("", "binary-buildout-man-")
	if err != nil {
		return nil, fmt.Errorf("writing the man pages: %w", err)
	}
	defer os.RemoveAll(dir)
	if _, err := output("man", "--out", dir); err != nil {
		return nil, err
	}
	pages, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the man pages: %w", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(dir, page.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading the man pages: %w", err)
		}
		text = pageTitle.ReplaceAll(text, []byte("${1}"+strings.ReplaceAll(version, "-", `\-`)+`"`))
		files = append(files, file{"share/man/man1/" + page.Name(), 0o644, text})
	}
	return files, nil
}

// output is what the program writes.
func output(args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	c := cli.New()
	c.Stdout, c.Stderr = &out, &said
	if code := c.Main(context.Background(), args); code != 0 {
		return nil, fmt.Errorf("running %s: %s", strings.Join(args, " "), said.String())
	}
	return out.Bytes(), nil
}
