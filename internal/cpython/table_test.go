package cpython_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/cpython"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
)

// tried runs bench/next.py by an interpreter, beside a table of some lines.
func tried(t *testing.T, version string, rows []cpython.Python) (string, error) {
	t.Helper()
	python := testroot.Python(t, version)
	script, err := filepath.Abs("../../bench/next.py")
	if err != nil {
		t.Fatal(err)
	}
	table, err := json.Marshal(map[string]any{"pythons": rows})
	if err != nil {
		t.Fatal(err)
	}
	// Not by paths: an interpreter of another root doesn't see them.
	program := "import io, json, sys\ntable = io.StringIO(sys.argv[1])\nopened = open\n" +
		"def open(path, *args): return table if path == 'the table' else opened(path, *args)\n" +
		cpython.MarshalTypes() + strings.Replace(read(t, script), "sys.exit(main(sys.argv[1]))", "sys.exit(main('the table'))", 1)
	out, err := exec.Command(python, "-sSE", "-c", program, string(table)).CombinedOutput()
	return string(out), err
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTable holds each line of the table to the interpreter of that version.
func TestTable(t *testing.T) {
	minor := 0
	for _, p := range cpython.Known() {
		if p.Minor() <= minor {
			t.Errorf("%s comes after 3.%d", p.Version, minor)
		}
		minor = p.Minor()
		t.Run(p.Version, func(t *testing.T) {
			out, err := tried(t, p.Version, cpython.Known())
			if err != nil || !strings.HasPrefix(out, "its line: ") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	if got := cpython.Of(minor + 1).Version; got != cpython.Of(minor).Version {
		t.Errorf("the version after the last is taken for %s", got)
	}
}

// TestNext: what a version to come has more than the table is named, a line each,
// and what it prints as its line is all that the table needs.
func TestNext(t *testing.T) {
	known := cpython.Known()
	last := slices.IndexFunc(known, func(p cpython.Python) bool { return p.Version == "3.15" })
	out, err := tried(t, "3.15", known[:last])
	if err == nil {
		t.Error("nothing is unknown")
	}
	for _, want := range []string{
		"new: Python 3.15; the table ends at 3.14", "new: magic 3666; that of 3.14 is 3627", "new: marshal 6; that of 3.14 is 5",
		"unknown: marshal type code: '}'", "unknown: extension suffix: .abi3t.so", "unknown: entry: PyModExport", "unknown: sysconfig key: SOABI_PLATFORM",
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	_, line, _ := strings.Cut(out, "its line: ")
	var p cpython.Python
	if err := json.Unmarshal([]byte(line), &p); err != nil {
		t.Fatal(err)
	}
	if out, err = tried(t, "3.15", append(known[:last:last], p)); err != nil {
		t.Errorf("with its own line: %v\n%s", err, out)
	}
}
