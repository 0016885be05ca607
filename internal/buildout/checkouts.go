package buildout

import (
	"context"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// checkouts finds the git checkouts of the tree: itself, and what mr.developer
// and submodules laid at most four levels below. skip are directories that
// aren't looked into.
func checkouts(ctx context.Context, root string, skip ...string) []archive.Checkout {
	var found []archive.Checkout
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		rel, _ := filepath.Rel(root, path)
		if d.Name() == ".git" {
			if c, ok := checkout(ctx, root, filepath.Dir(path)); ok {
				found = append(found, c)
			}
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() && (slices.Contains(skip, path) || strings.Count(rel, string(filepath.Separator)) > 4) {
			return fs.SkipDir
		}
		return nil
	})
	return found
}

func checkout(ctx context.Context, root, dir string) (archive.Checkout, bool) {
	commit := git(ctx, dir, "rev-parse", "HEAD")
	rel, err := filepath.Rel(root, dir)
	if commit == "" || err != nil {
		return archive.Checkout{}, false
	}
	return archive.Checkout{Path: filepath.ToSlash(rel), Commit: commit, URL: secrets.Published(git(ctx, dir, "config", "--get", "remote.origin.url"))}, true
}

func git(ctx context.Context, dir string, args ...string) string {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", dir}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
