package interpreter

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

func TestCandidates(t *testing.T) {
	root := t.TempDir()
	for _, p := range []string{"shims/python3.13", "versions/3.13.0/bin/python3.13", "versions/3.12.1/bin/python3.12", "bin/python3.11", "bin/python3-config", "bin/pythonx"} {
		at := filepath.Join(root, p)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	// What python3 is may be another one tomorrow.
	for _, link := range []string{"bin/python", "bin/python3", "versions/3.12.1/bin/python"} {
		to := map[bool]string{true: "python3.12", false: "python3.11"}[strings.HasPrefix(link, "versions")]
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	got := Candidates("linux", []string{"PATH=" + root + "/bin:" + root + "/shims"})
	want := []string{root + "/bin/python3.11", root + "/versions/3.12.1/bin/python3.12", root + "/versions/3.13.0/bin/python3.13"}
	if len(got) < 3 || fmt.Sprint(got[:3]) != fmt.Sprint(want) {
		t.Errorf("candidates %q, want %q first", got, want)
	}
	if got := named(got, "cp313"); len(got) == 0 || got[0] != want[2] {
		t.Errorf("named cp313: %q", got)
	}
}

func TestProbe(t *testing.T) {
	musl := testtool.Musl(t, testcache.Dir(t))
	p, err := Probe(t.Context(), musl, os.Environ())
	if err != nil || p.Libc != "musl" || !strings.HasPrefix(p.LibcVersion, "1.") || p.ABI != "cp311" {
		t.Errorf("on musl: %+v, %v", p, err)
	}
	for version, abi := range map[string]string{"2.7": "cp27mu", "3.6": "cp36", "3.8": "cp38", "3.13": "cp313"} {
		p, err := Probe(t.Context(), testtool.Python(t, version), os.Environ())
		if err != nil {
			t.Fatal(err)
		}
		if p.ABI != abi || !strings.HasPrefix(p.Version, version+".") || p.Implementation != "cpython" || p.System != "linux" || p.Libc != "glibc" || p.LibcVersion == "" {
			t.Errorf("%s: %+v", version, p)
		}
	}
}

// TestUnfit: which archive an interpreter can't run, and why, by the table that
// install.py is held to too.
func TestUnfit(t *testing.T) {
	var table struct {
		Pythons map[string]*Python `json:"pythons"`
		Rows    []struct {
			Target string          `json:"target"`
			Own    bool            `json:"python_bundled"`
			Floors []archive.Floor `json:"floors"`
			Python string          `json:"python"`
			Unfit  string          `json:"unfit"`
		} `json:"rows"`
	}
	data, err := os.ReadFile("../../target/cases/fits.json")
	if err == nil {
		err = json.Unmarshal(data, &table)
	}
	if err != nil || len(table.Rows) < 30 {
		t.Fatalf("%d rows: %v", len(table.Rows), err)
	}
	for _, row := range table.Rows {
		n := ParseTarget(row.Target).WithFloors(row.Floors)
		n.Bundled = row.Own
		if got := n.Unfit(table.Pythons[row.Python]).Why; got != row.Unfit {
			t.Errorf("%s, %v on %s: %q, want %q", row.Target, row.Floors, row.Python, got, row.Unfit)
		}
	}
}
