package release

import (
	"context"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/internal/changes"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

var update = flag.Bool("update", false, "write testdata/notes.md")

// A person edits the text while files are uploaded, and between two tries of
// the request that publishes.
func TestTextEditedMeanwhile(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	s := server(t, nil)
	id := s.Add(releasetest.Release{Tag: "v1.0", Draft: true, Body: "Soon."})
	patches := 0
	s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
		switch {
		case isUpload(r):
			s.Edit(id, func(string) string { return "Written while it was uploaded." })
		case r.Method == http.MethodPatch && patches == 0:
			patches++
			s.Edit(id, func(body string) string { return body + "\r\nAnd later." })
			return &releasetest.Fault{Status: 502}
		}
		return nil
	}
	if _, err := client(t, s).Publish(context.Background(), want, options(set)); err != nil {
		t.Fatal(err)
	}
	s.Fault = nil
	checkReleased(t, s, want)
	if body := s.Releases()[0].Body; patches != 1 || !strings.HasPrefix(body, "Written while it was uploaded.\r\nAnd later.\n\n"+notesBegin) {
		t.Errorf("%d: %s", patches, body)
	}
}

func TestMergeNotes(t *testing.T) {
	const table = "| a |\n"
	block := func(table string) string { return notesBegin + "\n" + table + notesEnd }
	long := strings.Repeat("ü", maxBody-200)
	full := strings.Repeat("ü", maxBody)
	for _, tt := range []struct{ name, body, table, want string }{
		{"empty", "\r\n", table, block(table) + "\n"},
		{"by hand", "Hello.", table, "Hello.\n\n" + block(table) + "\n"},
		{"again", "Hello.\n\n" + block("old\n") + "\nAfter.", table, "Hello.\n\n" + block(table) + "\nAfter."},
		{"an end alone", notesEnd + "Hello.", table, notesEnd + "Hello.\n\n" + block(table) + "\n"},
		{"a beginning alone", "a " + notesBegin + " b", table, "a " + notesBegin + " b\n\n" + block(table) + "\n"},
		{"a beginning alone, again", "a " + notesBegin + " b\n\n" + block("old\n") + "\n", table, "a " + notesBegin + " b\n\n" + block(table) + "\n"},
		{"nearly too long", long, strings.Repeat("| a |\n", 50), long + "\n\n" + block(tooLong) + "\n"},
		{"too long", full, table, full},
		{"a huge table", "Hello.", strings.Repeat("| a |\n", maxBody/5), "Hello.\n\n" + block(tooLong) + "\n"},
	} {
		got := MergeNotes(tt.body, tt.table)
		if got != tt.want || utf8.RuneCountInString(got) > maxBody {
			t.Errorf("%s: %.200s", tt.name, got)
		}
		if again := MergeNotes(got, tt.table); again != got {
			t.Errorf("%s: again: %.200s", tt.name, again)
		}
	}
}

// TestNotes compares a release's text with testdata/notes.md: links, a line to
// install for each kind of system, whether Python is inside, deltas with their sizes, and how to verify.
func TestNotes(t *testing.T) {
	set := gathered(t)
	set.Home, set.Signer = "https://github.com/acme/site", &Signer{Workflow: "acme/site/.github/workflows/release.yml", Repo: "acme/site", Ref: "refs/tags/v1.0", Hosted: true}
	set.Archives[0].Info.Changes = &changes.Account{From: "0.9", To: "1.0", Eggs: []changes.Change{{Name: "six", From: "1.16.0", To: "1.17.0"}},
		Files: changes.Counts{Changed: 1, Added: 2, Removed: 2}, FromSize: 3 << 20, ToSize: 4 << 20}
	set.Archives[0].Deltas = []Delta{
		{File: File{Name: "site-1.0-cp312-manylinux_2_28_x86_64.from-0.8.delta.tar.gz", Size: 3 << 20}, BaseVersion: "0.8"},
		{File: File{Name: "site-1.0-cp312-manylinux_2_28_x86_64.from-0.9.delta.tar.gz", Size: 83 << 10}, BaseVersion: "0.9"},
	}
	set.Archives[1].Info.BundledPython = &BundledPython{Version: "3.13.11"}
	got := set.Notes()
	if *update {
		if err := os.WriteFile("testdata/notes.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/notes.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNotesWithoutHome: what --prepare writes for another place than GitHub has
// no links, and no column of deltas where there are none.
func TestNotesWithoutHome(t *testing.T) {
	text := gathered(t).Notes()
	if strings.Contains(text, "](") || strings.Contains(text, "curl") || strings.Contains(text, "update from") || !strings.HasPrefix(text, "| asset | platform | Python | oldest system | size | SHA-256 |\n") {
		t.Error(text)
	}
}

// TestAddress: a tag may have slashes and characters that an address escapes.
func TestAddress(t *testing.T) {
	for tag, want := range map[string]string{
		"v1.0": "https://github.com/a/b/releases/download/v1.0/x.zip", "site/1.0": "https://github.com/a/b/releases/download/site/1.0/x.zip",
		"1.0+ü": "https://github.com/a/b/releases/download/1.0+%C3%BC/x.zip",
	} {
		if got := (Set{Home: "https://github.com/a/b", Tag: tag}).address("x.zip"); got != want {
			t.Errorf("%s: %s", tag, got)
		}
	}
}
