package secrets

import (
	"encoding/json"
	"os"
	"testing"
)

// TestShown reads the table that install.py's tests read too.
func TestShown(t *testing.T) {
	data, err := os.ReadFile("../../target/cases/addresses.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct{ Address, Shown string }
	if err := json.Unmarshal(data, &rows); err != nil || len(rows) < 20 {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows {
		if got := Shown(r.Address); got != r.Shown {
			t.Errorf("%s: shown as %s, want %s", r.Address, got, r.Shown)
		}
	}
}

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
		"https://me:secret@example.org/a?ref=1": "https://example.org/a?ref=1",
		"":                                      "",
	} {
		if got := Published(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestLogins(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"https://joe:pass%2Fword@example.org/simple", "https://example.org/simple"},
		{"x https://0123456789abcdef0123@example.org/a b", "x https://example.org/a b"},
		{"git+https://u:passwd@example.org:8080/x.git", "git+https://example.org:8080/x.git"},
		{"git@example.org:x.git", "git@example.org:x.git"},
		{"ssh://git@example.org/x.git", "ssh://git@example.org/x.git"},
	} {
		if got := WithoutLogins(c.text, Logins(InText("x", c.text))); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
	if got := Mask("get https://joe:pw@example.org/x"); got != "get https://***@example.org/x" {
		t.Errorf("mask: %s", got)
	}
}
