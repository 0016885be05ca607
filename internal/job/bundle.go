package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/bundle"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/target"
)

// BundleBuilds is the value of Request.BundlePython for the interpreter that builds.
const BundleBuilds = "true"

// bundle copies the interpreter, and adds the copy to the list.
func (l *Listed) bundle(ctx context.Context) error {
	in, err := l.bundled(ctx)
	if err != nil {
		return err
	}
	name := bundle.Name(in.Version)
	if err := bundle.Free(l.List, name, l.starter(nil).Name()); err != nil {
		return err
	}
	if l.bundleDir, err = l.Tree.SideDir("interpreter"); err != nil {
		return err
	}
	rules, included := l.rules(), l.includesImported()
	l.Bundled, err = bundle.Make(ctx, bundle.Options{
		Interpreter: bundle.Interpreter{Executable: in.BaseExecutable, Prefix: in.BasePrefix, Stdlib: in.Stdlib, Version: in.Version, Framework: in.Framework},
		OS:          l.Build.OS, Root: l.Tree.Root, Dir: l.bundleDir,
		Included: func(p string) bool { return rules.Includes(p) || included(p) }, Excluded: rules.Excludes,
		Promised: func(library string) bool { return verify.Promised(l.Tree.Python, l.Made.Platform, library) },
	})
	if err != nil {
		return err
	}
	l.List.Add(l.Bundled.Files...)
	l.List.Omit(l.Bundled.Omitted...)
	l.Say("interpreter: %s, %s, %s of this system", l.Bundled.Directory, plural.Of(len(l.Bundled.Files), "file"), plural.Of(len(l.Bundled.Libraries), "library", "libraries"))
	for _, missing := range l.Bundled.Missing {
		w := "the interpreter in the archive has no module " + missing + "; install that, and build the interpreter again"
		l.Tree.Warnings = append(l.Tree.Warnings, w)
		l.Warn(w)
	}
	return nil
}

// bundled is the interpreter that is copied.
func (l *Listed) bundled(ctx context.Context) (buildout.Interpreter, error) {
	own := l.Tree.Interpreter
	if l.BundlePython == BundleBuilds {
		return own, nil
	}
	exe, err := l.executableIn(l.BundlePython, own.Minor())
	if err != nil {
		return own, err
	}
	other, err := buildout.FindPython(ctx, exe, l.Tree.Root)
	if err != nil {
		return own, err
	}
	if other.Version != own.Version || other.ABI != own.ABI {
		return own, fault.Usage(fmt.Errorf("bundling %s: it is Python %s (%s), and the tree was built by %s (%s)", exe, other.Version, other.ABI, own.Version, own.ABI),
			"build with it (--python), or give a directory with the same version")
	}
	return other, nil
}

// executableIn finds the interpreter in a directory: of the tree, where a part
// built it, or of this machine.
func (l *Listed) executableIn(dir, minor string) (string, error) {
	places := []string{dir}
	if !filepath.IsAbs(dir) {
		places = []string{filepath.Join(l.Tree.Root, dir), filepath.Join(l.Build.Dir, dir)}
	}
	for _, place := range places {
		for _, name := range []string{"bin/python" + minor, "bin/python" + minor + "t", "bin/python3", "bin/python", "python.exe"} {
			exe := filepath.Join(place, filepath.FromSlash(name))
			if info, err := os.Stat(exe); err == nil && info.Mode().IsRegular() {
				return exe, nil
			}
		}
	}
	return "", fault.Usage(errors.New("bundling the interpreter in "+dir+": there is none"), "give the prefix of one: bin/python"+minor+" has to be in it")
}

// ofInterpreter tells whether a path is the copied interpreter's.
func (l *Listed) ofInterpreter(p string) bool {
	return l.Bundled != nil && strings.HasPrefix(p, l.Bundled.Directory+"/")
}

// starter is the program beside bootstrap.py that starts it under the copied
// interpreter. The floors may not be known yet.
func (l *Listed) starter(floors []archive.Floor) target.Starter {
	s := target.Starter{Target: l.Made.String(), System: l.Made.OS(), Arch: l.Made.Arch(), Libc: l.Tree.Python.Libc}
	if l.Bundled != nil {
		s.Executable, s.Loader = l.Bundled.Executable, l.Bundled.Loader
	}
	for _, f := range floors {
		if f.Kind == "glibc" || f.Kind == "musl" || f.Kind == "macos" {
			if s.Floor == "" || matrix.CompareVersions(f.Version, s.Floor) > 0 {
				s.Floor = f.Version
			}
		}
	}
	if s.System == "windows" && matrix.CompareVersions(l.Tree.Python.Version, "3.9") >= 0 {
		s.Floor = "6.2" // its python3XY.dll imports api-ms-win-core-path-l1-1-0.dll, which Windows 7 lacks
	}
	return s
}

// withStarter adds the program that starts bootstrap.py to the list.
func (v *Verified) withStarter() error {
	if v.Bundled == nil {
		return nil
	}
	s := v.starter(v.Report.Floors)
	text, err := s.Bytes()
	if err != nil {
		return err
	}
	v.List.Add(pack.File{Path: s.Name(), Mode: 0o755, Data: text, Size: int64(len(text))})
	return nil
}

// bundledPython is what the manifest says of the interpreter; nil without one.
func (l *Listed) bundledPython() *archive.BundledPython {
	if l.Bundled == nil {
		return nil
	}
	return &archive.BundledPython{
		Version:   strings.TrimPrefix(l.Bundled.Directory, bundle.Name("")),
		Directory: l.Bundled.Directory, Executable: l.Bundled.Executable,
	}
}
