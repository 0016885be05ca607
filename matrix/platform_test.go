package matrix

import (
	"encoding/json"
	"os"
	"testing"
)

func TestParsePlatform(t *testing.T) {
	data, err := os.ReadFile("../target/cases/platforms.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Tags []struct{ Tag, System, Arch, Libc, Floor string }
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Tags) < 20 {
		t.Fatalf("the table has %d tags", len(table.Tags))
	}
	for _, row := range table.Tags {
		p, err := ParsePlatform(row.Tag)
		if (err == nil) != (row.System != "") || p.System != row.System || p.Arch != row.Arch || p.Libc != row.Libc || p.Floor != row.Floor {
			t.Errorf("%s: %+v, %v", row.Tag, p, err)
		}
	}
}

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		tag, machine string
		want         bool
	}{
		{"linux_x86_64", "x86_64", true}, {"linux_x86_64", "aarch64", false}, {"manylinux2014_aarch64", "arm64", true},
		{"win_amd64", "AMD64", true}, {"win_amd64", "arm64", false}, {"win32", "x86", true}, {"linux_i686", "i386", true},
		{"macosx_11_0_universal2", "arm64", true}, {"macosx_11_0_universal2", "x86_64", true}, {"macosx_11_0_universal2", "i386", false},
		{"macosx_10_9_intel", "x86_64", true}, {"macosx_10_9_intel", "arm64", false},
	} {
		p, err := ParsePlatform(c.tag)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Runs(c.machine); got != c.want {
			t.Errorf("%s on %s: %v", c.tag, c.machine, got)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"2.9", "2.28", -1}, {"11", "11.0", 0}, {"3.13.11", "3.13.9", 1}, {"3.15.0rc1", "3.15.0", 0}, {"2.36-9", "2.36", 0}, {"", "0", 0}, {"x", "1", -1},
	} {
		if got := CompareVersions(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %d", c.a, c.b, got)
		}
	}
}
