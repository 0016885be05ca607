//go:build powershell && unix

package install

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	publish "github.com/binary-buildout/binary-buildout/release"
)

// TestPowerShellLeft: what was done is done, also where the temporary directory
// can't be removed, here since it is gone. No other user can look into that.
func TestPowerShellLeft(t *testing.T) {
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		mkfile(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	cmd := powershell(t)
	temporary := t.TempDir()
	python := filepath.Join(strings.TrimPrefix(cmd.Env[0], "PATH="), "python3")
	seen := filepath.Join(t.TempDir(), "seen")
	mkfile(t, python, "#!/bin/sh\ncase $2 in -c) exit 0 ;; esac\ncat >/dev/null\n/bin/ls -ld "+temporary+"/binary-buildout.* >"+seen+"\nrm -r "+temporary+"/binary-buildout.*\n")
	chmod(t, python, 0o755)
	cmd.Env = append(cmd.Env, "TMPDIR="+temporary)
	if code, out := run(t, cmd, "-File", filepath.Join(dir, "install.ps1"), "-Into", filepath.Join(dir, "app"), "-From", dir); code != 0 || out != "" {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if mode := string(mustRead(t, seen)); !strings.HasPrefix(mode, "drwx------") {
		t.Errorf("the temporary directory: %s", mode)
	}
}

// TestPowerShellBare: what install-nopython.ps1 brings with .NET alone: of the archives
// for this Windows that have a Python in them the newest's, if its digest is right and
// no name in it climbs. (That python.exe runs only on Windows.)
func TestPowerShellBare(t *testing.T) {
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	functions, _, ok := strings.Cut(string(files[1].Data), "\n$given = @{")
	if _, functions, _ = strings.Cut(functions, "\n)\n"); !ok {
		t.Fatal("install.ps1 has another last line")
	}
	dist := t.TempDir()
	pack := func(name string, entries ...string) fetch.Asset {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, e := range entries {
			w, err := z.Create(e)
			if err == nil && !strings.HasSuffix(e, "/") {
				_, err = w.Write([]byte(name))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		mkfile(t, filepath.Join(dist, name), b.String())
		return fetch.Asset{Name: name, Size: int64(b.Len()), SHA256: digest.Of(b.Bytes()), PythonBundled: true}
	}
	asset := func(name, target, python string, entries ...string) fetch.Asset {
		a := pack(name, entries...)
		a.Target, a.Python = target, python
		return a
	}
	old := asset("old.zip", "cp39-win_amd64", "3.9.13", "app-1.0/python-3.9.13/python.exe")
	good := asset("good.zip", "cp313-win_amd64", "3.13.5", "app-1.0/", "app-1.0/x.txt", "app-1.0/python-3.13.5/", "app-1.0/python-3.13.5/python.exe", "app-1.0/python-3.13.5/Lib/os.py")
	other := asset("other.zip", "cp314-win_arm64", "3.14.0", "app-1.0/python-3.14.0/python.exe")
	none := asset("none.zip", "cp315-win_amd64", "3.15.0", "app-1.0/x")
	none.PythonBundled = false
	climbs := asset("climbs.zip", "cp313-win_amd64", "3.13.6", "app-1.0/python-3.13.6/../../../evil")
	parted := asset("parted.zip", "cp313-win_amd64", "3.13.5", "app-1.0/python-3.13.5/python.exe", "app-1.0/python-3.13.5/Lib/os.py")
	parted.Volumes = split(t, filepath.Join(dist, "parted.zip"), 100)
	whole := parted
	whole.Name, whole.Size, whole.SHA256 = good.Name, good.Size, good.SHA256
	named := asset("app-1.0-cp313-win_amd64.zip", "", "", "app-1.0/python-3.13.5/python.exe", "app-1.0/python-3.13.5/Lib/os.py")
	named315 := asset("app-1.0-cp315-win_amd64.zip", "", "", "app-1.0/x")
	namedParted := asset("app-1.1-cp313-win_amd64.zip", "", "", "app-1.0/python-3.13.5/python.exe", "app-1.0/python-3.13.5/Lib/os.py")
	namedParted.Volumes = split(t, filepath.Join(dist, namedParted.Name), 100)
	namedSmall := asset("app-1.0-cp313-win_amd64-small.zip", "", "", "app-1.0/python-3.13.5/python.exe", "app-1.0/python-3.13.5/Lib/os.py")
	namedDamaged := named
	namedDamaged.SHA256 = strings.Repeat("0", 64)
	damaged := good
	damaged.SHA256 = strings.Repeat("0", 64)
	for name, tt := range map[string]struct {
		assets                []fetch.Asset
		machine, sha256, want string
		sums                  bool // SHA256SUMS, and no index.json
	}{
		"the newest":            {[]fetch.Asset{old, none, good, other}, "AMD64", "", "python-3.13.5/python.exe|good.zip|", false},
		"in volumes":            {[]fetch.Asset{parted}, "AMD64", "", "python-3.13.5/python.exe|parted.zip|", false},
		"put together":          {[]fetch.Asset{whole}, "AMD64", "", "python-3.13.5/python.exe|good.zip|", false},
		"its digest":            {[]fetch.Asset{old, good}, "AMD64", "sha256:" + strings.ToUpper(good.SHA256), "python-3.13.5/python.exe|good.zip|", false},
		"another digest":        {[]fetch.Asset{good}, "AMD64", strings.Repeat("ab", 32), "good.zip has SHA-256 " + good.SHA256 + ", and -Sha256 says abab", false},
		"damaged":               {[]fetch.Asset{damaged}, "AMD64", "", "and index.json says 0000", false},
		"climbs":                {[]fetch.Asset{climbs}, "AMD64", "", "has no place in an archive", false},
		"another machine":       {[]fetch.Asset{good}, "x86", "", "none here", false},
		"not of a Windows":      {[]fetch.Asset{good}, "", "", "none here", false},
		"by SHA256SUMS":         {[]fetch.Asset{namedSmall, named, named315}, "AMD64", "", "python-3.13.5/python.exe|app-1.0-cp313-win_amd64.zip|", true},
		"volumes by SHA256SUMS": {[]fetch.Asset{namedParted}, "AMD64", "", "python-3.13.5/python.exe|app-1.1-cp313-win_amd64.zip|", true},
		"not as SHA256SUMS has": {[]fetch.Asset{namedDamaged}, "AMD64", "", "and SHA256SUMS says 0000", true},
		"not by SHA256SUMS":     {[]fetch.Asset{named}, "ARM64", "", "none here", true},
	} {
		work := filepath.Join(t.TempDir(), "work")
		if err := os.Mkdir(work, 0o755); err != nil {
			t.Fatal(err)
		}
		if tt.sums {
			os.Remove(filepath.Join(dist, "index.json"))
			mkfile(t, filepath.Join(dist, "SHA256SUMS"), sumsOf(tt.assets))
		} else {
			writeIndex(t, dist, fetch.Index{Format: 1, Name: "app", Version: "1.0", Assets: tt.assets})
		}
		path := filepath.Join(t.TempDir(), "test.ps1")
		mkfile(t, path, functions+"\n$text = @'\n"+string(files[4].Data)+"'@\n"+
			"try { $found = [scriptblock]::Create($text).Invoke('"+work+"', '', '"+tt.sha256+"', @{ From = '"+dist+"'; Tag = 'v1' }) } catch { $_.Exception.GetBaseException().Message; exit }\n"+
			"if (-not $found) { 'none here'; exit }\n"+
			"'{0}|{1}|' -f $found[0].Replace('"+work+"/', ''), $found[1].Replace('"+work+"/', '')\n")
		cmd := powershell(t)
		cmd.Env = append(cmd.Env, "PROCESSOR_ARCHITECTURE="+tt.machine)
		code, out := run(t, cmd, "-File", path)
		if code != 0 || !strings.Contains(out, tt.want) {
			t.Errorf("%s: exit code %d\n%s", name, code, out)
		}
		if strings.HasSuffix(tt.want, "|") {
			if got := string(mustRead(t, filepath.Join(work, "python-3.13.5", "Lib", "os.py"))); !strings.Contains(tt.want, "|"+got+"|") {
				t.Errorf("%s: what lies there is another", name)
			}
			if _, err := os.Lstat(filepath.Join(work, "x.txt")); err == nil {
				t.Errorf("%s: more than the interpreter is unpacked", name)
			}
		}
		if _, err := os.Lstat(filepath.Join(filepath.Dir(work), "evil")); err == nil {
			t.Errorf("%s: it climbed", name)
		}
	}
}

// sumsOf is SHA256SUMS of archives and their volumes.
func sumsOf(assets []fetch.Asset) string {
	var sums strings.Builder
	for _, a := range assets {
		fmt.Fprintf(&sums, "%s  %s\n", a.SHA256, a.Name)
		for _, v := range a.Volumes {
			fmt.Fprintf(&sums, "%s  %s\n", v.SHA256, v.Name)
		}
	}
	return sums.String()
}

// TestPowerShellNamed: install-nopython.ps1 reads SHA256SUMS by the rule of
// target/cases/sums.json.
func TestPowerShellNamed(t *testing.T) {
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	functions, ok := strings.CutSuffix(string(files[4].Data), "\nExpand-BinaryBuildoutPython @args\n")
	if !ok {
		t.Fatal("install-nopython.ps1 has another last line")
	}
	sum := strings.Repeat("0a", 32)
	cases := namedBySums(t)
	var sums, want strings.Builder
	for _, name := range cases.Files {
		sums.WriteString(sum + " " + name + "\n")
	}
	for _, a := range cases.Archives {
		if strings.Contains(a.Target, "-win") {
			fmt.Fprintf(&want, "%s|%s|%s|%s|%s|%d\n", a.Target, a.Label, a.Archive, sum, a.Python+".0", a.Volumes)
		}
	}
	path := filepath.Join(t.TempDir(), "test.ps1")
	mkfile(t, path, functions+"\nConvertFrom-BinaryBuildoutSum -Text @'\n"+sums.String()+"'@ | Sort-Object { $_.python } -Descending |\n"+
		"ForEach-Object { '{0}|{1}|{2}|{3}|{4}|{5}' -f $_.target, $_.label, $_.archive, $_.sha256, $_.python, $_.volumes.Count }\n")
	if code, out := run(t, powershell(t), "-File", path); code != 0 || out != want.String() {
		t.Errorf("exit code %d\n%s\nwant\n%s", code, out, want.String())
	}
}
