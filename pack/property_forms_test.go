package pack

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

// Ways in which a Python program and a shell script name a path; each line
// shows one path below the root, ROOT/x.
var (
	pythonWays = []string{
		"show('ROOT/x')", `show("ROOT/x")`, "show(r'ROOT/x')", "show(b'ROOT/x'.decode('utf-8'))", "show('''ROOT/x''')", `show("""it's ROOT/x"""[5:])`,
		`show('a\'ROOT/x'[2:])`, `show('\\' 'ROOT/x') if 0 else show("ROOT" "/x")`, "show('%s/x' % 'ROOT')", `show(unquote("file://ROOT/x"[7:]))`,
		"show(f'{\"ROOT\"}/x')", "show(rf\"ROOT/x\")", "show(json.loads('\"ROOT/x\"'))", "show(shlex.split('\"ROOT/x\" y')[0])", "show(  # it's \"ROOT\n  'ROOT/x')", "show('ROOT' \\\n  '/x')",
		"show(('ROOT/a:ROOT/x').split(':')[1])", "show({'ROOT/y': 'ROOT/x'}['ROOT/y'])",
	}
	shellWays = []string{
		"show ROOT/x", `show "ROOT/x"`, "show 'ROOT/x'", "X=ROOT/x; show \"$X\"", `X="it's ROOT/x"; show "${X#it?s }"`, "show \"$(printf %s ROOT/x)\"", "show \"`printf %s 'ROOT/x'`\"",
		"show \"$(printf %s \"$(printf %s ROOT)\"/x)\"", "show \"$(cat <<EOF\nROOT/x\nEOF\n)\"", "show \"$(cat <<'E'\n\"ROOT/x\nE\n)\" | tr -d '\"'", "# it's ROOT/x\nshow ROOT/x # don't \"ROOT",
		`show "${NOTHING:-ROOT/x}"`, "show ${NOTHING:-ROOT/x}", "case ROOT/x in ROOT/*) show ROOT/x;; esac", `show "a"ROOT/x"b" | sed 's/^a//; s/b$//'`, "(cd / && show ROOT/x)", "for p in ROOT/x; do show \"$p\"; done",
		"show \\\nROOT/x", "eval \"show 'ROOT/x'\"", "test -n ROOT -a $((1 + (2))) = 3 && show ROOT/x",
	}
)

// TestFormsAtRandom: programs of random lines that name the root in all ways,
// packed and set up by bootstrap.py at random places with spaces, umlauts and
// parentheses, show those places.
func TestFormsAtRandom(t *testing.T) {
	python := findPython(t, "3.13")
	about := askPython(t, python)
	for seed := range int64(4) {
		r := rand.New(rand.NewSource(seed))
		var py, sh strings.Builder
		py.WriteString("import json, shlex\nfrom urllib.parse import unquote\nshow = lambda s: print(s, end='\\0', file=open(1, 'w', encoding='utf-8', closefd=False))\n")
		sh.WriteString("#!/bin/sh\nshow() { printf '%s\\n' \"$1\"; }\n")
		for range 60 {
			fmt.Fprintln(&py, pythonWays[r.Intn(len(pythonWays))])
			fmt.Fprintln(&sh, shellWays[r.Intn(len(shellWays))])
		}
		for i := range pythonWays { // each at least once
			fmt.Fprintln(&py, pythonWays[i])
		}
		for i := range shellWays {
			fmt.Fprintln(&sh, shellWays[i])
		}
		words := []string{"Große Straße", "my app", "x", "a (b)", "naïve", "日本", "C=1", "it"}
		b := t.TempDir()
		for range 1 + r.Intn(3) {
			b = filepath.Join(b, words[r.Intn(len(words))])
		}
		a := filepath.Join(t.TempDir(), "stage")
		tree{archive.LaunchName: `{"format": 1, "config": "buildout.cfg"}`, "x.py": py.String(), "bin/x*": sh.String()}.write(t, a)
		check(t, os.MkdirAll(filepath.Dir(b), 0o755))
		unpackTree(t, a, b, about)
		if out, err := exec.Command(python, "-E", filepath.Join(b, archive.BootstrapPy)).CombinedOutput(); err != nil {
			t.Fatalf("bootstrap.py: %v\n%s", err, out)
		}
		checkShown(t, seed, b, "\x00", len(pythonWays)+60, python, "-E", filepath.Join(b, "x.py"))
		for _, shell := range []string{"dash", "bash"} {
			checkShown(t, seed, b, "\n", len(shellWays)+60, shell, filepath.Join(b, "bin/x"))
		}
	}
}

// checkShown runs a program that has to show the path below the root so often.
func checkShown(t *testing.T, seed int64, root, end string, count int, program string, args ...string) {
	t.Helper()
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Errorf("seed %d: %s at %s: %v: %s", seed, program, root, err, err.(*exec.ExitError).Stderr)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), end), end)
	for i, line := range lines {
		if line != root+"/x" {
			t.Fatalf("seed %d: %s: line %d shows %q, want %q", seed, program, i+1, line, root+"/x")
		}
	}
	if len(lines) != count {
		t.Errorf("seed %d: %s: %d lines, want %d", seed, program, len(lines), count)
	}
}
