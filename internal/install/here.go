package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// recordName is a file of .binary-buildout in an installed tree that no
// archive has. It says which archive file the tree came from.
const recordName = archive.Dir + "/install.json"

const recordFormat = 1

// record is install.json.
type record struct {
	Format  int    `json:"format"`
	Archive string `json:"archive"` // file name
	SHA256  string `json:"sha256"`  // of the archive file
	Source  string `json:"source"`  // what install or update was given
	// Attestation is what was asked of it, and is asked of each version that comes.
	Attestation *fetch.Trust `json:"attestation,omitempty"`
}

// here is what a directory holds.
type here int

const (
	nothingHere here = iota // it isn't there, or is empty
	sameHere                // this archive, bootstrapped for this directory
	otherHere               // another archive
)

// look says what is in the directory. A directory that holds something else
// than an archive of ours is refused.
func look(dir string, m *archive.Manifest, files *archive.Files, digest string) (here, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nothingHere, nil
	}
	if err != nil {
		return 0, fault.Usage(fmt.Errorf("looking at %s: %w", dir, err), "give a directory that doesn't exist, or is empty")
	}
	if len(entries) == 0 || interrupted(dir) {
		return nothingHere, nil
	}
	old, err := archive.TreeManifest(dir)
	if err != nil {
		return 0, fault.Usage(fmt.Errorf("installing into %s: it isn't empty, and isn't an installation of binary-buildout (%w)", dir, err),
			"give another directory, or move this one away")
	}
	if !bootstrapped(dir) {
		return 0, fault.Usage(fmt.Errorf("installing into %s: bootstrap.py has not run in the %s %s that is unpacked there", dir, old.Name, old.Version),
			fmt.Sprintf("run: python %s, or move the directory away", ShellWord(filepath.Join(dir, archive.BootstrapPy))))
	}
	if r, err := readRecord(dir); err == nil && digest != "" && r.SHA256 == digest {
		return sameHere, nil
	}
	if m == nil {
		return otherHere, nil
	}
	oldFiles, err := archive.Document[archive.Files](dir, archive.FilesName)
	if err == nil && reflect.DeepEqual(old, m) && reflect.DeepEqual(oldFiles, files) {
		return sameHere, nil
	}
	return otherHere, nil
}

// bootstrapped is whether bootstrap.py has run for this directory.
func bootstrapped(dir string) bool {
	s, err := archive.Document[archive.State](dir, archive.StateName)
	return err == nil && s.Root != ""
}

// writeRecord writes install.json. A source with a password in it, which updates
// need, is nobody's else to read.
func writeRecord(dir string, r record) error {
	path := filepath.Join(dir, recordName)
	if secrets.Shown(r.Source) == r.Source {
		return writeJSON(path, r)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return writeJSON(path, r)
}

func readRecord(dir string) (*record, error) {
	return archive.Document[record](dir, recordName)
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
