package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// asked is what holds where o asks something of an attestation: that, over what
// was asked before of what is there.
func asked(o Options, dir string) (fetch.Trust, error) {
	r, err := readRecord(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return o.Trust, nil
	case err != nil:
		return o.Trust, fault.Surroundings(fmt.Errorf("reading which attestation is required: %w", err), "remove that file, and say again where versions come from and what is asked of them")
	case r.Attestation == nil:
		return o.Trust, nil
	}
	return o.Over(*r.Attestation, o.TrustSaid...), nil
}

// remember notes what is asked of attestations, if that isn't noted yet. Of a
// tree without install.json nothing else is known.
func remember(dir string, t fetch.Trust) error {
	r, err := readRecord(dir)
	if err != nil {
		r = &record{Format: recordFormat}
	}
	before := r.Attestation
	if r.Attestation = noted(t); before == nil && r.Attestation == nil || before != nil && *before == t {
		return nil
	}
	path, mode := filepath.Join(dir, recordName), fs.FileMode(0o644)
	if info, err := os.Lstat(path); err == nil {
		mode = info.Mode().Perm()
	}
	part := path + ".new"
	if err = os.RemoveAll(part); err == nil {
		err = os.WriteFile(part, nil, 0o600)
	}
	if err == nil {
		err = writeJSON(part, r)
	}
	if err == nil {
		err = os.Chmod(part, mode)
	}
	if err == nil {
		err = rename(part, path)
	}
	if err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", recordName, err), "")
	}
	return nil
}

// rememberHere notes what is asked now of what is there already.
func rememberHere(o Options, dir string) error {
	t, err := asked(o, dir)
	if err != nil {
		return err
	}
	return remember(dir, t)
}

// noted is how install.json has it: nothing, where nothing is asked.
func noted(t fetch.Trust) *fetch.Trust {
	if t == (fetch.Trust{}) {
		return nil
	}
	return &t
}

// version compares what an archive or a delta says of itself with what the index says,
// and to what is there. Where it can't be known which is the newer one, that is a
// warning.
func (r *request) version(a *fetch.Archive, name, version, target string, res *Updated) error {
	if err := a.Holds(name, version, target); err != nil {
		return err
	}
	if err := r.Forward(version, a.Name, "to go back, name the archive itself, or give --allow-downgrade"); err != nil {
		return err
	}
	if !r.Back {
		res.Warnings = append(res.Warnings, fetch.Unordered(version, r.Installed)...)
	}
	return nil
}
