package outcome

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// packed is a run that went well.
func packed() Outcome {
	return Outcome{
		Name: "site", Version: "1.1", Target: "cp313-manylinux_2_28_x86_64", Commit: "0123abc", Run: "https://github.com/acme/site/actions/runs/7",
		Archive: Archive{File: "site-1.1-cp313-manylinux_2_28_x86_64.tar.gz", Version: "1.1", Size: 30 << 20, SHA256: strings.Repeat("0", 64)},
		Last:    &Archive{Version: "1.0", Size: 29<<20 + 1<<19},
		Marks:   []Mark{{"network", "enforced", true}, {"compiler", "enforced", true}, {"the build's directory", "enforced", true}, {"the build's interpreter", "by-convention", false}},
		Deltas:  []Delta{{"0.9", 3 << 20}, {"1.0", 83 << 10}},
		Reused:  "230 eggs, 1 part of 1.0",
		Steps:   []Step{{"Building site 1.1", 48, false}, {"Verifying the extensions", 0.4, false}, {"Proving the archive elsewhere", 12.5, false}},
		Eggs:    []Egg{{"lxml", "6.0.2", "BSD-3-Clause", false, 14 << 20}, {"site", "1.1", "", true, 40 << 10}, {"Zope", "5.13", "ZPL-2.1", false, 5 << 20}},
	}
}

// refused is a run that verification ended.
func refused() Outcome {
	return Outcome{
		Name: "site", Version: "1.1", Target: "cp313-linux_x86_64",
		Failure: &Failure{Missing: 1, Text: "verifying: 1 extension or file missing: <b>_speedups</b>", Hint: "install libyaml-dev"},
		Steps:   []Step{{"Building site 1.1", 48, false}, {"Verifying the extensions", 0.4, true}},
	}
}

// TestGolden compares the summary and the page's sections with testdata.
func TestGolden(t *testing.T) {
	for name, o := range map[string]Outcome{"packed": packed(), "refused": refused()} {
		head, err := o.Head()
		if err != nil {
			t.Fatal(err)
		}
		eggs, err := o.Materials()
		if err != nil {
			t.Fatal(err)
		}
		for ending, got := range map[string]string{".md": o.Markdown(), ".html": string(head + eggs)} {
			file := filepath.Join("testdata", name+ending)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
			}
			if strings.Contains(got, "<b>_") && ending == ".html" {
				t.Errorf("%s lets markup through", file)
			}
		}
	}
}

// TestVerdict: the words that a person reads first.
func TestVerdict(t *testing.T) {
	for want, f := range map[string]*Failure{
		"packed and proved":                      nil,
		"not packed":                             {Text: "x"},
		"not proved":                             {Unproved: true},
		"not packed: 1 extension is missing":     {Missing: 1},
		"not packed: 2 extensions can't be used": {Unusable: 2},
		"not packed: 2 extensions are missing, 1 extension can't be used": {Missing: 2, Unusable: 1},
	} {
		if got := (Outcome{Failure: f}).Verdict(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestChange: the size beside the last one's.
func TestChange(t *testing.T) {
	for _, row := range []struct {
		now, last int64
		want      string
	}{{2048, 1024, "1 KiB more than 1.0"}, {1024, 2048, "1 KiB less than 1.0"}, {5, 5, "as large as 1.0"}} {
		o := Outcome{Archive: Archive{File: "a", Size: row.now}, Last: &Archive{Version: "1.0", Size: row.last}}
		if got := o.Change(); got != row.want {
			t.Errorf("%d, %d: %s", row.now, row.last, got)
		}
	}
	if got := (Outcome{Archive: Archive{File: "a"}}).Change(); got != "" {
		t.Error(got)
	}
}
