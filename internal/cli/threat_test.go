package cli

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestThreatModel: each promise of the threat model names tests that are there.
func TestThreatModel(t *testing.T) {
	data, err := os.ReadFile("../../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "| promise | test |\n| --- | --- |\n")
	table, _, found := strings.Cut(rest, "\n\n")
	if !found {
		t.Fatal("docs/design.md has no table of promises")
	}
	place := regexp.MustCompile("`([a-z/]+)`: ([A-Za-z0-9, ]+)")
	for row := range strings.Lines(table) {
		tests := place.FindAllStringSubmatch(row, -1)
		if len(tests) == 0 {
			t.Errorf("a promise without a test: %s", row)
		}
		for _, m := range tests {
			for name := range strings.SplitSeq(strings.TrimSpace(m[2]), ", ") {
				if err := exec.Command("grep", "-rqE", "--include=*_test.go", "^func "+name+`\(`, "../../"+m[1]).Run(); err != nil {
					t.Errorf("%s: there is no %s (%v)", m[1], name, err)
				}
			}
		}
	}
}
