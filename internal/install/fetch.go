package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// fetched is an archive on this disk.
type fetched struct {
	path        string
	want        string // the digest it should have, "" if nothing says
	attestation string
	warnings    []string
	unchanged   *Result // set if it needn't be fetched: the directory has it
	remove      func()
}

func (f *fetched) close() {
	if f.remove != nil {
		f.remove()
	}
}

// repository matches OWNER/REPO and OWNER/REPO@TAG, in GitHub's characters.
var repository = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})(?:@(.+))?$`)

// fetch brings the archive that the source names, and that fits this system.
// A path that exists is a path, whatever else it looks like.
func fetch(ctx context.Context, o Options, dir string) (*fetched, error) {
	if strings.HasPrefix(o.Source, "https://") || strings.HasPrefix(o.Source, "http://") {
		return fetchURL(ctx, o, dir)
	}
	fi, err := os.Stat(o.Source)
	switch {
	case err == nil && fi.Mode().IsRegular():
		want, err := expectedDigest(o.Source, o.SHA256)
		return &fetched{path: o.Source, want: want}, err
	case err == nil && fi.IsDir():
		return fetchFolder(ctx, o, dir)
	case err == nil:
		return nil, usage(fmt.Errorf("installing %s: it is neither a file nor a folder", o.Source), "")
	case !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "not a directory"):
		return nil, usage(fmt.Errorf("looking at the source: %w", err), "")
	}
	if m := repository.FindStringSubmatch(o.Source); m != nil {
		return fetchRepository(ctx, o, dir, m[1], m[2], m[3])
	}
	return nil, usage(fmt.Errorf("installing %s: there is no such file", o.Source), "give an archive, OWNER/REPO[@TAG], or the URL or folder of a mirror")
}
