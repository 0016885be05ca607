//go:build unix

package install

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/ownership"
)

// definitions are the functions of install.py, of which only the end does anything.
func definitions(t *testing.T) string {
	t.Helper()
	program, _, ok := strings.Cut(strings.ReplaceAll(piped(t), "\r\n", "\n"), "\nfor number_ in ")
	if !ok {
		t.Fatal("install.py ends in another way")
	}
	return program
}

func table[T any](t *testing.T, name string) []T {
	t.Helper()
	var rows []T
	if err := json.Unmarshal(mustRead(t, filepath.Join("../../target/cases", name)), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestAddresses: which addresses are taken, and what is shown of them, is the same
// here and in install.py; of no password anything is shown.
func TestAddresses(t *testing.T) {
	type row struct {
		Address string `json:"address"`
		Shown   string `json:"shown"`
		Valid   bool   `json:"valid"`
	}
	rows := table[row](t, "addresses.json")
	for _, r := range rows {
		if got := fetch.WithoutUser(r.Address); got != r.Shown || strings.Contains(got, "sec") || strings.Contains(got, "ret@") {
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
	for _, version := range []string{"2.7", "3.13"} {
		cmd := exec.Command(installtest.Python(t, version), "-")
		cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8")
		cmd.Stdin = strings.NewReader(definitions(t) + `
with open("../../target/cases/addresses.json", "rb") as f:
    rows = native(json.loads(f.read().decode("utf-8")))
print(json.dumps([[r["address"], without_password(r["address"]), bool(ADDRESS.match(r["address"]))] for r in rows]))
`)
		out, err := cmd.Output()
		var got [][3]any
		if err := errors.Join(err, json.Unmarshal(out, &got)); err != nil || len(got) != len(rows) {
			t.Fatalf("%s: %v\n%s", version, err, out)
		}
		for i, r := range rows {
			if got[i] != [3]any{r.Address, r.Shown, r.Valid} {
				t.Errorf("%s: %v, want %+v", version, got[i], r)
			}
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
	for _, r := range table[row](t, "names.json") {
		bad := strings.Replace(good, r.Change[0], r.Change[1], 1)
		if bad == good {
			t.Fatalf("%q is not in %s", r.Change[0], good)
		}
		mkfile(t, path, bad)
		o := remoteOptions(t, dist)
		o.Into = filepath.Join(parent, "app")
		_, err := Install(t.Context(), o)
		code, out := run(t, shell(t, []string{"dash"}), script, "--into", o.Into, "--from", dist, "--python", python)
		if fault.CodeOf(err, 0) != 1 || code != 1 || !strings.Contains(out, "hint: it is damaged") {
			t.Errorf("%q: %v; exit code %d\n%s", r.Change[1], err, code, out)
		}
		if strings.ContainsFunc(err.Error()+out, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e }) {
			t.Errorf("%q: %q, %q", r.Change[1], err, out)
		}
		onlyThese(t, parent)
	}
}

// TestScriptSaysPlainly: what steers a terminal is shown as its number, whoever wrote it.
func TestScriptSaysPlainly(t *testing.T) {
	for _, version := range []string{"2.7", "3.13"} {
		cmd := exec.Command(installtest.Python(t, version), "-")
		cmd.Stdin = strings.NewReader(definitions(t) + `
say(b"a\x1b[2J\r\xc2\x9b2J\xe2\x80\xaeb\x7f \xc3\xbc\tn".decode("utf-8") if not PY2 else b"a\x1b[2J\r\xc2\x9b2J\xe2\x80\xaeb\x7f \xc3\xbc\tn")
say(spoken("--tag and --sha256 of --python-dir\nhint: x"))
`)
		out, err := cmd.CombinedOutput()
		const want = `a\x1b[2J\x0d\xc2\x9b2J\xe2\x80\xaeb\x7f ü` + "\tn\n-Tag and -Sha256 of -Python-dir" + `\nhint: x` + "\n"
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%q, want\n%q", version, err, out, want)
		}
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
	const foreign = "another user made it, where everybody can"
	for _, c := range []struct {
		uid        int
		path, want string // want: the result, or why there is none
	}{
		{0, link, real},
		{0, link + "/app", real + "/app"},
		{0, base + "/to/../real/app", real + "/app"},
		{who.uid, link, foreign},
		{who.uid, link + "/app", foreign},
		{who.uid, base + "/to", foreign},
		{who.uid, base + "/to/app", foreign},
		{who.uid, base + "/broken", "remove the link, or make what it points to"},
		{who.uid, base + "/circle", "remove the link"},
		{who.uid, base + "/none/app", "make the parent directory first"},
		{who.uid, real, real},
	} {
		if err := os.Lchown(link, c.uid, -1); err != nil {
			t.Fatal(err)
		}
		got, err := finalDir(c.path)
		if err != nil {
			got = err.Error() + fault.HintOf(err, "")
		}
		if err == nil && got != c.want || err != nil && (fault.CodeOf(err, 0) != 2 || !strings.Contains(got, c.want)) {
			t.Errorf("%s of %d: %s, want %s", c.path, c.uid, got, c.want)
		}
		for _, version := range []string{"2.7", "3.13"} {
			cmd := exec.Command(installtest.Python(t, version), "-", c.path)
			cmd.Stdin = strings.NewReader(definitions(t) + `
try:
    print(final(sys.argv[1]))
except Stop as e:
    print(e.text + e.hint)
`)
			out, err := cmd.CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != c.want && !(strings.Contains(got, c.want) && !filepath.IsAbs(c.want)) {
				t.Errorf("%s: %s of %d: %v %s, want %s", version, c.path, c.uid, err, got, c.want)
			}
		}
	}
}
