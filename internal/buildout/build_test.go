package buildout

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// notPicked forbids picked versions, though setuptools and the other tools have no pin.
const notPicked = "\n[buildout]\nallow-picked-versions = false\n"

var buildCases = []struct{ name, minor, pins, buildout string }{
	{"3.13 with 6.0.1", "3.13", "zc.buildout = 6.0.1\n", "6.0.1"},
	{"3.12 with 5.2.0", "3.12", "zc.buildout = 5.2.0\nzc.recipe.egg = 4.0.0\n" + notPicked, "5.2.0"},
	{"3.11 with 4.2.0", "3.11", "zc.buildout = 4.2.0\nzc.recipe.egg = 2.0.7\n", "4.2.0"},
	{"3.8 with 2.13.8", "3.8", "zc.buildout = 2.13.8\nzc.recipe.egg = 2.0.7\n" + notPicked, "2.13.8"},
	{"2.7 with 2.13.8", "2.7", "zc.buildout = 2.13.8\nzc.recipe.egg = 2.0.7\n", "2.13.8"},
	{"2.7 with 1.7.1", "2.7", "zc.buildout = 1.7.1\nzc.recipe.egg = 1.3.2\n", "1.7.1"},
}

func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real buildouts")
	}
	for _, c := range buildCases {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Dir: hello(t, c.pins), Stage: filepath.Join(t.TempDir(), "stage"), Python: python(t, c.minor),
				Launcher: launcher(t), OS: "linux"}
			if testing.Verbose() {
				o.Verbose = os.Stderr
			}
			tree, err := Run(context.Background(), o)
			if err != nil {
				fail(t, err)
			}
			t.Cleanup(func() { tree.Close() })
			checkHello(t, tree, c.buildout)
			if err := Gate(context.Background(), tree, nil, byConvention); err != nil {
				data, _ := os.ReadFile(filepath.Join(tree.stage.logs, "gate.log"))
				t.Logf("%s", data)
				fail(t, err)
			}
			if len(tree.Extensions) == 0 {
				t.Error("the gate saw no extension")
			}
			t.Logf("signatures: %+v; extensions: %d", tree.Signatures, len(tree.Extensions))
		})
	}
}

func fail(t *testing.T, err error) {
	t.Helper()
	var h interface{ Hint() string }
	hint := ""
	if errors.As(err, &h) {
		hint = h.Hint()
	}
	t.Fatalf("error: %v\nhint: %s", err, hint)
}

func checkHello(t *testing.T, tree *Tree, version string) {
	t.Helper()
	if tree.Buildout != version {
		t.Errorf("zc.buildout is %s, want %s", tree.Buildout, version)
	}
	out, err := exec.Command(filepath.Join(tree.Root, "bin", "more")).CombinedOutput()
	if err != nil || string(out) != "hello from C\n" {
		t.Errorf("bin/more: %v: %s", err, out)
	}
	parts, eggs := "", ""
	for _, p := range tree.Parts {
		parts += p.Name + "=" + p.Recipe + " "
	}
	for _, e := range tree.Eggs {
		eggs += e.Name + "=" + e.Version + " "
	}
	if parts != "py=zc.recipe.egg more=zc.recipe.egg:scripts " {
		t.Errorf("parts: %s", parts)
	}
	for _, want := range []string{"hello=1.0", "six=1.16.0", "zc.buildout=" + version, "setuptools="} {
		if !strings.Contains(eggs, want) {
			t.Errorf("eggs: %s lack %s", eggs, want)
		}
	}
	if got := strings.Join(tree.Scripts, " "); got != "bin/hello bin/more bin/py" {
		t.Errorf("scripts: %s", got)
	}
}
