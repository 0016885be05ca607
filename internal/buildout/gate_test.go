package buildout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const restless = `import os, time


class Restless:
    def __init__(self, buildout, name, options):
        options['now'] = repr(time.time())
        self.file = os.path.join(buildout['buildout']['parts-directory'], name)

    def install(self):
        with open(self.file, 'w') as f:
            f.write('x')
        return self.file
    update = install


class Compiling(Restless):
    def __init__(self, buildout, name, options):
        self.file = os.path.join(buildout['buildout']['parts-directory'], name)

    def install(self):
        with open(self.file, 'wb') as f:
            f.write(b'\x7fELF' + repr(time.time()).encode())
        return self.file
    update = install


class Changing(Compiling):
    """Writes its file anew on each run, and takes away what another made."""

    def install(self):
        with open(self.file, 'w') as f:
            f.write(repr(time.time()))
        link = os.path.join(os.path.dirname(self.file), 'link')
        if os.path.exists(link):
            os.remove(link)
        return self.file
    update = install


class Settling(Compiling):
    """Writes something else in its first update, and the same from then on."""

    def install(self):
        with open(self.file, 'w') as f:
            f.write('first')
        return self.file

    def update(self):
        with open(self.file, 'w') as f:
            f.write('later')


class Linking(Compiling):
    """Makes a link, of which it says nothing."""

    def install(self):
        os.symlink('..', self.file)
        return ()

    def update(self):
        pass
`

// A part that installs again on every run passes only where it is listed; one
// that writes a compiled file anew never does. The recipe lies under develop,
// so the hash of its directory is in the signatures.
func TestGateRefuses(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	dir := write(t, map[string]string{
		"buildout.cfg":  "[buildout]\nparts = calm\ndevelop = rec\n\n[versions]\nzc.buildout = 2.13.8\n[calm]\nrecipe = rec:restless\n[busy]\nrecipe = rec:compiling\n",
		"busy.cfg":      "[buildout]\nextends = buildout.cfg\nparts = busy\n",
		"rec/setup.py":  "from setuptools import setup\nsetup(name='rec', version='1', py_modules=['rec'], entry_points={'zc.buildout': ['restless = rec:Restless', 'compiling = rec:Compiling', 'changing = rec:Changing', 'linking = rec:Linking', 'settling = rec:Settling']})\n",
		"rec/rec.py":    restless,
		"other.cfg":     "[buildout]\nextends = buildout.cfg\nparts = link change settle\n[link]\nrecipe = rec:linking\n[change]\nrecipe = rec:changing\n[settle]\nrecipe = rec:settling\n",
		"rec/README.md": "",
	})
	o := Options{Dir: dir, Stage: filepath.Join(t.TempDir(), "stage"), Python: python(t, "3.8"), Launcher: launcher(t), OS: "linux", Before: []string{"pwd >rec/place"}}
	tree, err := Run(context.Background(), o)
	if err != nil {
		fail(t, err)
	}
	err = Gate(context.Background(), tree, nil, byConvention)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "part calm (recipe rec:restless)") || !strings.Contains(e.Hint(), "volatile = calm") {
		t.Fatalf("a volatile part passes: %v", err)
	}
	if err := Gate(context.Background(), tree, []string{"calm"}, byConvention); err != nil {
		fail(t, err)
	}
	checkRuns(t, tree, "Installing calm.", 1)
	if len(tree.Signatures) != 1 || tree.Signatures[0].Path != "rec" {
		t.Errorf("signatures %+v", tree.Signatures)
	}
	checkRehashed(t, tree)
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	o.Config = "busy.cfg"
	if tree, err = Run(context.Background(), o); err != nil {
		fail(t, err)
	}
	t.Cleanup(func() { tree.Close() })
	err = Gate(context.Background(), tree, []string{"busy"}, byConvention)
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "parts/busy has other content") {
		t.Errorf("a part that compiles on every run passes: %v", err)
	}
	err = Gate(context.Background(), tree, nil, func(context.Context, IsolatedCommand) error { return errors.New("no network") })
	if err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("a failing run passes: %v", err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	o.Config = "other.cfg"
	if tree, err = Run(context.Background(), o); err != nil {
		fail(t, err)
	}
	t.Cleanup(func() { tree.Close() })
	err = Gate(context.Background(), tree, nil, byConvention)
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "part change only updates, and parts/change has other content") || !strings.Contains(e.Hint(), "volatile = change") {
		t.Errorf("a part that writes something else on every run passes: %v", err)
	}
	if err := os.Symlink("..", filepath.Join(tree.Root, "parts", "link")); err != nil {
		t.Fatal(err)
	}
	err = Gate(context.Background(), tree, []string{"change"}, byConvention)
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "part link only updates, and parts/link is gone") {
		t.Errorf("what a part left is lost, and it passes: %v", err)
	}
	checkRuns(t, tree, "Updating settle.", 2)
	if err := os.WriteFile(filepath.Join(tree.Root, "parts", "settle"), []byte("first"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Gate(context.Background(), tree, []string{"change", "link"}, byConvention); err != nil {
		t.Errorf("a part that settles in its first update doesn't pass: %v", err)
	}
	checkRuns(t, tree, "Updating settle.", 2)
	calls := 0
	err = Gate(context.Background(), tree, []string{"change", "link"}, func(ctx context.Context, c IsolatedCommand) error {
		if calls++; calls == 1 {
			return errors.New("a part asks the network once")
		}
		return byConvention(ctx, c)
	})
	if err != nil {
		t.Errorf("what a run with network and compiler settles doesn't pass: %v", err)
	}
	checkRuns(t, tree, "Updating settle.", 2) // of three: with network and compiler, and after it
}

// checkRuns: a tree that has nothing to settle is run once.
func checkRuns(t *testing.T, tree *Tree, said string, want int) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(tree.stage.logs, "gate.log"))
	if err != nil {
		t.Fatal(err)
	}
	if runs := strings.Count(string(log), said); runs != want {
		t.Errorf("%d runs, want %d:\n%s", runs, want, log)
	}
}

// checkRehashed: a directory that names the stage has the hash in the archive
// that it would have at the canonical stage, and nothing in the stage is changed.
func checkRehashed(t *testing.T, tree *Tree) {
	t.Helper()
	ctx, was := context.Background(), tree.Signatures[0].Hash
	tree.Canonical = "/canonical" + strings.Repeat("_", len(tree.Root)-len("/canonical"))
	if err := tree.signatures(ctx); err != nil {
		fail(t, err)
	}
	is, place := tree.Signatures[0].Hash, filepath.Join(tree.Root, "rec", "place")
	if is == was || tree.Rehashed[was] != is || len(tree.Rehashed) != 1 {
		t.Errorf("the hash was %s, and is %s: %v", was, is, tree.Rehashed)
	}
	text, err := os.ReadFile(place)
	if err != nil || string(text) != tree.Root+"\n" {
		t.Errorf("%q, %v", text, err)
	}
	if err := os.WriteFile(place, []byte(tree.Canonical+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(tree.Root, "rec")
	if hashes, err := tree.hashes(ctx, []string{dir}, []string{}); err != nil || hashes[dir][0] != is {
		t.Errorf("a build at the canonical stage would have %v, want %s (%v)", hashes, is, err)
	}
}

// The output of zc.buildout, as events.
func TestWatcher(t *testing.T) {
	var events []string
	w := &watcher{start: time.Now(), report: func(e Event) {
		events = append(events, fmt.Sprintf("%s %s %s %v %d/%d", e.Kind, e.Name, e.Version, e.Update, e.Parts, e.Eggs))
	}}
	text, err := os.ReadFile("testdata/output.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(text); i += 7 { // a pipe knows no lines
		if _, err := w.Write(text[i:min(len(text), i+7)]); err != nil {
			t.Fatal(err)
		}
	}
	want := "develop /srv/app/src/hello  false 0/0|egg six 1.16.0 false 0/1|egg nosuch 1 false 0/2|egg six 1.16.0 false 0/2|part py  true 0/2|part more  false 1/2"
	if got := strings.Join(events, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f := w.failure()
	if f.What != "egg nosuch==1" || !strings.Contains(f.Why, "Couldn't find a distribution") || strings.Contains(f.Why, "pw") {
		t.Errorf("%+v", f)
	}
}
