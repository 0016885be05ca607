package matrix

import "testing"

func TestParseTarget(t *testing.T) {
	tests := []struct{ in, os, arch, kind, floor, python string }{
		{"cp313-manylinux_2_28_x86_64", "linux", "x86_64", "glibc", "2.28", "3.13"},
		{"cp313t-manylinux_2_28_aarch64", "linux", "aarch64", "glibc", "2.28", "3.13"},
		{"cp38-manylinux2014_i686", "linux", "i686", "glibc", "2.17", "3.8"},
		{"cp312-musllinux_1_2_x86_64", "linux", "x86_64", "musl", "1.2", "3.12"},
		{"cp27mu-linux_x86_64", "linux", "x86_64", "", "", "2.7"},
		{"cp36m-linux_armv7l", "linux", "armv7l", "", "", "3.6"},
		{"cp313-macosx_11_0_arm64", "macos", "aarch64", "macos", "11.0", "3.13"},
		{"cp313-macosx_10_13_universal2", "macos", "universal2", "macos", "10.13", "3.13"},
		{"cp311-win_amd64", "windows", "x86_64", "", "", "3.11"},
		{"cp311-win32", "windows", "i686", "", "", "3.11"},
		{"cp311-win_arm64", "windows", "aarch64", "", "", "3.11"},
	}
	for _, tt := range tests {
		got, err := ParseTarget(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		kind, floor, ok := got.Floor()
		if got.String() != tt.in || got.OS() != tt.os || got.Arch() != tt.arch || kind != tt.kind || floor != tt.floor || ok != (tt.kind != "") || got.PythonVersion() != tt.python {
			t.Errorf("%s: got %s %s %s %s %q %v %s", tt.in, got, got.OS(), got.Arch(), kind, floor, ok, got.PythonVersion())
		}
	}
	for _, bad := range []string{"", "cp313", "cp313-", "py3-none", "cp26m-linux_x86_64", "cp313-linux", "cp313-linux_x86_64-debian12",
		"cp313-macosx_arm64", "cp313-macosx_11_0_aarch64", "cp313-win_x86_64", "cp313-manylinux_2_28_sparc", "pp310-linux_x86_64", "cp313-any", "cp313-linux_x86_64\n"} {
		if got, err := ParseTarget(bad); err == nil {
			t.Errorf("%q: parsed as %v", bad, got)
		}
	}
}

func TestABITag(t *testing.T) {
	for _, tt := range []struct {
		version string
		wide    bool
		want    string
	}{
		{"2.7", true, "cp27mu"}, {"2.7", false, "cp27m"}, {"3.6", true, "cp36m"}, {"3.7", false, "cp37m"},
		{"3.8", true, "cp38"}, {"3.13", true, "cp313"}, {"3.13t", false, "cp313t"}, {"3.14", false, "cp314"},
		{"3.12t", false, ""}, {"2.6", false, ""}, {"3", false, ""}, {"4.0", false, ""}, {"3.13.1", false, ""}, {"python3", false, ""},
	} {
		got, err := ABITag(tt.version, tt.wide)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: got %q, %v; want %q", tt.version, got, err, tt.want)
		}
	}
}

func TestArchiveName(t *testing.T) {
	manylinux := Target{"cp313", "manylinux_2_28_x86_64"}
	for _, tt := range []struct {
		file string
		want ArchiveFile
	}{
		{"site-1.0-cp313-manylinux_2_28_x86_64.tar.gz", ArchiveFile{"site", "1.0", manylinux, "", "tar.gz"}},
		{"my-site-1.0-rc1-cp313-manylinux_2_28_x86_64.tar.zst", ArchiveFile{"my-site", "1.0-rc1", manylinux, "", "tar.zst"}},
		{"site-2026-11-23-cp27mu-linux_x86_64-debian12.tar.gz", ArchiveFile{"site", "2026-11-23", Target{"cp27mu", "linux_x86_64"}, "debian12", "tar.gz"}},
		{"site-0+g0123abc-cp311-win_amd64.zip", ArchiveFile{"site", "0+g0123abc", Target{"cp311", "win_amd64"}, "", "zip"}},
		{"site-main-cp311-linux_x86_64-rocky-9.4.tar.gz", ArchiveFile{"site", "main", Target{"cp311", "linux_x86_64"}, "rocky-9.4", "tar.gz"}},
	} {
		got, err := ParseArchiveName(tt.file)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v", tt.file, got, err)
		}
		if back := ArchiveName(got.Name, got.Version, got.Target, got.Label, got.Format); back != tt.file {
			t.Errorf("%s: written as %s", tt.file, back)
		}
	}
	for _, bad := range []string{"", "site.tar.gz", "site-1.0.tar.gz", "site-cp313-linux_x86_64.tar.gz", "site-1.0-cp313-linux_x86_64.tar", "site-1.0-cp313-linux_mips.tar.gz", "-1.0-cp313-linux_x86_64", "site-1.0-cp313-linux_x86_64-debian12.from-0.9.delta.tar.gz", "SHA256SUMS", "index.json"} {
		if got, err := ParseArchiveName(bad); err == nil {
			t.Errorf("%q: parsed as %+v", bad, got)
		}
	}
	if got := SidecarName("site-1.0-cp313-linux_x86_64.tar.gz"); got != "site-1.0-cp313-linux_x86_64.json" {
		t.Error(got)
	}
}

func TestCheckWord(t *testing.T) {
	for _, good := range []string{"site", "0+gabc", "1.0-rc1", "A_b"} {
		if err := CheckWord("name", good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", ".site", "-x", "a/b", "a b", "é", "a\n", "a:b"} {
		if CheckWord("name", bad) == nil {
			t.Errorf("%q passes", bad)
		}
	}
}
