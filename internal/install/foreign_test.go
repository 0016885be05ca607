//go:build unix

package install

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

func table[T any](t *testing.T, name string) []T {
	t.Helper()
	var rows []T
	if err := json.Unmarshal(mustRead(t, filepath.Join("../../target/cases", name)), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestAddresses: which addresses are taken, and what is shown of them; of no
// password anything is shown. install.py is held to the same table.
func TestAddresses(t *testing.T) {
	type row struct {
		Address string `json:"address"`
		Shown   string `json:"shown"`
		Valid   bool   `json:"valid"`
	}
	rows := table[row](t, "addresses.json")
	for _, r := range rows {
		if got := secrets.Shown(r.Address); got != r.Shown || strings.Contains(got, "sec") || strings.Contains(got, "ret@") {
			t.Errorf("%s: shown as %s, want %s", r.Address, got, r.Shown)
		}
		if got := fetch.IsAddress(r.Address); got != r.Valid {
			t.Errorf("%s: valid is %v", r.Address, got)
		}
		if r.Valid || !strings.Contains(r.Address, "sec") {
			continue
		}
		_, err := Install(t.Context(), remoteOptions(t, r.Address))
		if fault.CodeOf(err, 0) != 2 || strings.Contains(err.Error()+fault.HintOf(err, ""), "sec") || strings.Contains(err.Error(), "ret@") {
			t.Errorf("%s: %v", r.Address, err)
		}
	}
	script := newScriptOf(t)
	for _, from := range []string{"https:/me:secret@host/a", "https://me:sec@ret@host/a", "me:secret@host/a"} {
		code, out := run(t, shell(t, []string{"dash"}, "curl"), script, "--into", filepath.Join(t.TempDir(), "app"), "--from", from, "--python", installtest.Python(t, "3.13"))
		if code != 2 || strings.Contains(out, "sec") {
			t.Errorf("%s: exit code %d\n%s", from, code, out)
		}
	}
}

// TestForeignNames: an index.json with a name that GitHub has for no asset is
// refused before any of it is said or opened, by install and by the script.
func TestForeignNames(t *testing.T) {
	type row struct {
		Change [2]string `json:"change"`
	}
	dist, _ := release(t)
	path := filepath.Join(dist, fetch.IndexName)
	good := string(mustRead(t, path))
	parent := t.TempDir()
	python := installtest.Python(t, "3.13")
	script := newScriptOf(t)
	for i, r := range table[row](t, "names.json") {
		bad := strings.Replace(good, r.Change[0], r.Change[1], 1)
		if bad == good {
			t.Fatalf("%q is not in %s", r.Change[0], good)
		}
		mkfile(t, path, bad)
		o := remoteOptions(t, dist)
		o.Into = filepath.Join(parent, "app")
		_, err := Install(t.Context(), o)
		code, out := 1, "hint: it is damaged"
		if i == 0 { // target/src/tests has install.py read them all
			code, out = run(t, shell(t, []string{"dash"}), script, "--into", o.Into, "--from", dist, "--python", python)
		}
		if fault.CodeOf(err, 0) != 1 || code != 1 || !strings.Contains(out, "hint: it is damaged") {
			t.Errorf("%q: %v; exit code %d\n%s", r.Change[1], err, code, out)
		}
		if strings.ContainsFunc(err.Error()+out, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e }) {
			t.Errorf("%q: %q, %q", r.Change[1], err, out)
		}
		onlyThese(t, parent)
	}
}

// TestForeignLink: in a directory that all may write to, a link that another user
// made is not followed, as the kernel doesn't follow it (protected_symlinks).
func TestForeignLink(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make another user's link")
	}
	who, err := lookupAccount("nobody")
	if err != nil {
		t.Fatal(err)
	}
	base, err := ownership.RealPath(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	real, sticky := filepath.Join(base, "real"), filepath.Join(base, "sticky")
	for _, dir := range []string{real, sticky} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(sticky, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(sticky, "link")
	if err := errors.Join(os.Symlink(real, link), os.Symlink("sticky/link", filepath.Join(base, "to")), os.Symlink("nowhere", filepath.Join(base, "broken")), os.Symlink("circle", filepath.Join(base, "circle"))); err != nil {
		t.Fatal(err)
	}
	type row struct {
		Path    string `json:"path"`
		Foreign bool   `json:"foreign"` // sticky/link is another user's
		Final   string `json:"final"`
		Error   string `json:"error"`
	}
	var rows struct {
		Rows []row `json:"rows"`
	}
	if err := json.Unmarshal(mustRead(t, "../../target/cases/links.json"), &rows); err != nil || len(rows.Rows) < 10 {
		t.Fatalf("%d rows: %v", len(rows.Rows), err)
	}
	for _, c := range rows.Rows {
		uid := 0
		if c.Foreign {
			uid = who.uid
		}
		if err := os.Lchown(link, uid, -1); err != nil {
			t.Fatal(err)
		}
		got, err := finalDir(base + "/" + c.Path)
		if err == nil && got != filepath.Join(base, c.Final) {
			t.Errorf("%s of %d: %s, want %s", c.Path, uid, got, c.Final)
		}
		if (err != nil) != (c.Error != "") || err != nil && (fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error()+fault.HintOf(err, ""), c.Error)) {
			t.Errorf("%s of %d: %v, want %q", c.Path, uid, err, c.Error)
		}
	}
}
