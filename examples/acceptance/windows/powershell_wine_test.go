//go:build linux && wine

package windows

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
)

// byPowerShell removes a tree that binary-buildout.exe installed, and has
// install.ps1 install it again at the same place, from a release on this
// machine: as a block that PowerShell fetches, and once more as a file. The two
// trees are equal but for install.json, which says where each comes from.
func (w *wine) byPowerShell(tree, file string) {
	w.t.Helper()
	if os.Getenv(pwshVariable) == "" {
		w.t.Logf("install.ps1: not run: %s names no PowerShell for Windows", pwshVariable)
		return
	}
	server := w.release(file)
	want := w.everything(tree)
	w.check(os.RemoveAll(tree))

	python := " -Python '" + exe(w.at) + "'"
	options := " -Into '" + w.z(tree) + "'" + python
	said := w.pwsh(0, "& ([scriptblock]::Create((Invoke-RestMethod -Uri "+server+"/install.ps1)))"+options+`; "after $LASTEXITCODE"`)
	if !strings.Contains(said, "app 1.0 is in "+w.z(tree)) || !strings.Contains(said, "after 0") {
		w.t.Errorf("install.ps1 as a block:\n%s", said)
	}
	got := w.everything(tree)
	for path, data := range want {
		if got[path] != data {
			w.t.Errorf("%s: install.ps1 leaves %.200q, binary-buildout.exe %.200q", path, got[path], data)
		}
		delete(got, path)
	}
	for path := range got {
		w.t.Errorf("install.ps1 leaves %s, and binary-buildout.exe doesn't", path)
	}
	w.runs(tree)

	w.check(os.WriteFile(filepath.Join(w.work, "install.ps1"), w.get(server+"/install.ps1"), 0o644))
	if said := w.pwsh(0, `& 'Z:\w\install.ps1'`+options+"; exit $LASTEXITCODE"); !strings.Contains(said, "nothing changes") {
		w.t.Errorf("install.ps1 again, as a file:\n%s", said)
	}
	said = w.pwsh(1, `& 'Z:\w\install.ps1' -Sha256 `+strings.Repeat("ab", 32)+` -Into 'Z:\w\other'`+python+"; exit $LASTEXITCODE")
	if !strings.Contains(said, "-Sha256 says abab") {
		w.t.Errorf("install.ps1 with another digest:\n%s", said)
	}
}

// pwshVariable names the directory of a PowerShell for Windows (pwsh.exe, and
// dotnet beside it); .ci/wine.sh sets it.
const pwshVariable = "BINARY_BUILDOUT_PWSH_WINDOWS"

// pwsh runs a command of PowerShell with the network, and gives what it says.
// PowerShell 7.6.9 under wine 10 needs a terminal: without one it ends with 0
// and has run nothing (measured 2026-11-30).
func (w *wine) pwsh(code int, command string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	w.check(os.WriteFile(filepath.Join(w.work, "told.ps1"), append([]byte("\xef\xbb\xbf"), command...), 0o644))
	args := append(w.box(w.at), "--ro-bind", os.Getenv(pwshVariable), "/w/pwsh", "--setenv", "DOTNET_ROOT", `Z:\w\pwsh\dotnet`,
		"--setenv", "TERM", "dumb", "--setenv", "POWERSHELL_TELEMETRY_OPTOUT", "1", "--setenv", "POWERSHELL_UPDATECHECK", "Off",
		"--", "script", "-qec", `wine 'Z:\w\pwsh\pwsh.exe' -NoProfile -NonInteractive -File 'Z:\w\told.ps1'`, "/dev/null")
	cmd := exec.CommandContext(ctx, "bwrap", args...)
	out, err := cmd.CombinedOutput()
	// What a terminal is told: its title, the cursor.
	escapes := regexp.MustCompile("\x1b(\\][^\x07]*\x07|\\[[0-9;?]*[A-Za-z])")
	said := escapes.ReplaceAllString(decode(out), "")
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("PowerShell: %s: exit %d, want %d (%v)\n%s", command, got, code, err, said)
	}
	return said
}

// release prepares a release of an archive, and serves it as GitHub would.
func (w *wine) release(file string) string {
	w.t.Helper()
	dist := filepath.Join(w.work, "release")
	w.check(os.Mkdir(dist, 0o755))
	for _, path := range []string{file, strings.TrimSuffix(file, ".zip") + ".json"} {
		w.check(os.Link(path, filepath.Join(dist, filepath.Base(path))))
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	files := http.FileServer(http.Dir(dist))
	mux.Handle("/acme/site/releases/download/v1.0/", http.StripPrefix("/acme/site/releases/download/v1.0/", files))
	mux.Handle("/next/", http.FileServer(http.Dir(w.work))) // see offer
	mux.Handle("/", files)

	program := filepath.Join(w.work, "binary-buildout")
	if out, err := exec.Command("go", "build", "-o", program, "../../..").CombinedOutput(); err != nil {
		w.t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(program, "release", "--prepare", "--dir", dist, "--repo", "acme/site", "--tag", "v1.0")
	cmd.Env = append(os.Environ(), "GITHUB_SERVER_URL="+server.URL)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("release --prepare: %v\n%s", err, out)
	}
	return server.URL
}

// everything is what a tree holds, but install.json.
func (w *wine) everything(tree string) map[string]string {
	w.t.Helper()
	found := map[string]string{}
	w.check(filepath.WalkDir(tree, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(tree, full)
		if err != nil || filepath.ToSlash(path) == archive.Dir+"/install.json" {
			return err
		}
		if d.IsDir() {
			found[path] = "a directory"
			return nil
		}
		data, err := os.ReadFile(full)
		found[path] = string(data)
		return err
	}))
	return found
}

// get fetches what the release has.
func (w *wine) get(url string) []byte {
	w.t.Helper()
	response, err := http.Get(url)
	w.check(err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	w.check(err)
	return data
}
