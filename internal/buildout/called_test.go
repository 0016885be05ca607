package buildout

import (
	"context"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestUncalled: of a compiler that a rebuild doesn't call, the manifest says what
// the archive's does, or nothing, like that; of one that it calls, what is here.
func TestUncalled(t *testing.T) {
	in, err := FindPython(context.Background(), testtool.Python(t, "3.13"), "")
	if err != nil {
		t.Fatal(err)
	}
	testtool.Compiler(t)
	s, env := wrapping(t, in)
	here := map[string]string{"cc": "here", "c++": "here", "rustc": "here", "system": "here"}
	there := map[string]string{"cc": "there", "gfortran": "there", "rustc": "there", "system": "there"}
	settled := func() (made map[string]string, warnings string) {
		var said []string
		b := builder{s: s, o: Options{Noted: there, OS: "linux", Progress: func(e Event) { said = append(said, e.Name) }}, made: maps.Clone(here),
			w: &watcher{start: time.Now(), out: []io.Writer{io.Discard}}}
		b.noteUncalled()
		return b.made, strings.Join(said, "\n")
	}
	call := func(path string, args ...string) {
		cmd := exec.Command(path, args...)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", path, err, out)
		}
	}
	made, said := settled()
	if want := map[string]string{"cc": "there", "gfortran": "there", "rustc": "there", "system": "here"}; !maps.Equal(made, want) {
		t.Errorf("nothing was called: %v", made)
	}
	if !strings.Contains(said, "c++ isn't what it was when the archive was built (it is \"here\", and was none); nothing called it") || strings.Contains(said, "system") {
		t.Errorf("it says %q", said)
	}
	call(filepath.Join(filepath.SplitList(environ.Get(env, "PATH"))[0], "gcc"), "--version")
	if made, _ := settled(); made["cc"] != "here" || made["rustc"] != "there" {
		t.Errorf("cc was called: %v", made)
	}
	call(environ.Get(env, "RUSTC_WRAPPER"), "/bin/true")
	if made, said := settled(); made["rustc"] != "here" || strings.Contains(said, "rustc") {
		t.Errorf("rustc was called: %v, %q", made, said)
	}
}

// TestLanguageOf: each wrapper counts as one of the compilers that are noted.
func TestLanguageOf(t *testing.T) {
	for _, name := range append(slices.Clone(compilers), "x86_64-linux-gnu-gcc-12", "build-g++") {
		want := "cc"
		if strings.HasSuffix(name, "++") {
			want = "c++"
		} else if name == "gfortran" {
			want = name
		}
		if got := languageOf(name); got != want || !slices.Contains(noted(), got) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
