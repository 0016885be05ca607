package buildout

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// Source says of which git commit the checkout at dir is, nil where git knows
// none. What git doesn't track doesn't count as a change: a build leaves such
// files, and they are seen in what comes of them.
func Source(ctx context.Context, dir string) *archive.Source {
	commit := git(ctx, dir, "rev-parse", "HEAD")
	if commit == "" {
		return nil
	}
	return &archive.Source{
		URL:       secrets.Published(git(ctx, dir, "config", "--get", "remote.origin.url")),
		Commit:    commit,
		Directory: strings.TrimSuffix(filepath.ToSlash(git(ctx, dir, "rev-parse", "--show-prefix")), "/"),
		Changed:   git(ctx, dir, "status", "--porcelain", "--untracked-files=no", "--", ".") != "",
	}
}
