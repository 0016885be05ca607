package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// installers are install.sh and install.ps1.
func installers(t *testing.T, server, repo, tag string) (sh, ps1 File) {
	t.Helper()
	files, err := Installers(server, repo, tag)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 5 || files[0].Name != "install.sh" || files[1].Name != "install.ps1" {
		t.Fatalf("%d files", len(files))
	}
	return files[0], files[1]
}

// The scripts are filled in as their shells read it, the same bytes each time,
// are uploaded and summed like the other documents, and no strangers afterwards.
func TestInstallers(t *testing.T) {
	tag := `v1.0$(id)'"’ü`
	sh, ps1 := installers(t, "https://github.example/", "acme/site", tag)
	again, ps1Again := installers(t, "https://github.example", "acme/site", tag)
	if again.SHA256 != sh.SHA256 || ps1Again.SHA256 != ps1.SHA256 {
		t.Error("the second time they have other bytes")
	}
	// What the shell makes of the three lines.
	var lines []string
	for line := range strings.Lines(string(sh.Data)) {
		if l := strings.TrimSpace(line); strings.HasPrefix(l, "server='") || strings.HasPrefix(l, "repo='") || strings.HasPrefix(l, "release='") {
			lines = append(lines, l)
		}
	}
	out, err := exec.Command("sh", "-c", strings.Join(lines, "\n")+"\nprintf '%s|%s|%s' \"$server\" \"$repo\" \"$release\"").Output()
	if want := "https://github.example|acme/site|" + tag; err != nil || string(out) != want {
		t.Errorf("the shell reads %s, %v; want %s", out, err, want)
	}
	// What PowerShell makes of them: nothing in single quotes means anything to
	// it but quotes, of which it knows five.
	for _, want := range []string{
		"$server = [uri]::UnescapeDataString('https://github.example')\n", "$repo = [uri]::UnescapeDataString('acme/site')\n",
		"$release = [uri]::UnescapeDataString('v1.0$%28id%29%27%22%E2%80%99%C3%BC')\n",
	} {
		if !strings.Contains(string(ps1.Data), want) {
			t.Errorf("install.ps1 has no %s", want)
		}
	}
	if _, err := Installers("https://github.example", "acme/site", "v1\nid"); err == nil {
		t.Error("a tag with a line break passes")
	}

	dir := dist(t, targets)
	for _, f := range []File{sh, ps1} {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Gather(dir, wanted(targets), MaxAssetSize)
	if err != nil {
		t.Fatalf("with what an earlier run wrote: %v", err)
	}
	set.Extra = []File{sh, ps1}
	sums := string(byName(files(t, set), SumsName).Data)
	if !strings.Contains(sums, sh.SHA256+"  install.sh\n") || !strings.Contains(sums, ps1.SHA256+"  install.ps1\n") {
		t.Errorf("SHA256SUMS doesn't have them:\n%s", sums)
	}
}

// Both scripts are short enough to be read, and have the digest of what they run.
// install.ps1 and install.py are ASCII, whatever the tag: Windows PowerShell reads a
// file as the code page says.
func TestInstallersAreRead(t *testing.T) {
	files, err := Installers("https://github.example", "acme/site", "vü")
	if err != nil {
		t.Fatal(err)
	}
	sh, ps1, program, noPython, windows := files[0], files[1], files[2], files[3], files[4]
	for _, f := range []File{sh, ps1, noPython, windows} {
		if n := strings.Count(string(f.Data), "\n"); n >= 300 {
			t.Errorf("%s has %d lines", f.Name, n)
		}
		if strings.Contains(string(f.Data), "@SYSTEM@") || strings.Contains(string(f.Data), ".PY@") {
			t.Errorf("%s isn't filled in", f.Name)
		}
	}
	for _, has := range []struct {
		script File
		text   string
	}{
		{sh, "installer='" + program.SHA256 + "'\n"}, {sh, "nopython='" + noPython.SHA256 + "'\n"},
		{ps1, "'install.py' = '" + program.SHA256 + "'"}, {ps1, "'install-nopython.ps1' = '" + windows.SHA256 + "'"},
	} {
		if !strings.Contains(string(has.script.Data), has.text) {
			t.Errorf("%s has no %s", has.script.Name, has.text)
		}
	}
	notASCII := regexp.MustCompile(`[^\x00-\x7f]`)
	for _, f := range []File{ps1, program, windows} {
		if at := notASCII.FindStringIndex(string(f.Data)); at != nil {
			t.Errorf("%s isn't ASCII at %d", f.Name, at[0])
		}
	}
	// What fetches for Python is an argument of a command line of Windows.
	_, rest, _ := strings.Cut(string(ps1.Data), "function Get-BinaryBuildoutFile {")
	fetch, _, ok := strings.Cut(rest, "\n}\n")
	if !ok || strings.Contains(fetch, `"`) || len(fetch) > 8000 || len(fetch) < 500 {
		t.Errorf("Get-BinaryBuildoutFile is not fit for a command line: %q", fetch)
	}
}

// A script that arrives cut off runs nothing, wherever it was cut. (Of
// install.ps1 .ci/powershell.py shows it.)
func TestInstallerCutOff(t *testing.T) {
	f, _ := installers(t, "https://github.example", "acme/site", "v1")
	script := string(f.Data)
	last := strings.LastIndex(script, "binary_buildout_install \"$@\"\n")
	if last < 0 || last+len("binary_buildout_install \"$@\"\n") != len(script) {
		t.Fatal("the last line isn't the call")
	}
	for _, at := range []int{100, 1500, len(script) / 2, last - 200, last, last + 10, last + 26} {
		parent := t.TempDir()
		cmd := exec.Command("sh", "-s", "--", "--into", filepath.Join(parent, "app"), "--from", parent)
		cmd.Stdin = strings.NewReader(script[:at])
		out, _ := cmd.CombinedOutput()
		if strings.Contains(string(out), "install.py") {
			t.Errorf("cut at %d it ran:\n%s", at, out)
		}
	}
	cmd := exec.Command("sh", "-s", "--", "--into", t.TempDir(), "--from", t.TempDir())
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "install.py") {
		t.Errorf("whole it doesn't run: %v\n%s", err, out)
	}
}
