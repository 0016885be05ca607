package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// tagsProgram holds install.py's and bootstrap.py's reading of platform tags
// to the table that matrix.ParsePlatform is held to.
const tagsProgram = `
import io, json, sys

def load(path):
    names = {"__name__": "loaded", "__file__": path}
    source = io.open(path, encoding="utf-8").read().partition(u"\ntry:\n    install(options())")[0]
    exec(compile(source.encode("utf-8"), path, "exec"), names)
    return names

table = json.load(io.open(sys.argv[1], encoding="utf-8"))["tags"]
install, bootstrap = load(sys.argv[2]), load(sys.argv[3])
arch = install["ARCH"]
wrong = []
for row in table:
    got = install["platform_needs"](row["tag"])
    got["arch"] = arch.get(got["arch"], got["arch"])
    got["tag"] = row["tag"]
    if got != row:
        wrong.append("install.py: %s: %s" % (row["tag"], got))
    if row["system"] and row["arch"] != "intel":  # bootstrap.py sees what pack wrote, and no Python 3 is intel
        if bootstrap["platform_needs"](row["tag"])["system"] != row["system"]:
            wrong.append("bootstrap.py: " + row["tag"])
if wrong:
    sys.exit("\n".join(wrong))
`

func TestTagsOfThePrograms(t *testing.T) {
	args := []string{"-c", tagsProgram}
	for _, path := range []string{"../../target/cases/platforms.json", "../../target/install.py", "../../target/bootstrap.py"} {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, abs)
	}
	for _, minor := range []string{"2.7", "3.13"} {
		cmd := exec.Command(installtest.Python(t, minor), args...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", minor, err, out)
		}
	}
}
