package release

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

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

func TestNotes(t *testing.T) {
	table := gathered(t).Notes()
	if !strings.Contains(table, "| site-1.0-cp312-manylinux_2_28_x86_64.tar.gz | manylinux_2_28_x86_64 | 3.13.0 | glibc 2.28 | 0 KiB | `") || !strings.Contains(table, "libldap-2.5.so.0 (libldap-2.5-0 (Debian))") {
		t.Error(table)
	}
	if cell("a|b\n<x") != `a\|b &lt;x` {
		t.Error(cell("a|b\n<x"))
	}
}
