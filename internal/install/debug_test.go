package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/cpython"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
)

// abis prints what each of the programs that ask says of the interpreter's ABI,
// and then whether bootstrap.py and install.py take archives for others.
const abis = `
import json, subprocess, sys
sys.path.insert(0, "src")
import abi, probe, requirements
def ask(file):
    return json.loads(subprocess.check_output([sys.executable, file]).decode())["abi"]
print(ask("probe.py"), ask("asked.py"), probe.asked()["abi"])
class Here(object):
    implementation, minor, path, system, machine = "cpython", "%d.%d" % sys.version_info[:2], sys.executable, "linux", "x86_64"
Here.abi = probe.asked()["abi"]
for wanted in sys.argv[1:]:
    manifest = {"python": {"version": Here.minor + ".0", "implementation": "cpython", "abi": wanted}, "name": "x", "version": "1", "target": wanted + "-linux_x86_64"}
    try:
        requirements.check_python(manifest, Here)
        said = True
    except requirements.Refused:
        said = False
    print(wanted, said, abi.runs_abi(Here.abi, wanted))
`

// A debug build has an ABI of its own, which all that ask for it call by the
// same name, and runs archives of a release build; a release build runs none of its.
func TestDebugInterpreter(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the root of a Debian")
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS("../../target/src")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"probe.py": target.Told() + cpython.MarshalTypes() + string(mustRead(t, "../buildout/py/probe.py")), "asked.py": target.Probe(), "abis.py": abis} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root := testroot.Debian(t, "forky", "debug", "python3.14-dbg")
	for _, test := range []struct {
		own    string
		python func(args ...string) *exec.Cmd
		runs   map[string]bool
	}{
		{"cp314d", func(args ...string) *exec.Cmd {
			return root.Command(dir, append([]string{"/usr/bin/python3.14-dbg"}, args...)...)
		},
			map[string]bool{"cp314d": true, "cp314": true, "cp314t": false, "cp314td": false}},
		{"cp314", func(args ...string) *exec.Cmd {
			return root.Command(dir, append([]string{"/usr/bin/python3.14"}, args...)...)
		},
			map[string]bool{"cp314": true, "cp314d": false}},
		{"cp36m", func(args ...string) *exec.Cmd {
			cmd := exec.Command(testtool.Python(t, "3.6"), args...)
			cmd.Dir = dir
			return cmd
		}, map[string]bool{"cp36m": true, "cp36dm": false}},
	} {
		args := []string{"abis.py"}
		for abi := range test.runs {
			args = append(args, abi)
		}
		out, err := test.python(args...).Output() // a debug build warns of much
		if err != nil {
			t.Fatalf("%s: %v\n%s", test.own, err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		for _, abi := range strings.Fields(lines[0]) {
			if interpreter.SameABI(abi) != interpreter.SameABI(test.own) {
				t.Errorf("%s is called %s", test.own, lines[0])
			}
		}
		for _, line := range lines[1:] {
			wanted := strings.Fields(line)[0]
			if want := fmt.Sprintf("%s %s", wanted, strings.Repeat(map[bool]string{true: " True", false: " False"}[test.runs[wanted]], 2)[1:]); line != want {
				t.Errorf("%s with an archive for another: %q, want %q", test.own, line, want)
			}
			if interpreter.Loads(test.own, wanted) != test.runs[wanted] {
				t.Errorf("loads(%s, %s) is %v", test.own, wanted, !test.runs[wanted])
			}
		}
	}
}
