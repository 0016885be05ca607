package rebuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

var (
	commitID = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	// fetchable are the addresses that git fetches from without running anything
	// that the address names, as "ext::" would: https, and ssh in both its forms.
	fetchable = regexp.MustCompile(`^(?:https://[^/-]|ssh://[^/-]|[A-Za-z0-9_.]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^-])`)
)

// Checkout makes a checkout of the source's commit in the directory to, which
// mustn't exist, and gives the buildout's directory in it. The commit is taken
// from the git repository at local if that has it, which is only read, else
// from the source's URL. What the checkout's remote is called is what the
// manifest says.
func Checkout(ctx context.Context, s archive.Source, local, to string) (string, error) {
	if !commitID.MatchString(s.Commit) || s.Directory != "" && !filepath.IsLocal(filepath.FromSlash(s.Directory)) {
		return "", fault.Failed(fmt.Errorf("rebuilding: the archive names no commit and directory of a checkout: %q, %q", s.Commit, s.Directory), "")
	}
	global, err := trusting(to)
	if err != nil {
		return "", err
	}
	defer os.Remove(global)
	g := git{env: os.Environ()}
	from := s.URL
	own := git{env: append(g.env, "GIT_CONFIG_GLOBAL="+global)}
	if top := own.topOf(ctx, local, s.Commit); top != "" {
		from, g = top, own
	} else if !fetchable.MatchString(from) {
		return "", usage("give a git repository that has it with --checkout DIR",
			"commit %s is not in %s, and the archive names no address to clone it from", s.Commit, local)
	}
	// Of a repository's tags a build may make a version.
	if err := g.run(ctx, "", "clone", "--quiet", "--no-checkout", "--no-hardlinks", "--", from, to); err != nil {
		return "", fault.Surroundings(fmt.Errorf("making a checkout: %w", err), "give a git repository that has commit "+s.Commit+" with --checkout DIR")
	}
	steps := [][]string{{"checkout", "--quiet", "--detach", s.Commit, "--"}, {"remote", "set-url", "origin", s.URL}}
	if s.URL == "" {
		steps[1] = []string{"remote", "remove", "origin"}
	}
	for _, step := range steps {
		if err := g.run(ctx, to, step...); err != nil {
			return "", fault.Surroundings(fmt.Errorf("making a checkout: %w", err), "give a git repository that has commit "+s.Commit+" with --checkout DIR")
		}
	}
	return filepath.Join(to, filepath.FromSlash(s.Directory)), nil
}

// trusting writes a git configuration for reading a repository of this machine:
// git refuses one that belongs to another user, and asks nobody who names it.
func trusting(to string) (string, error) {
	path := to + ".gitconfig"
	if err := os.WriteFile(path, []byte("[safe]\n\tdirectory = *\n"), 0o600); err != nil {
		return "", fault.Surroundings(fmt.Errorf("making a checkout: %w", err), "")
	}
	return path, nil
}

type git struct{ env []string }

// topOf is the top of the git repository at dir, if that has the commit.
func (g git) topOf(ctx context.Context, dir, commit string) string {
	if g.run(ctx, dir, "cat-file", "-e", commit+"^{commit}") != nil {
		return ""
	}
	cmd := g.command(ctx, dir, "rev-parse", "--show-toplevel")
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func (g git) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(append([]string{}, g.env...), "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=file:https:ssh")
	return cmd
}

func (g git) run(ctx context.Context, dir string, args ...string) error {
	cmd := g.command(ctx, dir, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	if err != nil && said.Len() > 0 {
		return fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("git %s: %w", args[0], err), ctx.Err())
	}
	return nil
}
