package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// credentialFiles are what action/run.sh lays into the build's HOME.
func credentialFiles() []string {
	return []string{".netrc", "_netrc", "pip.conf", ".ssh/id", ".ssh/known_hosts"}
}

// forgetCredentials removes the action's credential files when the build and
// the search for them in the tree are done: neither the proof nor an upload
// may find them. The variable names the directory; only files of these names
// go, and the directory itself may be a mount.
func (p *packing) forgetCredentials() error {
	dir := p.Getenv("BINARY_BUILDOUT_CREDENTIALS")
	if dir == "" {
		return nil
	}
	for _, name := range credentialFiles() {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the build's credentials: %w", err)
		}
	}
	return nil
}
