package verify

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// sourceCase is a source, and the modules whose entry it defines.
type sourceCase struct {
	File, Text string
	Modules    []string
}

func sourceCases(t *testing.T) []sourceCase {
	t.Helper()
	b, err := os.ReadFile("testdata/inits.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []sourceCase
	if err := json.Unmarshal(b, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	return cases
}

// TestInitFunctions holds Go's reading of sources to the cases.
func TestInitFunctions(t *testing.T) {
	for _, c := range sourceCases(t) {
		if got := initFunctions(c.File, []byte(c.Text)); !slices.Equal(got, c.Modules) {
			t.Errorf("%s: %q, want %q", c.File, got, c.Modules)
		}
	}
}

// TestWitnessInitFunctions holds the witness's reading, in the oldest and the newest Python that it runs in, to the same cases.
func TestWitnessInitFunctions(t *testing.T) {
	witness := t.TempDir()
	if _, err := InstallWitness(witness, "", nil); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"2.7", "3.6", "3.13"} {
		t.Run(version, func(t *testing.T) {
			python := verifytest.Python(t, version)
			for _, c := range sourceCases(t) {
				dir := tree{c.File: c.Text}.write(t)
				out, err := exec.Command(python, "-B", "-c", "import json, sys; sys.path.insert(0, sys.argv[1]); import binary_buildout_backends as b; print(json.dumps(b.modules_of_sources(sys.argv[2])))",
					witness, dir).CombinedOutput()
				var got []string
				if err == nil {
					err = json.Unmarshal(out, &got)
				}
				if err != nil || !slices.Equal(got, c.Modules) {
					t.Errorf("%s: %q, want %q (%v)\n%s", c.File, got, c.Modules, err, out)
				}
			}
		})
	}
}
