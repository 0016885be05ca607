package assemble

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// small is a program of two modules.
func small() fstest.MapFS {
	files := map[string]string{
		"programs/x.py": "#!/usr/bin/env python\nimport os\nHEAD = os\n\nfrom upper import up\n\n\nup(os)\n",
		"upper.py":      "\"\"\"Goes up.\n\nAll the way.\n\"\"\"\nimport os\nimport re\n\nfrom lower import (A,\n    low)\n\n\ndef up(x):\n    return low(re, A)\n",
		"lower.py":      "\"\"\"Stays low.\"\"\"\nimport json\n\n\nA, B = 1, 2\nTEXT = \"\"\"\nimport nothing\n\"\"\"\n\n\ndef low(*x):\n    return json\n",
	}
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestProgram(t *testing.T) {
	got, err := Program(small(), "x.py")
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, line := range strings.Split(string(got), "\n") {
		if line = strings.TrimRight(line, " -"); line != "" && !strings.HasPrefix(line, "# Made of") {
			parts = append(parts, line)
		}
	}
	want := []string{"#!/usr/bin/env python", "import os", "HEAD = os", "import json", "import re",
		"# ---- lower", "# Stays low.", "A, B = 1, 2", "TEXT = \"\"\"", "import nothing", "\"\"\"", "def low(*x):", "    return json",
		"# ---- upper", "# Goes up.", "#", "# All the way.", "def up(x):", "    return low(re, A)",
		"# ---- program", "up(os)"}
	if !slices.Equal(parts, want) {
		t.Errorf("got\n%s", got)
	}
}

// TestProgramRefuses: what would make another program of the modules than they
// are by themselves.
func TestProgramRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, old, new, want string }{
		"a name bound twice":        {"upper.py", "def up(x):", "B = 1\n\n\ndef up(x):", "B is bound by lower, and by upper"},
		"bound by the program too":  {"programs/x.py", "\n\nup(os)", "\n\nlow = up(os)", "low is bound by lower, and by programs/x.py"},
		"in its head":               {"programs/x.py", "import os\n", "import os\nA = 1\n", "A is bound by x.py, and by lower"},
		"a name that isn't there":   {"upper.py", "low)", "high)", "upper takes high from lower, which doesn't bind it"},
		"a circle":                  {"lower.py", "import json\n", "import json\n\nfrom upper import up\n", "upper uses itself, by programs/x.py, upper, lower"},
		"a module that isn't":       {"upper.py", "from lower", "from slower", "slower.py"},
		"an import further down":    {"lower.py", "\ndef low", "import stat\n\ndef low", "another form"},
		"an import by another name": {"lower.py", "import json\n", "import json as j\n", "another form"},
		"no subject":                {"lower.py", "\"\"\"Stays low.\"\"\"\n", "", "lower doesn't begin with what it is about"},
		"no module":                 {"programs/x.py", "from upper import up\n", "", "it uses no module"},
	} {
		fsys := small()
		before := string(fsys[c.file].Data)
		after := strings.Replace(before, c.old, c.new, 1)
		if after == before {
			t.Fatalf("%s changes nothing", name)
		}
		fsys[c.file] = &fstest.MapFile{Data: []byte(after)}
		if _, err := Program(fsys, "x.py"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
