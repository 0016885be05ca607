package install

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// What an install that was killed left beside the directory is no hindrance.
func TestAfterKill(t *testing.T) {
	a, _ := hello(t, "1.0")
	into := filepath.Join(t.TempDir(), "app")
	left := filepath.Join(filepath.Dir(into), ".app"+insideName)
	mkfile(t, filepath.Join(left, "tree", "bin", "half"), "x")
	mkfile(t, filepath.Join(left, scratch.LockName), "")
	chmod(t, left, 0o700)
	res, err := Install(t.Context(), options(installtest.Make(t, t.TempDir(), a), into))
	if err != nil || !res.Changed {
		t.Fatalf("%+v, %v", res, err)
	}
	onlyThese(t, filepath.Dir(into), "app")
	if _, err := os.Stat(filepath.Join(into, "bin", "half")); err == nil {
		t.Error("the half is there")
	}
}

func TestInstall(t *testing.T) {
	a, _ := hello(t, "1.0")
	src := installtest.Make(t, t.TempDir(), a)
	parent := t.TempDir()
	into := filepath.Join(parent, "an ü place")
	var steps []string
	o := options(src, into)
	o.Python = installtest.Python(t, "3.13")
	o.Progress = func(e fetch.Event) {
		if len(steps) == 0 || steps[len(steps)-1] != e.Step {
			steps = append(steps, e.Step)
		}
	}
	res, err := Install(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Changed || res.Version != "1.0" || res.Dir != into || len(res.SHA256) != 64 {
		t.Errorf("result %+v", res)
	}
	if got := strings.Join(steps, " "); got != "check unpack bootstrap place" {
		t.Errorf("steps %q", got)
	}
	out, err := exec.Command(filepath.Join(into, "bin", "hello")).Output()
	if want := "1.0 " + into + " " + res.Python + "\n"; err != nil || string(out) != want {
		t.Errorf("hello says %q, %v; want %q", out, err, want)
	}
	onlyThese(t, parent, "an ü place")

	before := snapshot(t, parent)
	res, err = Install(t.Context(), o)
	if err != nil || res.Changed {
		t.Errorf("again: %+v, %v", res, err)
	}
	if err := os.Remove(filepath.Join(into, recordName)); err != nil {
		t.Fatal(err)
	}
	if res, err = Install(t.Context(), o); err != nil || res.Changed {
		t.Errorf("again, without the record: %+v, %v", res, err)
	}
	a.Version = "2.0"
	o.Source = installtest.Make(t, t.TempDir(), a)
	_, err = Install(t.Context(), o)
	wantError(t, err, 2, "hello 1.0", "binary-buildout update ")
	delete(before, filepath.Join(parent, "an ü place", filepath.FromSlash(recordName)))
	if after := snapshot(t, parent); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("changed:\n%v\n%v", before, after)
	}
}

func TestRefusals(t *testing.T) {
	a, py := hello(t, "1.0")
	good := installtest.Make(t, t.TempDir(), a)
	broken := func(edit func(a *installtest.Archive)) string {
		b, _ := hello(t, "1.0")
		edit(&b)
		return installtest.Make(t, t.TempDir(), b)
	}
	altered := filepath.Join(t.TempDir(), filepath.Base(good))
	copyFile(t, good, altered, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	copyFile(t, strings.TrimSuffix(good, ".tar.gz")+".json", strings.TrimSuffix(altered, ".tar.gz")+".json", nil)
	large := make([]byte, 4<<20)
	if _, err := rand.Read(large); err != nil {
		t.Fatal(err)
	}
	whole := broken(func(a *installtest.Archive) { a.Files["large"] = string(large) })
	cut := filepath.Join(t.TempDir(), filepath.Base(whole))
	copyFile(t, whole, cut, func(b []byte) []byte { return b[:len(b)/2] })
	for _, test := range []struct {
		name    string
		needs   string // a Python
		src     string
		prepare func(t *testing.T, into string)
		option  func(o *Options)
		code    int
		want    []string
	}{
		{name: "foreign directory", src: good, code: 2, want: []string{"isn't empty"}, prepare: func(t *testing.T, into string) {
			mkfile(t, filepath.Join(into, "mine"), "x")
		}},
		{name: "a file", src: good, code: 2, prepare: func(t *testing.T, into string) { mkfile(t, into, "x") }},
		{name: "no source", src: filepath.Join(t.TempDir(), "none.tar.gz"), code: 2, want: []string{"no such file"}},
		{name: "digest", src: altered, code: 1, want: []string{"SHA-256", "fetch it again"}},
		{name: "asked digest", src: good, code: 1, option: func(o *Options) { o.SHA256 = strings.Repeat("ab", 32) }, want: []string{"should be abab"}},
		{name: "bad digest", src: good, code: 2, option: func(o *Options) { o.SHA256 = "ab" }},
		{name: "no parent", src: good, code: 2, option: func(o *Options) { o.Into = filepath.Join(o.Into, "a", "b") }, want: []string{"parent"}},
		{name: "another minor version", code: 2, src: broken(func(a *installtest.Archive) {
			a.Manifest.Target, a.Manifest.Python.ABI = "cp399-linux_x86_64", "cp399"
		}), want: []string{"Python 3.99 (cp399)", "this system is linux"}},
		{name: "architecture", code: 2, src: broken(func(a *installtest.Archive) { a.Manifest.Target = py.ABI + "-manylinux_2_17_s390x" }), want: []string{"s390x", py.Machine}},
		{name: "musl", code: 2, src: broken(func(a *installtest.Archive) {
			a.Manifest.Target, a.Manifest.Python.Libc = py.ABI+"-musllinux_1_2_"+py.Machine, "musl"
		}), want: []string{"musl", "glibc"}},
		{name: "glibc", code: 2, src: broken(func(a *installtest.Archive) {
			a.Manifest.Floors = []archive.Floor{{Kind: "glibc", Version: "2.99"}}
		}), want: []string{"glibc 2.99"}},
		{name: "asked Python", src: good, code: 2, needs: "3.12", option: func(o *Options) { o.Python, _ = testtool.FindPython("3.12") }, want: []string{"it is for Python 3.13"}},
		{name: "no such Python", src: good, code: 2, option: func(o *Options) { o.Python = "/no/such/python" }},
		{name: "no Python", src: good, code: 2, option: func(o *Options) { o.Python = "9.9" }, want: []string{"looking for --python 9.9: there is none; this system is linux", "with Python 3."}},
		{name: "bootstrap fails", code: 2, src: broken(func(a *installtest.Archive) {
			a.Bootstrap = "import sys\nsys.stderr.write('error: libldap is missing\\nhint: install it\\n')\nsys.exit(2)\n"
		}), want: []string{"libldap is missing", "install it"}},
		{name: "bootstrap breaks", code: 1, src: broken(func(a *installtest.Archive) { a.Bootstrap = "1/0\n" }), want: []string{"ZeroDivisionError"}},
		{name: "cut within a file", src: cut, code: 1, want: []string{"unpacking ", "the archive is cut off"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.needs != "" {
				installtest.Python(t, test.needs)
			}
			parent := t.TempDir()
			o := options(test.src, filepath.Join(parent, "app"))
			if test.prepare != nil {
				test.prepare(t, o.Into)
			}
			if test.option != nil {
				test.option(&o)
			}
			before := snapshot(t, parent)
			_, err := Install(t.Context(), o)
			wantError(t, err, test.code, test.want...)
			if after := snapshot(t, parent); fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("left behind:\n%v\n%v", before, after)
			}
		})
	}
}

// Where the parent can't be written, an empty directory of one's own will do;
// an install that was killed there is repeated.
func TestInside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	mkfile(t, filepath.Join(dir, insideName, entriesName), `["bin", "data.txt", ".binary-buildout"]`)
	mkfile(t, filepath.Join(dir, "bin", "half"), "x")
	chmod(t, filepath.Join(dir, insideName), 0o700)
	if !interrupted(dir) {
		t.Fatal("not seen as interrupted")
	}
	if err := undoInside(dir); err != nil {
		t.Fatal(err)
	}
	onlyThese(t, dir, insideName)
	mkfile(t, filepath.Join(dir, "stranger"), "x")
	if interrupted(dir) {
		t.Error("a stranger's file is taken for ours")
	}
	os.Remove(filepath.Join(dir, "stranger"))

	// A mount point is empty and can't be replaced. The next best that any
	// user can make: staging inside, as place does it then.
	st, err := openStaging(filepath.Join(dir, insideName))
	if err != nil {
		t.Fatal(err)
	}
	st.inside = true
	tree := filepath.Join(st.Path, "tree")
	mkfile(t, filepath.Join(tree, archive.Dir, "x"), "")
	mkfile(t, filepath.Join(tree, "bin", "y"), "")
	if err := st.commit(tree, dir); err != nil {
		t.Fatal(err)
	}
	st.Remove()
	onlyThese(t, dir, archive.Dir, "bin")
}

// Whether what the list names will fit is checked before anything is unpacked.
func TestEnoughSpace(t *testing.T) {
	files := &archive.Files{Files: []archive.Entry{{Path: "big", Size: 1 << 55}}}
	wantError(t, enoughSpace(t.TempDir(), files), 3, "MB are free")
	files.Files[0].Size = 1
	if err := enoughSpace(t.TempDir(), files); err != nil {
		t.Error(err)
	}
}

func TestTwoAtATime(t *testing.T) {
	a, _ := hello(t, "1.0")
	into := filepath.Join(t.TempDir(), "app")
	o := options(installtest.Make(t, t.TempDir(), a), into)
	var inner error
	o.Progress = func(e fetch.Event) {
		if e.Step == "unpack" && inner == nil {
			_, inner = Install(t.Context(), options(o.Source, into))
		}
	}
	if _, err := Install(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	wantError(t, inner, 3, "another install")
}
