// Command publish attaches binary-buildout's own binaries, and what installs them, to its release:
//
//	publish DIR
//
// DIR holds these, and SHA256SUMS of them as sha256sum writes it. The
// release is that of GITHUB_REF_NAME, made the way that every release is made
// here: a draft, uploads, each compared with its digest, published last. It can
// be run again after it was stopped at any point.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/release"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := publish(ctx, os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "error: %s\n", err)
		var hinted interface{ Hint() string }
		if errors.As(err, &hinted) && hinted.Hint() != "" {
			fmt.Fprintf(os.Stderr, "hint: %s\n", hinted.Hint())
		}
		os.Exit(1)
	}
}

func publish(ctx context.Context, args []string, getenv func(string) string) error {
	if len(args) != 1 {
		return errors.New("publish takes one directory")
	}
	files, notes, err := gather(args[0])
	if err != nil {
		return err
	}
	client, err := release.NewClient(release.Config{
		API: getenv("GITHUB_API_URL"), Repo: getenv("GITHUB_REPOSITORY"), Token: getenv("GITHUB_TOKEN"), Generator: "binary-buildout publish",
		Log: func(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) },
	})
	if err != nil {
		return err
	}
	res, err := client.Publish(ctx, files, release.Options{Tag: getenv("GITHUB_REF_NAME"), Commit: getenv("GITHUB_SHA"), Notes: notes})
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s\n%d uploaded, %d identical\n", res.URL, len(res.Uploaded), len(res.Skipped))
	return err
}

// gather reads the files that SHA256SUMS lists, SHA256SUMS last, and a table of
// them. A file that isn't listed, or has another digest, is an error.
func gather(dir string) ([]release.File, string, error) {
	sums, err := release.ReadFile(release.SumsName, filepath.Join(dir, release.SumsName))
	if err != nil {
		return nil, "", err
	}
	data, err := os.ReadFile(filepath.Join(dir, release.SumsName))
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", release.SumsName, err)
	}
	var files []release.File
	notes := "| file | SHA-256 |\n| --- | --- |\n"
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		digest, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || name == "" || filepath.Base(name) != name {
			return nil, "", fmt.Errorf("reading %s: %q isn't a line of it", release.SumsName, lines.Text())
		}
		f, err := release.ReadFile(name, filepath.Join(dir, name))
		if err != nil {
			return nil, "", err
		}
		if f.SHA256 != digest {
			return nil, "", fmt.Errorf("%s has SHA-256 %s, and %s says %s", name, f.SHA256, release.SumsName, digest)
		}
		files = append(files, f)
		notes += "| " + name + " | `" + digest + "` |\n"
	}
	if len(files) == 0 {
		return nil, "", fmt.Errorf("reading %s: it lists nothing", release.SumsName)
	}
	files = append(files, sums)
	return files, notes, surplus(dir, files)
}

func surplus(dir string, files []release.File) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading %s: %w", dir, err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(files, func(f release.File) bool { return f.Name == e.Name() }) {
			return fmt.Errorf("%s is in %s, and %s doesn't list it", e.Name(), dir, release.SumsName)
		}
	}
	return nil
}
