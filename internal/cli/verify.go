package cli

import (
	"context"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/target"
)

func verifyCommand() command {
	return command{
		name: "verify", args: "DIR|ARCHIVE", group: groupBuild, summary: "run only the checks, on any platform's archive, on any platform",
		examples: []string{
			"binary-buildout verify dist/site-1.0-cp313-linux_x86_64.tar.gz",
			"binary-buildout verify . --waive coverage.tracer",
		},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			flags := &packFlags{}
			flags.registerChecks(fs)
			return func(ctx context.Context, args []string) error {
				if len(args) != 1 {
					return usageError("verify takes one directory or archive", "binary-buildout verify dist/site-1.0-cp313-linux_x86_64.tar.gz")
				}
				return c.verifyAlone(ctx, c.abs(args[0]), flags, common)
			}
		},
	}
}

func (c *Command) verifyAlone(ctx context.Context, source string, flags *packFlags, common *common) error {
	info, err := os.Stat(source)
	if err != nil {
		return usageError("verifying: "+err.Error(), "name a directory or an archive")
	}
	in := verify.Input{
		Expect: flags.expect, Waive: flags.waive, SystemLibraries: flags.systemLibraries, Floor: flags.floor,
	}
	if info.IsDir() {
		err = c.verifyDir(ctx, source, flags, &in)
	} else {
		err = verifyArchive(ctx, source, &in)
	}
	if err != nil {
		return err
	}
	report, err := verify.Tree(ctx, in)
	if err != nil {
		return err
	}
	if common.json {
		err = c.writeJSON(report)
	} else {
		err = report.WriteText(plainWriter{c.Stdout})
	}
	if err != nil {
		return err
	}
	return report.Err()
}

func verifyArchive(ctx context.Context, source string, in *verify.Input) error {
	m, err := wholeArchive(ctx, source)
	if err != nil {
		return err
	}
	ofManifest(m, verify.Archive(source), in)
	return nil
}

// wholeArchive reads an archive to its end, and gives its manifest. What else is
// known of it is forgotten: a large one's files take memory.
func wholeArchive(ctx context.Context, source string) (*archive.Manifest, error) {
	r, err := archive.Open(source)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// All of it against files.json first: the checks that follow read what
	// they need, by the headers, and would take an altered file for a good one.
	for {
		if _, _, err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	m := r.Manifest()
	return &m, nil
}

// ofManifest takes from a manifest what its files are for.
func ofManifest(m *archive.Manifest, source verify.Source, in *verify.Input) {
	_, in.Platform, _ = strings.Cut(m.Target, "-")
	in.Source, in.Python, in.Relocated = source, m.Python, true
	if m.BundledPython != nil {
		in.Bundled = m.BundledPython.Directory
	}
}

// unpacked is the manifest of an archive that was unpacked in dir; nil if none was.
func unpacked(dir string) (*archive.Manifest, error) {
	m, err := archive.TreeManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return m, err
}

func (c *Command) verifyDir(ctx context.Context, source string, flags *packFlags, in *verify.Input) error {
	real, err := filepath.EvalSymlinks(source)
	if err != nil {
		return err
	}
	if m, err := unpacked(real); err != nil {
		return err
	} else if m != nil {
		ofManifest(m, verify.Dir(real), in)
		in.Roots, in.Skip = []string{real}, func(name string) bool { return strings.HasPrefix(name, archive.Dir+"/") }
		return nil
	}
	tree, err := buildout.Run(ctx, buildout.Options{Dir: real, InPlace: true, Python: flags.python, Config: flags.config, OS: c.OS, Launcher: target.Launcher()})
	if err != nil {
		return err
	}
	defer tree.Close()
	in.Source, in.Roots, in.Python, in.Parts = verify.Dir(real), []string{real}, tree.Python, job.Parts(tree)
	if !flags.noImport {
		in.Import, err = job.ImportOf(tree)
	}
	return err
}
