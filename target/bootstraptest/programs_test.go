package bootstraptest

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// travelling are the programs of each archive.
func travelling() map[string]string {
	return map[string]string{"bootstrap.py": string(target.Bootstrap()), "launcher.py": string(target.Launcher())}
}

// importLines are the import statements of a program, functions' ones too.
var importLines = regexp.MustCompile(`(?m)^\s*(?:import\s+([\w.]+(?:\s*,\s*[\w.]+)*)|from\s+([\w.]+)\s+import)`)

// TestProgramsImport: the standard library alone; launcher.py knows zc.buildout and what it runs with too.
func TestProgramsImport(t *testing.T) {
	theirs := map[string]bool{"setuptools": true, "zc": true, "mr": true, "pip": true}
	old := map[string]bool{"imp": true, "urllib": true, "msvcrt": true} // of Python 2, of Windows
	standard := map[string]bool{}
	for _, minor := range []string{"3.10", "3.13"} {
		out, err := exec.Command(packtest.FindPython(t, minor), "-c", "import sys; print(*sys.stdlib_module_names)").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(string(out)) {
			standard[name] = true
		}
	}
	for program, text := range travelling() {
		source := codeOf(text)
		for _, m := range importLines.FindAllStringSubmatch(source, -1) {
			for _, module := range strings.Split(m[1]+m[2], ",") {
				top, _, _ := strings.Cut(strings.TrimSpace(module), ".")
				if !standard[top] && !old[top] && !(program == "launcher.py" && theirs[top]) {
					t.Errorf("%s imports %s", program, top)
				}
			}
		}
		first := regexp.MustCompile(`(?m)^[^#\n].*`).FindString(source)
		if !strings.HasPrefix(first, "import sys; sys.path[:] = ") {
			t.Errorf("the first statement of %s is %s", program, first)
		}
	}
}

// codeOf is a program without the text of bin/buildout, which it writes.
func codeOf(source string) string {
	if i := strings.Index(source, "BUILDOUT = br'''"); i >= 0 {
		end := strings.Index(source[i+16:], "'''")
		source = source[:i] + source[i+16+end:]
	}
	return source
}

// topNames are the names that a program binds at its top level, without a condition.
var topNames = regexp.MustCompile(`(?m)^(?:(?:def|class) (\w+)|(\w+)\s*=[^=])`)

// TestProgramsNames: a name stands for one thing in a whole program.
func TestProgramsNames(t *testing.T) {
	programs := travelling()
	programs["install.py"] = target.InstallProgram()
	for program, text := range programs {
		source, seen := codeOf(text), map[string]bool{}
		for _, m := range topNames.FindAllStringSubmatch(source, -1) {
			name := m[1] + m[2]
			if seen[name] {
				t.Errorf("%s binds %s twice", program, name)
			}
			seen[name] = true
		}
		if len(seen) < 20 {
			t.Errorf("%s has %d names", program, len(seen))
		}
	}
}

// TestBootstrapImportsNothingOfTheTree: modules beside it are not taken.
func TestBootstrapImportsNothingOfTheTree(t *testing.T) {
	for _, minor := range packtest.EveryPython() {
		python := packtest.FindPython(t, minor)
		root := smallTree(t, python)
		for _, module := range []string{"os", "re", "json", "hashlib", "stat", "struct", "subprocess", "errno", "fcntl", "__future__", "imp", "marshal", "platform"} {
			packtest.WriteFile(t, root+"/"+module+".py", "raise SystemExit('imported from the tree')\n")
			packtest.WriteFile(t, root+"/bin/"+module+".py", "raise SystemExit('imported from the tree')\n")
			packtest.WriteFile(t, root+"/.binary-buildout/"+module+".py", "raise SystemExit('imported from the tree')\n")
		}
		for _, args := range [][]string{{"bootstrap.py"}, {"-S", "bootstrap.py"}, {"-E", "./bootstrap.py"}, {root + "/bootstrap.py"}} {
			packtest.RunIn(t, root, packtest.CEnv(), python, args...).Must(t, minor+strings.Join(args, " "))
		}
		r := packtest.RunIn(t, root, packtest.CEnv(), root+"/bin/buildout", "--version")
		if strings.Contains(r.Out+r.Err, "imported from the tree") {
			t.Errorf("python%s: %s%s", minor, r.Out, r.Err)
		}
	}
}
