package verify

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// browser is headless Chromium's own view of a page: its DOM, and what it wrote to the console.
func browser(t *testing.T, page []byte, args ...string) (dom, console string) {
	t.Helper()
	chromium := testtool.Program(t, "chromium")
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(chromium, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--enable-logging=stderr", "--dump-dom"}, append(args, "file://"+file)...)...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	var lines []string
	for line := range strings.Lines(errs.String()) {
		if strings.Contains(line, "CONSOLE") {
			lines = append(lines, line)
		}
	}
	return out.String(), strings.Join(lines, "")
}

// pageReport is the report of a real run: wheels of many thousands' systems, an egg whose
// extension didn't compile, one that can't be used, and one that is waived.
func pageReport(t *testing.T) *Report {
	t.Helper()
	broken := egg313(tree{"demo/_good" + suffix: extension313(t, "_good", ""), "demo/_cut" + suffix: extension313(t, "_cut", "")[:3000],
		"demo/_ldap" + suffix: extension313(t, "_ldap", "", "-Wl,--no-as-needed", stub(t, "libldap-2.5.so.0")),
		"demo/_fb" + suffix:   extension313(t, "_fb", "", "-Wl,--no-as-needed", stub(t, "libfbclient.so.2"))})
	source := append(wheelTree(t, "linux-x86_64", popular...).(many), struct {
		prefix string
		Source
	}{"", broken})
	declared := []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo._good", "demo._speedups", "demo._unused"}, Errors: []BuildError{{Module: "demo._speedups",
		Lines: []string{"src/_speedups.c:12:10: fatal error: yaml.h: No such file or directory", "   12 | #include <yaml.h>", "compilation terminated."}}}}}
	return check(t, Input{Source: source, Declared: declared, Waive: []string{"demo:demo._unused"}, SystemLibraries: []string{"libldap*"}})
}

var rowsOf = regexp.MustCompile(`(?s)<h2>([^<]*)</h2>\s*<table>(.*?)</table>`)

// TestPageInBrowser: Chromium finds every item of a real run on the page, each table filled, and
// nothing to complain about.
func TestPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	r := pageReport(t)
	var page bytes.Buffer
	if err := r.WriteHTML(&page, Page{}); err != nil {
		t.Fatal(err)
	}
	dom, console := browser(t, page.Bytes())
	if console != "" {
		t.Errorf("the console says:\n%s", console)
	}
	for _, list := range [][]Item{r.Compiled, r.Missing, r.Foreign, r.Waived} {
		if len(list) == 0 {
			t.Fatal("the report has an empty list")
		}
		for _, i := range list {
			if !strings.Contains(dom, "<code>"+template.HTMLEscapeString(i.Name())+"</code>") {
				t.Errorf("%s isn't on the page", i.Name())
			}
		}
	}
	rows := map[string]int{}
	for _, m := range rowsOf.FindAllStringSubmatch(dom, -1) {
		rows[m[1]] = strings.Count(m[2], "<tr>") - 1 // without its head
	}
	want := map[string]int{"The oldest system it runs on": len(r.Floors) + len(r.Versions), "Shared libraries in the tree": len(r.Libraries), "Libraries that the system has to bring": len(r.SystemLibraries)}
	if fmt.Sprint(rows) != fmt.Sprint(want) || len(r.Floors) == 0 || len(r.Libraries) == 0 || len(r.SystemLibraries) == 0 {
		t.Errorf("rows of tables %v, want %v", rows, want)
	}
	if got := strings.Count(dom, "<details"); got != len(r.groups()) {
		t.Errorf("%d eggs on the page, want %d", got, len(r.groups()))
	}

	// The same page with a fault shows that this test would see one.
	page.Reset()
	if err := r.WriteHTML(&page, Page{More: []template.HTML{`<script>document.title = "ran"; no_such_function()</script>`}}); err != nil {
		t.Fatal(err)
	}
	if _, console = browser(t, page.Bytes()); !strings.Contains(console, "no_such_function") {
		t.Errorf("an error of a script isn't seen: %q", console)
	}
}
