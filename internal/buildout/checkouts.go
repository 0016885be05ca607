package buildout

import (
	"context"
	"io/fs"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
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
	return archive.Checkout{Path: filepath.ToSlash(rel), Commit: commit, URL: published(git(ctx, dir, "config", "--get", "remote.origin.url"))}, true
}

func git(ctx context.Context, dir string, args ...string) string {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", dir}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// remote is an address of another machine: with a scheme, or host:path as ssh has
// it. A drive of Windows has one letter.
var remote = regexp.MustCompile(`^(?:([a-z][a-z0-9+.-]*)://|[^/\\:]{2,}:)`)

// published is the address that an archive names: none of this machine's own
// directories, which say nothing elsewhere, and without a password.
func published(address string) string {
	m := remote.FindStringSubmatch(strings.ToLower(address))
	if m == nil || strings.HasSuffix(m[1], "file") {
		return ""
	}
	return withoutUserinfo(address)
}

// userinfo is the name and the password of what should be a URL: all up to its last @.
var userinfo = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*://).*@`)

// withoutUserinfo takes name and password out of a URL, also of one that is none
// to net/url, as with a space or a bare % in the password. The name in
// git@host:path is no credential, and stays, as does that in ssh://git@host.
func withoutUserinfo(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return userinfo.ReplaceAllString(s, "$1")
	}
	if u.User == nil || u.Scheme == "ssh" || u.Scheme == "git+ssh" {
		return s
	}
	u.User = nil
	return u.String()
}
