package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// install.sh is filled in as a shell reads it, the same bytes each time, is
// uploaded and summed like the other documents, and is no stranger afterwards.
func TestInstaller(t *testing.T) {
	f, err := Installer("https://github.example/", "acme/site", `v1.0$(id)'"`)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Installer("https://github.example", "acme/site", `v1.0$(id)'"`)
	if err != nil || again.SHA256 != f.SHA256 || f.Name != "install.sh" {
		t.Errorf("again: %s and %s, %v", f.SHA256, again.SHA256, err)
	}
	// What the shell makes of the three lines.
	var lines []string
	for line := range strings.Lines(string(f.Data)) {
		if l := strings.TrimSpace(line); strings.HasPrefix(l, "server=") || strings.HasPrefix(l, "repo=") || strings.HasPrefix(l, "release=") {
			lines = append(lines, l)
		}
	}
	out, err := exec.Command("sh", "-c", strings.Join(lines, "\n")+"\nprintf '%s|%s|%s' \"$server\" \"$repo\" \"$release\"").Output()
	if want := `https://github.example|acme/site|v1.0$(id)'"`; err != nil || string(out) != want {
		t.Errorf("the shell reads %s, %v; want %s", out, err, want)
	}
	if _, err := Installer("https://github.example", "acme/site", "v1\nid"); err == nil {
		t.Error("a tag with a line break passes")
	}

	dir := dist(t, targets)
	if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := Gather(dir, wanted(targets))
	if err != nil {
		t.Fatalf("with what an earlier run wrote: %v", err)
	}
	set.Extra = []File{f}
	if sums := byName(files(t, set), SumsName).Data; !strings.Contains(string(sums), f.SHA256+"  install.sh\n") {
		t.Errorf("SHA256SUMS doesn't have it:\n%s", sums)
	}
}

// A script that arrives cut off runs nothing, wherever it was cut.
func TestInstallerCutOff(t *testing.T) {
	f, err := Installer("https://github.example", "acme/site", "v1")
	if err != nil {
		t.Fatal(err)
	}
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
		if strings.Contains(string(out), "index.json") {
			t.Errorf("cut at %d it ran:\n%s", at, out)
		}
	}
	cmd := exec.Command("sh", "-s", "--", "--into", t.TempDir(), "--from", t.TempDir())
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "index.json") {
		t.Errorf("whole it doesn't run: %v\n%s", err, out)
	}
}
