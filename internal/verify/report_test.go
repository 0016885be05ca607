package verify

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault/faulttest"
)

// TestReportFormats: a name that would be markup or a new line stays what it is.
func TestReportFormats(t *testing.T) {
	r := check(t, Input{Source: egg313(nil), Witnessed: true,
		Declared: []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo.<script>|x"}, Errors: []BuildError{{Lines: []string{"a.c:1: error: </pre>"}}}}}})
	var text, html, js bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(&html, Page{}); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&js).Encode(r); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{"HTML": html.String(), "Markdown": r.Markdown()} {
		if strings.Contains(s, "<script>") || strings.Contains(s, "error: </pre>") {
			t.Errorf("%s lets markup through", name)
		}
	}
	if strings.Contains(html.String(), "http://") || strings.Contains(html.String(), "https://") || strings.Contains(html.String(), " src=") {
		t.Error("the page needs other files")
	}
	for _, want := range []string{"Missing (1)", "hint: ", "| a.c:1: error: </pre>"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if m := r.Markdown(); !strings.Contains(m, "<code>a.c:1: error: &lt;/pre&gt;</code>") {
		t.Errorf("no line of the compiler in\n%s", m)
	}
	if strings.Contains(js.String(), "null") {
		t.Errorf("null in %s", js.String())
	}
	a := r.Annotations()
	if len(a) != 1 || a[0].Level != "error" || !strings.Contains(a[0].Message, "its build declares it") {
		t.Errorf("%+v", a)
	}
	err := r.Err()
	var f *Findings
	if !errors.As(err, &f) {
		t.Errorf("%v", err)
	}
	faulttest.Want(t, err, 1, "waive = demo:", "demo.<script>|x (demo 1.0)")
}

// TestTextIsShort: a Qt without its libraries has a thousand problems of the same kind.
func TestTextIsShort(t *testing.T) {
	r := &Report{}
	for i := range 3 {
		item := Item{Module: fmt.Sprintf("qt.m%d", i)}
		for j := range 9 {
			item.Problems = append(item.Problems, Problem{Message: fmt.Sprintf("it needs lib%d", j), Hint: fmt.Sprintf("allow lib%d", j)})
		}
		r.Foreign = append(r.Foreign, item)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for want, n := range map[string]int{"qt.m": 3, "it needs lib5\n": 3, "it needs lib6\n": 0, "hint: allow lib5\n": 1, "and 3 more; --json": 3} {
		if got := strings.Count(text.String(), want); got != n {
			t.Errorf("%q %d times, want %d, in\n%s", want, got, n, text.String())
		}
	}
}

// TestTablesHaveDates: each table of facts names its source and date.
func TestTablesHaveDates(t *testing.T) {
	entries, err := data.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := data.ReadFile("data/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ Source, Date string }
		if err := json.Unmarshal(b, &v); err != nil || v.Source == "" || len(v.Date) != len("2026-11-23") {
			t.Errorf("%s: %v, %+v", e.Name(), err, v)
		}
	}
	if tb := loadTables(); len(tb.policies) < 15 || len(tb.windows) < 1000 || len(tb.stable) < 900 || len(tb.macos) == 0 || len(tb.packages) < 40 {
		t.Error("a table is short")
	}
}

// TestArchive: an archive gives the report that its tree gives, and one that was cut off is an error.
func TestArchive(t *testing.T) {
	files := egg313(tree{"demo/_x" + suffix: extension313(t, "_x", ""), "demo/_y.c": module("_y", ""), "demo/big.bin": strings.Repeat("x", 1<<20)})
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for p, s := range files {
		if err := w.WriteHeader(&tar.Header{Name: "demo-1.0/" + p, Mode: 0o644, Size: int64(len(s)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "demo-1.0-cp313-linux_x86_64.tar.gz")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, want := check(t, Input{Source: Archive(name)}), check(t, Input{Source: files})
	x, _ := json.Marshal(got)
	y, _ := json.Marshal(want)
	if string(x) != string(y) || len(got.Compiled) != 1 || len(got.Missing) != 1 {
		t.Errorf("%s\n%s", x, y)
	}
	if err := os.WriteFile(name, b.Bytes()[:b.Len()/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Tree(t.Context(), Input{Source: Archive(name), Python: linux313}); err == nil {
		t.Error("half an archive is no error")
	}
	for entry, ok := range map[string]bool{"x/a": true, "x/": true, "x/../../evil.so": false, "/etc/x": false, "../x": false, "x/../y": false} {
		if _, err := inside(entry, true); (err == nil) != ok {
			t.Errorf("%s: %v", entry, err)
		}
	}
}
