package cli

import (
	"context"
	"os/exec"
	"path"
	"regexp"
	"strings"
)

// identity is what an archive is called: NAME-VERSION.
type identity struct{ name, version string }

// namePattern keeps to what GitHub leaves alone in the name of an asset.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

// identify settles name and version: flag or section, then what the
// surroundings say, else an error. Nothing is taken from the directory's name.
func (c *Command) identify(ctx context.Context, dir, name, version string) (identity, error) {
	git := func(args ...string) string { return gitOutput(ctx, dir, args...) }
	if name == "" {
		name = c.defaultName(git)
	}
	if name == "" {
		return identity{}, usageError("naming the archive: there is no name: neither --name, nor name in [binary-buildout], nor a git remote",
			"give --name NAME, or put name = NAME into the section [binary-buildout] of the file that --config names")
	}
	if version == "" {
		version = c.defaultVersion(git)
	}
	if version == "" {
		return identity{}, usageError("naming the archive: there is no version: neither --version, nor version in [binary-buildout], nor a git tag or commit",
			"give --version VERSION, or put version = VERSION into the section [binary-buildout] of the file that --config names")
	}
	for _, part := range []string{name, version} {
		if !namePattern.MatchString(part) {
			return identity{}, usageError("naming the archive: "+part+" has a character that an asset's name can't have",
				"letters, digits, dot, underscore, plus and hyphen are allowed")
		}
	}
	return identity{name, version}, nil
}

func (c *Command) defaultName(git func(...string) string) string {
	if repo := c.Getenv("GITHUB_REPOSITORY"); repo != "" {
		return path.Base(repo)
	}
	url := strings.TrimSuffix(git("config", "--get", "remote.origin.url"), "/")
	if url == "" {
		return ""
	}
	return strings.TrimSuffix(path.Base(strings.ReplaceAll(url, ":", "/")), ".git")
}

func (c *Command) defaultVersion(git func(...string) string) string {
	if c.Getenv("GITHUB_REF_TYPE") == "tag" {
		return versionOfTag(c.Getenv("GITHUB_REF_NAME"))
	}
	if tag := git("describe", "--tags", "--exact-match"); tag != "" {
		return versionOfTag(tag)
	}
	if commit := git("rev-parse", "--short=12", "HEAD"); commit != "" {
		return "0+g" + commit
	}
	return ""
}

// versionOfTag takes the v away: v1.2.0 is version 1.2.0.
func versionOfTag(tag string) string {
	tag = path.Base(tag)
	if rest, ok := strings.CutPrefix(tag, "v"); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return rest
	}
	return tag
}

// gitOutput is what git says, or nothing where there is no git or no
// repository: both only mean that there is no default.
func gitOutput(ctx context.Context, dir string, args ...string) string {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
