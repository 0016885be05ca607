package install

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// already gives a result if the directory has the asset.
func already(dir string, a fetch.Asset) *Result {
	if a.SHA256 == "" {
		return nil
	}
	state, err := look(dir, nil, nil, a.SHA256)
	if err != nil || state != sameHere {
		return nil
	}
	m, err := archive.TreeManifest(dir)
	if err != nil {
		return nil
	}
	return &Result{Dir: dir, Archive: a.Name, SHA256: a.SHA256, Name: m.Name, Version: m.Version, Target: m.Target}
}

// downloadInside is the directory of downloads where the parent can't be written,
// and nothing is installed yet.
const downloadInside = ".binary-buildout.download"

// downloadDir makes the directory that downloads lie in until they are
// complete: beside the target, where the next run finds what an interrupted one
// left, and never among the temporary files, whose disk may be small. Where that
// can't be written, it is in the target itself.
func downloadDir(dir string) (string, error) {
	beside := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+downloadInside)
	err := scratch.Make(beside, 0o022)
	if err == nil {
		return beside, nil
	}
	if fi, statErr := os.Stat(dir); statErr == nil && fi.IsDir() {
		inside := filepath.Join(dir, downloadInside)
		if _, err := archive.TreeManifest(dir); err == nil {
			inside = filepath.Join(dir, archive.Dir, "download")
		}
		if scratch.Make(inside, 0o022) == nil {
			return inside, nil
		}
	}
	hint := "install as a user who may write " + filepath.Dir(dir) + ", or have an empty directory made that you own"
	if errors.Is(err, scratch.ErrForeign) {
		err, hint = fmt.Errorf("%s is there: %w", beside, err), "remove it"
	}
	return "", fault.Surroundings(fmt.Errorf("making a directory to download to: %w", err), hint)
}

// request is what is fetched for a directory, and what that has of it already.
type request struct {
	fetch.Request
	here *Result
}

// Request says what is fetched for a directory.
func (o Options) Request(dir string) fetch.Request {
	return fetch.Request{
		Source: o.Source, SHA256: o.SHA256, Label: o.Label,
		Trust:  o.Trust,
		Handed: o.Handed, Search: o.search(), Remote: o.Remote, Progress: o.Progress, Into: o.Into,
		Dir: func() (string, error) { return downloadDir(dir) },
	}
}

func (o Options) request(dir string) *request {
	r := &request{Request: o.Request(dir)}
	r.Look = func(a fetch.Asset) (bool, error) {
		if r.here = already(dir, a); r.here != nil {
			return true, nil
		}
		state, err := look(dir, nil, nil, a.SHA256)
		if err == nil && state == otherHere && r.Base == "" {
			err = otherVersion(o, dir, a.Name)
		}
		return false, err
	}
	return r
}

// unchanged is the result where nothing had to be fetched.
func (r *request) unchanged(a *fetch.Archive) *Result {
	r.here.Attestation, r.here.Signer, r.here.Warnings = a.Attestation, a.Signer, a.Warnings
	return r.here
}

// search is what the options say of interpreters.
func (o Options) search() interpreter.Search {
	return interpreter.Search{Python: o.Python, Env: o.Env, OS: o.OS, Arch: o.Arch}
}
