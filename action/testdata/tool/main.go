// Command tool stands in for binary-buildout in the tests of the action: plan
// and release are the real ones, pack and prove only look as if.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/cli"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/release"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1], os.Args[2:]))
}

func run(ctx context.Context, command string, args []string) int {
	var err error
	switch command {
	case "pack":
		err = pack(args)
	case "prove":
		_, err = os.Stat(args[len(args)-1])
	default:
		return cli.New().Main(ctx, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}

func pack(args []string) error {
	fs := flag.NewFlagSet("pack", flag.ContinueOnError)
	values := map[string]*string{}
	for _, name := range []string{"name", "version", "target", "label", "format", "python", "smoke", "out", "before", "reuse", "since", "bundle-python"} {
		values[name] = fs.String(name, "", "")
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := check(filepath.Join(fs.Arg(0), "buildout.cfg")); err != nil {
		return err
	}
	// As pack does, of the interpreter and of GitHub's variables.
	for name, value := range map[string]string{"target": targetOf(*values["python"]), "name": "site", "version": "1.0"} {
		if *values[name] == "" {
			*values[name] = value
		}
	}
	target, err := matrix.ParseTarget(*values["target"])
	if err != nil {
		return err
	}
	format := *values["format"]
	if format == "" {
		format = matrix.FormatTarGz
	}
	name := matrix.ArchiveName(*values["name"], *values["version"], target, *values["label"], format)
	text := "archive " + name + " of " + os.Getenv("MY_FLAG")
	if last := *values["reuse"]; last != "" {
		if _, err := os.Stat(last); err != nil {
			return err
		}
		text += " after " + filepath.Base(last) + " and " + filepath.Base(*values["since"])
	}
	f := release.NewFile(name, []byte(text))
	s := release.Sidecar{
		Format: 1, Archive: name, Size: f.Size, SHA256: f.SHA256, Name: *values["name"], Version: *values["version"], Target: target.String(), Label: *values["label"],
		Python: release.Python{Version: *values["python"]},
	}
	if *values["bundle-python"] == "true" {
		s.BundledPython = &release.BundledPython{Version: "3.13.14"}
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll("dist", 0o755); err != nil {
		return err
	}
	for path, data := range map[string][]byte{name: f.Data, s.FileName(): b} {
		if err := os.WriteFile(filepath.Join("dist", path), data, 0o644); err != nil {
			return err
		}
	}
	output("archive", "dist/"+name)
	output("target", target.String())
	output("digest", f.SHA256)
	output("report", "dist/"+s.FileName())
	return nil
}

func targetOf(python string) string {
	return "cp" + strings.ReplaceAll(strings.TrimPrefix(filepath.Base(python), "python"), ".", "") + "-linux_x86_64"
}

// check fails for a buildout that calls itself broken, and leaves a report.
func check(config string) error {
	text, err := os.ReadFile(config)
	if err != nil || !bytes.Contains(text, []byte("broken")) {
		return err
	}
	if err := os.MkdirAll("dist", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile("dist/report.html", text, 0o644); err != nil {
		return err
	}
	return errors.New("it is broken")
}

func output(name, value string) {
	f, err := os.OpenFile(os.Getenv("GITHUB_OUTPUT"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		fmt.Fprintf(f, "%s=%s\n", name, value)
		f.Close()
	}
}
