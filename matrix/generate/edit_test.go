package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const table = `{
 "date": "2026-01-01",
 "sources": [
  "hosted runners: GitHub's list of 2026-01",
  "pythons of runners: actions/python-versions, versions-manifest.json of 2026-01-01",
  "manylinux and musllinux images: pypa/cibuildwheel, pinned_docker_images.cfg of 2026-01-01; their Pythons: by hand"
 ],
 "platforms": [
  {
   "name": "linux_x86_64",
   "runner": "ubuntu-24.04",
   "other_runners": ["ubuntu-22.04"],
   "setup_python_arch": "x64",
   "pythons": ["3.12"]
  },
  {
   "name": "linux_i686",
   "runner": "ubuntu-24.04",
   "other_runners": [],
   "setup_python_arch": "",
   "pythons": []
  },
  {
   "name": "macosx_arm64",
   "runner": "macos-15",
   "other_runners": ["macos-14"],
   "setup_python_arch": "arm64",
   "pythons": []
  }
 ],
 "images": [
  {"name": "manylinux_2_28", "refs": {"linux_x86_64": "quay.io/pypa/manylinux_2_28_x86_64@sha256:0000", "linux_i686": "quay.io/pypa/manylinux_2_28_i686@sha256:1111"}}
 ]
}
`

const images = `[x86_64]
manylinux_2_28 = quay.io/pypa/manylinux_2_28_x86_64@sha256:aaaa  # 2026.08.15-1
manylinux_2_99 = quay.io/pypa/manylinux_2_99_x86_64@sha256:cccc  # 2026.08.17-1

[i686]
manylinux_2_28 = quay.io/pypa/manylinux_2_28_i686:2026.08.01-1
`

const pythons = `[
{"version": "3.16.0-alpha.2", "files": [{"arch": "x64", "platform": "linux", "platform_version": "24.04"}, {"arch": "arm64", "platform": "darwin"}]},
{"version": "3.15.0-rc.1", "files": [{"arch": "x64-freethreaded", "platform": "linux", "platform_version": "24.04"}, {"arch": "x64", "platform": "linux", "platform_version": "24.04"}]},
{"version": "3.9.9", "files": [{"arch": "x64", "platform": "linux", "platform_version": "24.04"}, {"arch": "arm64", "platform": "darwin"}]},
{"version": "3.8.1", "files": [{"arch": "x64", "platform": "linux", "platform_version": "20.04"}]},
{"version": "3.5.1", "files": [{"arch": "x64", "platform": "linux", "platform_version": "24.04"}]},
{"version": "2.7.18", "files": [{"arch": "arm64", "platform": "darwin"}]}
]`

const runners = "| Image | YAML Label |\n|---|---|\n| Ubuntu 24.04 | `ubuntu-latest` or `ubuntu-24.04` |\n| macOS 15 | `macos-15` |\n" +
	"| macOS 14 [![deprecated](x)](y) | `macos-14` |\n"

// What others publish comes into the table, all else stays to the byte; what a person has to look at is said.
func TestEdit(t *testing.T) {
	in := inputs{images: []byte(images), pythons: []byte(pythons), runners: []byte(runners), date: "2026-11-30"}
	got, notes, err := in.edit(table)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		`"2026-01-01"`, `"2026-11-30"`, "list of 2026-01", "list of 2026-11-30", "manifest.json of 2026-01-01", "manifest.json of 2026-11-30",
		"images.cfg of 2026-01-01", "images.cfg of 2026-08-17", `["3.12"]`, `["3.9", "3.15", "3.15t"]`,
		`"arm64",`+"\n   \"pythons\": []", `"arm64",`+"\n   \"pythons\": [\"3.9\"]", "@sha256:0000", "@sha256:aaaa", "@sha256:1111", ":2026.08.01-1").Replace(table)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := []string{"runner ubuntu-22.04: it isn't in GitHub's list", "runner macos-14: GitHub calls it deprecated"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
	if again, _, err := in.edit(got); err != nil || again != got {
		t.Errorf("a second time it changes (%v)", err)
	}
	for name, in := range map[string]inputs{
		"no images":          {images: []byte("moved elsewhere")},
		"an image that left": {images: []byte("[x86_64]\na = quay.io/pypa/manylinux_2_28_x86_64@sha256:aaaa\n")},
		"no Pythons":         {pythons: []byte("[]")},
		"no JSON":            {pythons: []byte("404: Not Found")},
		"no runners":         {runners: []byte("404: Not Found")},
	} {
		if _, _, err := in.edit(table); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// The real table is one that the generator can edit, and without anything new its date alone changes.
func TestRealTable(t *testing.T) {
	data, err := os.ReadFile("../table.json")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "table.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(file, func(name string) string { return map[string]string{"MATRIX_DATE": "2030-01-01"}[name] }); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at, end := strings.Index(string(data), `"date": "`)+9, len("2030-01-01")
	if want := string(data[:at]) + "2030-01-01" + string(data[at+end:]); string(got) != want {
		t.Errorf("more than the date changed")
	}
	if _, err := withPythons(string(data), []byte(pythons)); err == nil || !strings.Contains(err.Error(), "it has no Python for linux_aarch64") {
		t.Errorf("a manifest without a platform's Pythons: %v", err)
	}
}
