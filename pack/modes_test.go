package pack

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
)

// modeTree has a part's files, a checkout's, and an egg's, all with the modes
// that umasks give.
var modeTree = tree{
	".installed.cfg": "[buildout]\nparts = web deployment\n\n[web]\n__buildout_installed__ = ROOT/etc/web.conf\n\tROOT/bin/web\n\n" +
		"[deployment]\n__buildout_installed__ = ROOT/var/run\n\tROOT/parts/deployment\n",
	"buildout.cfg": "[buildout]\n", "setup.py": "#\n", "src/app.py": "#\n", "secret.cfg": "#\n", "run.sh*": "#!/bin/sh\n",
	"etc/web.conf": "x\n", "bin/web*": "#!/bin/sh\n", "var/run/": "", "parts/deployment/lib/x.so": "x\n", "parts/deployment/tool*": "x\n",
	"eggs/six-1.16.0-py3.12.egg/six.py": "#\n",
}

// scannedModes are the modes in the archive of modeTree, some of which were changed.
func scannedModes(t *testing.T, build, checkout int, changed map[string]fs.FileMode) (*List, map[string]fs.FileMode) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "stage")
	mine, theirs := tree{}, tree{}
	for p, text := range modeTree {
		switch strings.TrimSuffix(p, "*") {
		case "buildout.cfg", "setup.py", "src/app.py", "secret.cfg", "run.sh":
			theirs[p] = text
		default:
			mine[p] = text
		}
	}
	withUmask(t, build, func() { mine.write(t, root) })
	withUmask(t, checkout, func() { theirs.write(t, root) })
	for p, mode := range changed {
		check(t, os.Chmod(filepath.Join(root, p), mode))
	}
	a, err := Scan(root, Rules{})
	check(t, err)
	got := map[string]fs.FileMode{}
	for _, f := range a.Files {
		got[f.Path] = f.Mode
	}
	return a, got
}

// TestModes: what was chosen is kept, and what a umask gave is not.
func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	same := func(ms ...fs.FileMode) map[fs.FileMode]fs.FileMode {
		m := map[fs.FileMode]fs.FileMode{}
		for _, mode := range ms {
			m[mode] = mode
		}
		return m
	}
	for path, modes := range map[string]map[fs.FileMode]fs.FileMode{
		"etc/web.conf":                      same(0o640, 0o600, 0o400, 0o440, 0o444, 0o644, 0o660, 0o664, 0o755, 0o711, 0o666),
		"parts/deployment/lib/x.so":         same(0o555, 0o444, 0o640, 0o750),
		"parts/deployment/tool":             same(0o711, 0o750, 0o755, 0o700, 0o550, 0o775),
		"var/run":                           {0o750: 0o750, 0o711: 0o711, 0o770: 0o770, 0o700: 0o700, 0o755: 0o755, 0o555: 0o755, 0o550: 0o750},
		"secret.cfg":                        {0o640: 0o640, 0o600: 0o600, 0o400: 0o600, 0o444: 0o444, 0o664: 0o644, 0o660: 0o640, 0o644: 0o644},
		"src":                               {0o750: 0o750, 0o775: 0o755, 0o700: 0o700},
		"eggs/six-1.16.0-py3.12.egg/six.py": {0o664: 0o644, 0o444: 0o644, 0o640: 0o644, 0o600: 0o600, 0o755: 0o755},
	} {
		for mode, want := range modes {
			for _, checkout := range []int{0o022, 0o002} {
				if _, got := scannedModes(t, 0o022, checkout, map[string]fs.FileMode{path: mode}); got[path] != want && (checkout != 0o002 || mode != 0o664 && mode != 0o775) {
					t.Errorf("%s, %04o, checked out with umask %03o: %04o, want %04o", path, mode, checkout, got[path], want)
				}
			}
		}
	}
}

// TestModesOfUmasks: whoever makes the checkout and the build, the archive's bytes are these.
func TestModesOfUmasks(t *testing.T) {
	const golden = "39bb0eb720e890a3efc4d2713bb6a284761a064be0971de0f41a65c621058cb9"
	for _, m := range []struct{ build, checkout int }{{0o022, 0o022}, {0o022, 0o002}, {0o022, 0o027}, {0o002, 0o002}, {0o002, 0o022}, {0o027, 0o027}, {0o077, 0o077}} {
		a, _ := scannedModes(t, m.build, m.checkout, nil)
		a.Files = append([]File{}, a.Files...)
		for i := range a.Files {
			if a.Files[i].Data != nil {
				a.Files[i].Data, a.Files[i].Size = []byte("of this version\n"), 16
			}
			if a.Files[i].Path == installedName {
				a.Files[i].Data, a.Files[i].Source, a.Files[i].Size = []byte("without the root\n"), "", 17
			}
		}
		c, err := a.Seal(archive.Manifest{Generator: "test", Name: "demo", Version: "1.0", Target: "cp311-linux_x86_64"})
		check(t, err)
		var b bytes.Buffer
		digest, err := archive.Write(context.Background(), &b, c, archive.FormatTarGz, time.Unix(archive.DefaultEpoch, 0), nil)
		check(t, err)
		if digest.SHA256 != golden {
			t.Errorf("built with umask %03o, checked out with %03o: %s", m.build, m.checkout, digest.SHA256)
		}
	}
}
