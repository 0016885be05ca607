//go:build unix

package install

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// fakePython is a file that answers as an interpreter of another system would.
func fakePython(t *testing.T, path string, p interpreter.Python) {
	t.Helper()
	p.Executable = path
	if p.System == "" {
		p.System, p.Machine, p.Libc, p.LibcVersion = "linux", "x86_64", "glibc", "2.31"
	}
	p.Implementation = "cpython"
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	mkfile(t, path, "#!/bin/sh\nprintf '%s\\n' '"+string(data)+"'\n")
	chmod(t, path, 0o755)
}

// TestChoice has install and its scripts choose from a release, on systems that
// this machine isn't: the archive for the newest Python, of two for one Python
// that with the highest floor that is met, and what was asked for.
func TestChoice(t *testing.T) {
	plain := []interpreter.Python{{Version: "3.9.2", ABI: "cp39"}, {Version: "3.13.0", ABI: "cp313"}, {Version: "3.8.18", ABI: "cp38"}, {Version: "3.13.1", ABI: "cp313t"}}
	all := []fetch.Asset{
		{Target: "cp39-manylinux_2_17_x86_64"}, {Target: "cp313-manylinux_2_17_x86_64"}, {Target: "cp313-manylinux_2_28_x86_64"},
		{Target: "cp313-manylinux_2_35_x86_64"}, {Target: "cp313-manylinux_2_28_aarch64"}, {Target: "cp313-musllinux_1_2_x86_64"},
		{Target: "cp38-linux_x86_64", Label: "debian11"}, {Target: "cp38-linux_x86_64", Label: "rocky8"}, {Target: "cp312-manylinux_2_17_x86_64"},
		{Target: "cp313-macosx_11_0_arm64"}, {Target: "cp313-macosx_15_0_arm64"}, {Target: "cp313-win_amd64"},
	}
	mac := []interpreter.Python{{Version: "3.13.0", ABI: "cp313", System: "macos", Machine: "arm64", MacOS: "14.5"}}
	for _, test := range []struct {
		name, python, label string
		here                []interpreter.Python
		assets              []fetch.Asset
		want                string // the target, or what the error says
	}{
		{name: "the newest", here: plain, assets: all, want: "cp313-manylinux_2_28_x86_64"},
		{name: "no newer than the archives", here: plain[2:3], assets: all[:6], want: "closest is cp39-manylinux_2_17_x86_64: it is for Python 3.9 (cp39)"},
		{name: "an older system", assets: all, want: "cp313-manylinux_2_17_x86_64",
			here: []interpreter.Python{{Version: "3.13.0", ABI: "cp313", System: "linux", Machine: "x86_64", Libc: "glibc", LibcVersion: "2.17"}}},
		{name: "musl", assets: all, want: "cp313-musllinux_1_2_x86_64",
			here: []interpreter.Python{{Version: "3.13.0", ABI: "cp313", System: "linux", Machine: "x86_64", Libc: "musl", LibcVersion: "1.2.4"}}},
		{name: "arm", assets: all, want: "cp313-manylinux_2_28_aarch64",
			here: []interpreter.Python{{Version: "3.13.0", ABI: "cp313", System: "linux", Machine: "aarch64", Libc: "glibc", LibcVersion: "2.36"}}},
		{name: "a Mac", here: mac, assets: all, want: "cp313-macosx_11_0_arm64"},
		{name: "Windows", assets: all, want: "cp313-win_amd64", here: []interpreter.Python{{Version: "3.13.0", ABI: "cp313", System: "windows", Machine: "amd64"}}},
		{name: "an old Mac", assets: all[10:11], want: "it needs macOS 15.0", here: mac},
		{name: "asked for", python: "3.9", here: plain, assets: all, want: "cp39-manylinux_2_17_x86_64"},
		{name: "asked for in full", python: "3.9.2", here: plain, assets: all, want: "cp39-manylinux_2_17_x86_64"},
		{name: "asked for by name", python: "python3.9", here: plain, assets: all, want: "cp39-manylinux_2_17_x86_64"},
		{name: "asked for another", python: "3.7", here: plain, assets: all, want: "looking for --python 3.7"},
		{name: "rather none of a virtualenv", assets: append(all[:2:2], all[8]), want: "cp39-manylinux_2_17_x86_64",
			here: []interpreter.Python{{Version: "3.9.2", ABI: "cp39"}, {Version: "3.9.9", ABI: "cp39", Virtualenv: true}}},
		{name: "a virtualenv's", assets: all, want: "cp39-manylinux_2_17_x86_64", here: []interpreter.Python{{Version: "3.9.9", ABI: "cp39", Virtualenv: true}}},
		{name: "two labels", here: plain[2:3], assets: all, want: "several archives of cp38-linux_x86_64 fit: debian11, rocky8"},
		{name: "a label", here: plain, label: "rocky8", assets: all, want: "cp38-linux_x86_64 rocky8"},
		{name: "the image that is old enough", here: plain, want: "cp313-linux_x86_64 debian11", assets: []fetch.Asset{
			{Target: "cp313-linux_x86_64", Label: "debian11", Floors: []archive.Floor{{Kind: "glibc", Version: "2.29"}}},
			{Target: "cp313-linux_x86_64", Label: "debian12", Floors: []archive.Floor{{Kind: "glibc", Version: "2.34"}}}}},
		{name: "for glibc alone", python: "3.13", assets: all[:3], want: "it is for glibc / have it built for this system too, linux x86_64, musl 1.2.4: cp313-musllinux_1_2_x86_64",
			here: []interpreter.Python{{Version: "3.13.0", ABI: "cp313", System: "linux", Machine: "x86_64", Libc: "musl", LibcVersion: "1.2.4"}}},
		{name: "the measured libc", here: plain[1:2], want: "it is for musl / have it built for this system too, linux x86_64, glibc 2.31: cp313-manylinux_2_28_x86_64",
			assets: []fetch.Asset{{Target: "cp313-linux_x86_64", Floors: []archive.Floor{{Kind: "musl", Version: "1.2"}}}}},
		{name: "the measured floor", here: plain, want: "it needs glibc 2.38",
			assets: []fetch.Asset{{Target: "cp313-linux_x86_64", Floors: []archive.Floor{{Kind: "glibc", Version: "2.38"}}}}},
		{name: "the nearest Python", python: "3.9", here: plain[:1], assets: []fetch.Asset{{Target: "cp27mu-linux_x86_64"}, {Target: "cp314-linux_x86_64"}, {Target: "cp312-linux_x86_64"}},
			want: "closest is cp312-linux_x86_64: it is for Python 3.12 (cp312) / install Python 3.12 (cp312), or name an interpreter with --python"},
		{name: "of two as near the newer", python: "3.13", here: plain[1:2], assets: []fetch.Asset{{Target: "cp312-linux_x86_64"}, {Target: "cp314-linux_x86_64"}}, want: "closest is cp314-linux_x86_64"},
		{name: "the lowest floor", here: plain[1:2], assets: []fetch.Asset{{Target: "cp313-manylinux_2_99_x86_64"}, {Target: "cp313-manylinux_2_38_x86_64"}},
			want: "closest is cp313-manylinux_2_38_x86_64: it needs glibc 2.38 / have it built for this system too, linux x86_64, glibc 2.31 or older"},
		{name: "another machine", here: plain, assets: all[4:5],
			want: "this system is linux x86_64, glibc 2.31, with Python 3.13.1 ( / , 3.13.0 ( / , 3.9.2 ( / , 3.8.18 ( / have it built for this system too, linux x86_64, glibc 2.31"},
		{name: "many Pythons", assets: all[4:5], want: ", 3.11.0 ( / , 3.10.0 ( / , 3.9.0 ( / , and  /  more; the mirror has", here: []interpreter.Python{{Version: "3.2.0", ABI: "cp32"}, {Version: "3.3.0", ABI: "cp33"}, {Version: "3.4.0", ABI: "cp34"},
			{Version: "3.5.0", ABI: "cp35"}, {Version: "3.6.0", ABI: "cp36"}, {Version: "3.7.0", ABI: "cp37"}, {Version: "3.8.0", ABI: "cp38"}, {Version: "3.9.0", ABI: "cp39"}, {Version: "3.10.0", ABI: "cp310"}, {Version: "3.11.0", ABI: "cp311"}}},
		{name: "no such label", here: plain[:1], label: "rocky8", assets: all[:1], want: "closest is cp39-manylinux_2_17_x86_64: it has another label, / leave --label out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := os.Stat("/usr/bin/python3.13"); err == nil {
				testtool.Lacks(t, "a /usr/bin without python3.13") // it is found too, and fits
			}
			t.Parallel()
			bin := t.TempDir()
			for i, p := range test.here {
				name := "python" + strings.Join(strings.SplitN(p.Version, ".", 3)[:2], ".")
				if strings.HasSuffix(p.ABI, "t") {
					name += "t"
				}
				at := filepath.Join(bin, string(rune('a'+i)))
				if p.Virtualenv {
					mkfile(t, filepath.Join(at, "pyvenv.cfg"), "")
				}
				fakePython(t, filepath.Join(at, "bin", name), p)
			}
			dirs, _ := filepath.Glob(filepath.Join(bin, "*", "bin"))
			dist := filepath.Join(bin, "dist")
			x := fetch.Index{Format: 1, Name: "app", Version: "1.0"}
			for i, a := range test.assets {
				a.Name, a.SHA256 = a.Target+"+"+a.Label+".tar.gz", strings.Repeat("a", 64)
				mkfile(t, filepath.Join(dist, a.Name), "")
				test.assets[i] = a
				x.Assets = append(x.Assets, a)
			}
			writeIndex(t, dist, x)
			agrees := func(who, chosen, err string) {
				t.Helper()
				if got := strings.TrimSpace(chosen); got == test.want {
					return
				}
				for _, want := range strings.Split(test.want, " / ") {
					if chosen != "" || !strings.Contains(err, want) {
						t.Errorf("%s takes %q, want %q: %s", who, chosen, want, err)
					}
				}
			}
			env := []string{"PATH=" + strings.Join(dirs, ":"), "PYENV_ROOT=/no", "HOME=/no"}
			o := fetch.Request{Label: test.label, Search: interpreter.Search{Python: test.python, OS: "linux", Env: env}}
			if c, err := fetch.Choose(t.Context(), o, &x, "the mirror"); err != nil {
				agrees("install", "", strings.ReplaceAll(err.Error(), "has another label, \"", "has another label, ")+" / "+fault.HintOf(err, ""))
			} else {
				agrees("install", c.Asset.Target+" "+c.Asset.Label, "")
			}
			cmd := exec.Command(installtest.Python(t, "3.13"), "-sE", "-")
			cmd.Env = env
			// What drives the script would be one of this machine's.
			cmd.Stdin = strings.NewReader("import sys; sys.executable = ''\n" + piped(t, "into="+filepath.Join(bin, "app"), "from="+dist, "python="+test.python, "label="+test.label))
			_, out := run(t, cmd)
			chosen := ""
			if m := regexp.MustCompile(`error: (.*)\.tar\.gz has 0 bytes`).FindStringSubmatch(out); m != nil {
				chosen = strings.Replace(m[1], "+", " ", 1)
			}
			mirror := strings.NewReplacer(dist, "the mirror", "-Label", "--label", "-Python", "--python", "has another label, \"", "has another label, ")
			agrees("the scripts", chosen, mirror.Replace(out))
		})
	}
}
