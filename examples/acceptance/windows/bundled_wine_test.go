//go:build linux && wine

package windows

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/pack"
)

// TestBundled: Windows' Python comes along, and nothing else of it has to be on
// the server: bootstrap.cmd starts it at any place, and again after a move;
// updates go by it, and so does install.ps1.
func TestBundled(t *testing.T) {
	if os.Getenv("BINARY_BUILDOUT_BUNDLED") == "" {
		t.Skip("packs and proves another archive under wine: BINARY_BUILDOUT_BUNDLED=1 runs it")
	}
	w := newWine(t)
	file := w.pack("--bundle-python")
	w.check(os.RemoveAll(w.drive("users/Jürgen")))
	w.check(os.RemoveAll(filepath.Join(w.work, "checkout")))
	w.index, w.at, w.bundled = "", third, true // where nothing looks for one

	tree := filepath.Join(w.work, "ü place", "app")
	w.check(os.Mkdir(filepath.Dir(tree), 0o755))
	w.program(0, "install", w.z(file), "--into", w.z(tree))
	w.runs(tree)
	w.loads(tree)
	w.clean(tree, pack.Origin{Root: stage, Interpreter: exe(build), Prefix: strings.TrimSuffix(exe(build), `\python.exe`)})
	for _, never := range []string{"lib/test", "lib/idlelib", "lib/tkinter", "lib/_testcapi.pyd", "lib/tcl86t.dll", "lib/ensurepip/_bundled", "libs", "include"} {
		if _, err := os.Stat(filepath.Join(tree, "python-3.13.5", never)); err == nil {
			t.Errorf("%s came along", never)
		}
	}

	old := tree
	tree = filepath.Join(w.work, "third ü")
	w.check(os.Rename(old, tree))
	if said := w.bootstrap(0, tree); !strings.Contains(said, `next: bin\buildout`) {
		t.Errorf("bootstrap.cmd: %s", said)
	}
	w.updates(tree, "")
	next := w.next(file)
	delta := w.delta(file, next)
	w.updated(tree, delta)
	w.aloneByPowerShell(file, next, delta)
	w.exchanged(file, "3")

	w.saysInOneLine(tree, "MACHINES=AMD64 ARM64", "MACHINES=ARM64", "error: this archive is for cp313-win_amd64, and this machine is AMD64")
	w.saysInOneLine(tree, "FLOOR=6.2", "FLOOR=99.0", "error: the Python of this archive needs Windows 99.0 or newer, and this is 10.0")
}

// saysInOneLine sees why a changed bootstrap.cmd starts nothing.
func (w *wine) saysInOneLine(tree, old, new, want string) {
	w.t.Helper()
	starter := filepath.Join(tree, "bootstrap.cmd")
	text, err := os.ReadFile(starter)
	w.check(err)
	w.check(os.WriteFile(starter, []byte(strings.Replace(string(text), old, new, 1)), 0o644))
	said := strings.Split(strings.TrimSpace(w.bootstrap(2, tree)), "\n")
	if n := len(said); n < 2 || strings.TrimSpace(said[n-2]) != want || !strings.HasPrefix(said[n-1], "hint: ") {
		w.t.Errorf("bootstrap.cmd with %s: %q", new, said)
	}
	w.check(os.WriteFile(starter, text, 0o644))
}

// loads has the tree's own Python load what is linked to other libraries.
func (w *wine) loads(tree string) {
	w.t.Helper()
	own := strings.TrimSuffix(strings.ToLower(w.interpreter(tree)), `\python.exe`)
	const code = "import bz2, ctypes, hashlib, lzma, sqlite3, ssl, sys, zlib; ssl.create_default_context(); print(sys.prefix, ssl._ssl.__file__)"
	if said := strings.ToLower(w.run(w.at, 0, w.z(tree)+`\bin\py.exe`, "-c", code)); !strings.Contains(said, own+" "+own+`\`) {
		w.t.Errorf("bin\\py: %s", said)
	}
}

// aloneByPowerShell has install.ps1 install a release, and update that by a delta,
// where there is no Python.
func (w *wine) aloneByPowerShell(file, next, delta string) {
	w.t.Helper()
	if os.Getenv(pwshVariable) == "" {
		w.t.Logf("install.ps1: not run: %s names no PowerShell for Windows", pwshVariable)
		return
	}
	server := w.release(file)
	tree := filepath.Join(w.work, "by ü", "app")
	w.check(os.Mkdir(filepath.Dir(tree), 0o755))
	said := w.pwsh(0, "& ([scriptblock]::Create((Invoke-RestMethod -Uri "+server+"/install.ps1))) -Into '"+w.z(tree)+`'; "after $LASTEXITCODE"`)
	for _, want := range []string{"no Python here can run this: fetching " + filepath.Base(file), "app 1.0 is in " + w.z(tree) + ", with its own Python 3.13.5", "after 0"} {
		if !strings.Contains(said, want) {
			w.t.Errorf("install.ps1 without a Python: no %q in\n%s", want, said)
		}
	}
	w.demo(tree, w.interpreter(tree))

	w.offer(next, delta)
	w.check(os.WriteFile(filepath.Join(w.work, "install.ps1"), w.get(server+"/install.ps1"), 0o644))
	said = w.pwsh(0, ownDirectory+`& 'Z:\w\install.ps1' -Update -Into '`+w.z(tree)+"' -From "+server+"/next; exit $LASTEXITCODE")
	for _, want := range []string{"by " + filepath.Base(delta), "app 2.0 is in " + w.z(tree) + ", where app 1.0 was"} {
		if !strings.Contains(said, want) {
			w.t.Errorf("install.ps1 -Update: no %q in\n%s", want, said)
		}
	}
	w.t.Logf("install.ps1 -Update:\n%s", said)
	// To wine, administrators are the directory's group.
	if info, err := os.Stat(filepath.Join(w.work, "own")); err != nil || info.Mode().Perm()&0o027 != 0 {
		w.t.Errorf("the directory of install.ps1: %v, %v", info, err)
	}
	w.demo(tree, w.z(tree)+`\python-3.13.0\python.exe`)
}

// ownDirectory makes one by install.ps1's function.
const ownDirectory = `$text = [IO.File]::ReadAllText('Z:\w\install.ps1')
$from = $text.IndexOf("` + "`n)`n" + `") + 3
. ([scriptblock]::Create($text.Substring($from, $text.IndexOf("` + "`n`$given" + `") - $from)))
Initialize-BinaryBuildoutDirectory -Path 'Z:\w\own'
(Get-Acl -LiteralPath 'Z:\w\own').Sddl
`

// offer puts the next version beside a release, with the delta that leads there.
func (w *wine) offer(next, delta string) {
	w.t.Helper()
	dist := filepath.Join(w.work, "next")
	w.check(os.CopyFS(dist, os.DirFS(filepath.Join(w.work, "release"))))
	index, err := archive.Document[fetch.Index](dist, fetch.IndexName)
	w.check(err)
	opened, err := os.Open(delta)
	w.check(err)
	defer opened.Close()
	read, err := archive.ReadDelta(opened)
	w.check(err)
	sized := func(path string) (string, int64, string) {
		data, err := os.ReadFile(path)
		w.check(err)
		w.check(os.WriteFile(filepath.Join(dist, filepath.Base(path)), data, 0o644))
		return filepath.Base(path), int64(len(data)), sum(data)
	}
	index.Version = "2.0"
	asset, by := &index.Assets[0], fetch.DeltaAsset{Base: read.Delta.Base}
	asset.Name, asset.Size, asset.SHA256 = sized(next)
	by.Name, by.Size, by.SHA256 = sized(delta)
	asset.Deltas = []fetch.DeltaAsset{by}
	data, err := json.Marshal(index)
	w.check(err)
	w.check(os.WriteFile(filepath.Join(dist, fetch.IndexName), data, 0o644))
}
