package buildout

import "testing"

func TestPublished(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/a/b.git":           "https://example.org/a/b.git",
		"https://me:secret@example.org/a/b.git": "https://example.org/a/b.git",
		"https://me:se cret%@example.org/a/b":   "https://example.org/a/b",
		"https://me:se@cret%@example.org/a/b":   "https://example.org/a/b",
		"ssh://git@example.org/a/b.git":         "ssh://git@example.org/a/b.git",
		"git@example.org:a/b.git":               "git@example.org:a/b.git",
		"/srv/git/b.git":                        "",
		"../b.git":                              "",
		"file:///srv/git/b.git":                 "",
		"FILE:///srv/git/b.git":                 "",
		`C:\\git\\b`:                            "",
		"C:/git/b":                              "",
		"":                                      "",
	} {
		if got := published(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
