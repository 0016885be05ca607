package buildout

import (
	"errors"
	"strings"
	"testing"
)

// What was left out of the stage and is missed there is named, whoever misses it, and nothing else is.
func TestMissedIsNamed(t *testing.T) {
	checkout := write(t, map[string]string{"var/seed.txt": "", "lib/tool.so": "", "env/pyvenv.cfg": "", "data/seed.txt": ""})
	stage := write(t, map[string]string{"data/there": ""})
	for _, c := range []struct{ line, path string }{
		{"cat: var/seed.txt: No such file or directory", "var/seed.txt"},
		{"cp: cannot stat 'var/seed.txt': No such file or directory", "var/seed.txt"},
		{"IOError: [Errno 2] No such file or directory: '" + stage + "/var/seed.txt'", "var/seed.txt"},
		{"ImportError: " + stage + "/lib/tool.so: cannot open shared object file: No such file or directory", "lib/tool.so"},
		{"sh: 1: ./env/bin/python: not found", ""}, // not in the checkout either
		{"sh: 1: ./env/pyvenv.cfg: not found", "env/pyvenv.cfg"},
		{"cat: /srv/var/seed.txt: No such file or directory", ""}, // another one
		{"cat: data/seed.txt: No such file or directory", ""},     // not left out
		{"reading var/seed.txt", ""},
		{"var/seed.txt2: No such file or directory", ""},
	} {
		b := builder{o: Options{Dir: checkout}, s: stageAt(stage, stage), w: &watcher{lines: []string{"Installing app.", c.line}},
			left: []LeftOut{{"env", LeftVirtualenv}, {"lib/tool.so", LeftCompiled}, {"var", LeftData}}}
		err := &Error{Doing: "building part app", Err: errors.New("exit status 1"), Tip: "another"}
		if got := b.named(err); got != error(err) {
			t.Fatalf("another error: %v", got)
		}
		if named := strings.HasPrefix(err.Tip, c.path+" of the checkout isn't copied to the stage ("); named != (c.path != "") {
			t.Errorf("%s: %s", c.line, err.Tip)
		}
	}
}
