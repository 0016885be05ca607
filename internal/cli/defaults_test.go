package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestIdentify holds the order of sources: what is given, then GitHub's
// variables, then git, then an error; never the directory's name.
func TestIdentify(t *testing.T) {
	repo := newRepository(t)
	plain := t.TempDir()
	tests := []struct {
		name                 string
		dir                  string
		env                  map[string]string
		givenName, givenVers string
		want                 identity
		fails                bool
	}{
		{"given", repo, nil, "a", "1", identity{"a", "1"}, false},
		{"git remote and tag", repo, nil, "", "", identity{"site", "2.5"}, false},
		{"GitHub's repository", repo, map[string]string{"GITHUB_REPOSITORY": "acme/shop"}, "", "1", identity{"shop", "1"}, false},
		{"GitHub's tag", repo, map[string]string{"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v3.0"}, "", "", identity{"site", "3.0"}, false},
		{"no name", plain, nil, "", "1", identity{}, true},
		{"no version", plain, nil, "a", "", identity{}, true},
		{"a name with a slash", plain, nil, "a/b", "1", identity{}, true},
		{"a name with a space", plain, nil, "a b", "1", identity{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Command{Getenv: func(k string) string { return tt.env[k] }}
			got, err := c.identify(context.Background(), tt.dir, tt.givenName, tt.givenVers)
			if (err != nil) != tt.fails {
				t.Fatalf("error %v, want one: %v", err, tt.fails)
			}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestVersionOfTag(t *testing.T) {
	for tag, want := range map[string]string{"v1.2": "1.2", "1.2": "1.2", "vanilla": "vanilla", "release/v2": "2"} {
		if got := versionOfTag(tag); got != want {
			t.Errorf("versionOfTag(%q) = %q, want %q", tag, got, want)
		}
	}
}

// newRepository makes a git repository of one commit, tagged v2.5, with a remote.
func newRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "buildout.cfg"), []byte("[buildout]\nparts =\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "-q"},
		{"remote", "add", "origin", "git@example.org:acme/site.git"},
		{"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first"},
		{"tag", "v2.5"},
	} {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	return dir
}
