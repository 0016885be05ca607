package prove

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// script is a console script as zc.buildout writes it.
func script(dir, module string) string {
	return "#!@binary-buildout-python@\n\nimport sys\nsys.path[0:0] = [\n  '@binary-buildout-root@/" + strings.ReplaceAll(dir, " ", "',\n  '@binary-buildout-root@/") +
		"',\n  ]\n\nimport " + module + "\n\nif __name__ == '__main__':\n    sys.exit(" + module + ".main())\n"
}

// Each script's module is imported in a process of its own, and nothing is run.
func TestScripts(t *testing.T) {
	files := map[string]string{
		"src/good/__init__.py": "print('noise')\n",
		"src/good/extra.py":    "import yaml_of_an_extra\n",
		"src/good/broken.py":   "import good._native\n",
		"src/good/devs.py":     "import devlib\n",
		"src/good/raises.py":   "raise RuntimeError('no settings')\n",
		"src/good/exits.py":    "import sys\nsys.exit(3)\n",
		"src/good/dies.py":     "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
		"src/good/hangs.py":    "import time\ntime.sleep(60)\n",
		"src/ns/good.py":       "import ns.elsewhere\n",
		"src/ns/bad.py":        "import ns.two.lost\n",
		"more/ns/two/b.py":     "",
		"dev/devlib.py":        "",

		"develop-eggs/devlib.egg-link": "ROOT/dev\n.",
		"bin/a-good":                   script("src", "good"),
		"bin/b-lost":                   script("src", "lost.cli"),
		"bin/c-extra":                  script("src", "good.extra"),
		"bin/d-broken":                 script("src", "good.broken"),
		"bin/e-devs":                   script("src", "good.devs"),
		"bin/f-raises":                 script("src", "good.raises"),
		"bin/g-exits":                  script("src", "good.exits"),
		"bin/h-dies":                   script("src", "good.dies"),
		"bin/i-hangs":                  script("src", "good.hangs"),
		"bin/j-ns":                     script("src more", "ns.good"),
		"bin/k-ns":                     script("src more", "ns.bad"),
		"bin/shell":                    "#!/bin/sh\nexit 9\n",
		"bin/runs":                     "#!@binary-buildout-python@\nimport os\nopen('ROOT/ran', 'w')\n",
	}
	for _, version := range []string{"2.7", "3.6", "3.13"} {
		root := t.TempDir()
		python := installtest.Python(t, version)
		for name, text := range files {
			if version == "2.7" && strings.HasPrefix(name, "bin/") && strings.Contains(name, "-ns") {
				continue // there are no implicit namespaces
			}
			text = strings.NewReplacer("@binary-buildout-root@", root, "ROOT", root, "@binary-buildout-python@", python).Replace(text)
			path := filepath.Join(root, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
				t.Fatal(err)
			}
		}
		helper := filepath.Join(t.TempDir(), "scripts.py")
		if err := os.WriteFile(helper, scriptsPy, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, helper, root, "2").Output()
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		var found struct {
			Tried    int
			Problems []scriptProblem
		}
		if err := json.Unmarshal(out, &found); err != nil {
			t.Fatalf("%s: %v: %s", version, err, out)
		}
		var got []string
		for _, p := range found.Problems {
			line := p.Script + " " + p.Module
			if p.Ours {
				line += " ours"
			}
			got = append(got, line)
		}
		want := []string{"b-lost lost.cli ours", "c-extra good.extra", "d-broken good.broken ours", "e-devs good.devs ours", "f-raises good.raises",
			"h-dies good.dies", "i-hangs good.hangs", "j-ns ns.good", "k-ns ns.bad ours"}
		tried := 11
		if version == "2.7" {
			want, tried = want[:7], 9
		}
		if !slices.Equal(got, want) || found.Tried != tried {
			t.Errorf("%s: %d tried, and of these\n%s\nwant\n%s\n%s", version, found.Tried, strings.Join(got, "\n"), strings.Join(want, "\n"), out)
		}
		if _, err := os.Stat(filepath.Join(root, "ran")); err == nil {
			t.Errorf("%s: a script was run", version)
		}
	}
}

// What a part can't do at a place with a space is a warning that names it; what
// it does at any place is none.
func TestSpaced(t *testing.T) {
	files := map[string]string{
		"parts/omelette/link": "x", "parts/two/stamp": "x", "parts/loud/x": "x",
		".installed.cfg": "[buildout]\nparts = one two omelette loud\n\n[omelette]\n__buildout_installed__ = parts/omelette\n[one]\n__buildout_installed__ = bin/one\n" +
			"[two]\n__buildout_installed__ = parts/two\n[loud]\n__buildout_installed__ = parts/loud\n",
	}
	buildout := fake + `
import time
with open(root + "/parts/two/stamp", "w") as f:
    f.write(repr(time.time()))
if " " in root:
    os.remove(root + "/parts/omelette/link")
    with open(root + "/parts/loud/x", "w") as f:
        f.write("y")
    print("Updating omelette.")
    print("sh: 1: cannot create " + root.split(" ")[0] + ": Is a directory")
    print("Updating one.")
    print("cp: target 'x y/2x/a', 2x and " + root.replace("Ort", "ort"))
    print("Updating two.")
    print("cp: target '2x/parts/copied': No such file or directory")
    print("Updating one.")
    print("see " + root + "/x, " + root.replace(" ", "\\\\ "))
`
	o := options(t, archived(t, buildout, files))
	o.Volatile = []string{"loud"}
	p, err := Run(t.Context(), o)
	if err != nil || p.Err() != nil {
		t.Fatalf("%v, %v", err, p.Err())
	}
	want := []string{
		"part omelette: the tree's path is taken for two words at a path with a space and an umlaut: sh: 1: cannot create /Ort: Is a directory",
		"part two: the tree's path is taken for two words at a path with a space and an umlaut: cp: target '2x/parts/copied': No such file or directory",
		"parts/omelette/link is gone at a path with a space and an umlaut (of part omelette)",
	}
	if !slices.Equal(p.Warnings, want) {
		t.Errorf("warnings %q, want %q", p.Warnings, want)
	}
	refusing := `import os, sys
if " " in os.getcwd():
    sys.exit("error: this directory has a space in its path, and parts/two/x.conf takes it for two words")
`
	o = options(t, archived(t, fake, map[string]string{"bootstrap.py": refusing + installtest.BootstrapPy, ".installed.cfg": files[".installed.cfg"]}))
	p, err = Run(t.Context(), o)
	if want := []string{"bootstrap.py refuses the archive at a path with a space and an umlaut: " +
		"this directory has a space in its path, and parts/two/x.conf takes it for two words (of part two)"}; err != nil || p.Err() != nil || !slices.Equal(p.Warnings, want) {
		t.Errorf("%v, %v, warnings %q", err, p.Err(), p.Warnings)
	}
}
