package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/release"
)

// makeOut makes the output directory.
func makeOut(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the output directory: %w", err)
	}
	return nil
}

// place gives the archive its name, in the place of an earlier run's, whose
// reports say another digest.
func (p *packing) place() error {
	out, name := p.abs(p.flags.out), filepath.Base(p.result.Path)
	for _, earlier := range []string{matrix.SidecarName(name), p.stem() + ".html"} {
		if err := os.Remove(filepath.Join(out, earlier)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the report of an earlier run: %w", err)
		}
	}
	if err := p.moveTo(out); err != nil {
		return err
	}
	// Nothing waits for what an earlier run left there, and others' archives keep the directory.
	_ = os.Remove(filepath.Join(out, release.Unproved, name))
	_ = os.Remove(filepath.Join(out, release.Unproved))
	return nil
}

// keepUnproved keeps an archive that a run which failed has written and not
// proved, for a person to look at, where no one takes it for one that was.
func (p *packing) keepUnproved(cause error) error {
	if p.own == nil || filepath.Dir(p.result.Path) != p.own.Path {
		return cause
	}
	dir := filepath.Join(p.abs(p.flags.out), release.Unproved)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return errors.Join(cause, fmt.Errorf("keeping the archive: %w", err))
	}
	if err := p.moveTo(dir); err != nil {
		return errors.Join(cause, err)
	}
	kept := "the archive is kept in " + p.shown(p.result.Path)
	if hint := fault.HintOf(cause, ""); hint != "" {
		kept = hint + "; " + kept
	}
	return &fault.Error{Err: cause, Code: exitCode(cause), Text: kept}
}

// moveTo moves the archive out of its own directory.
func (p *packing) moveTo(dir string) error {
	path := filepath.Join(dir, filepath.Base(p.result.Path))
	if err := os.Rename(p.result.Path, path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	p.result.Path = path
	return nil
}

// shown is a path as a person who ran the command knows it: seen from where
// they are, unless that is several directories up.
func (p *packing) shown(path string) string {
	if rel, err := filepath.Rel(p.Dir, path); err == nil && !strings.HasPrefix(filepath.ToSlash(rel), "../../") {
		return rel
	}
	return path
}

// writeArchive writes a file in a directory of its own, and renames it when all of it is there.
func writeArchive(dir, name string, write func(io.Writer) (archive.Digest, error)) (done job.File, err error) {
	own, err := newDir(dir, name)
	if err != nil {
		return job.File{}, err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	if done, err = job.WriteFile(filepath.Join(own.Path, name), write); err != nil {
		return job.File{}, err
	}
	path := filepath.Join(dir, name)
	if err := os.Rename(done.Path, path); err != nil {
		return job.File{}, fmt.Errorf("writing %s: %w", name, err)
	}
	done.Path = path
	return done, nil
}

// newDir makes the directory that a file is written in. What a killed run left
// of such directories is removed.
func newDir(dir, name string) (*scratch.Dir, error) {
	own, err := scratch.New(dir, "."+name+".")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return own, nil
}
