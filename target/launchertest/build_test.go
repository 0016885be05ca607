package launchertest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestBuildForksPip: in a build pip installs a wheel in a fork, and what fails
// there is tried again, and reported, by a pip of its own.
func TestBuildForksPip(t *testing.T) {
	if runtime.GOOS != "linux" {
		return
	}
	started := filepath.Join(t.TempDir(), "started")
	site := t.TempDir()
	packtest.WriteFile(t, filepath.Join(site, "sitecustomize.py"), `
import os, sys
with open(os.environ["STARTED"], "a") as f:
    f.write(" ".join(getattr(sys, "orig_argv", sys.argv)) + "\n")
`)
	t.Setenv("PYTHONPATH", site)
	t.Setenv("STARTED", started)
	lines := packtest.Lines()[:2]
	if testing.Short() {
		lines = lines[:1]
	}
	for _, l := range lines {
		t.Run(l.String(), func(t *testing.T) {
			os.Remove(started)
			s := packtest.BuildSite(t, l, func(t testing.TB, stage string) { withWheel(t, stage, byHand()) })
			for _, name := range []string{"byhand.py", "*.dist-info/METADATA", "*.dist-info/RECORD"} {
				found, _ := filepath.Glob(filepath.Join(s.Archive, "eggs/v5/byhand-1.0-*.egg", name))
				if len(found) != 1 {
					t.Errorf("the egg has no %s", name)
				}
			}
			log := packtest.ReadFile(t, started)
			if !strings.Contains(log, "-m pip install") || strings.Contains(log, ".whl") {
				t.Errorf("develop packages go by a pip of their own, and no wheel does:\n%s", log)
			}
		})
	}
}

// TestBuildFailingWheel: pip's own words are in the log.
func TestBuildFailingWheel(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	files := byHand()
	files["byhand-1.0.dist-info/WHEEL"] = "Wheel-Version: 9.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
	said := packtest.FailBuild(t, packtest.Lines()[0], func(t testing.TB, stage string) { withWheel(t, stage, files) })
	if !strings.Contains(said, "Wheel-Version (9.0)") {
		t.Errorf("the build says:\n%s", said)
	}
}

// byHand are the files of a small wheel.
func byHand() map[string]string {
	const dir = "byhand-1.0.dist-info/"
	files := map[string]string{
		"byhand.py":              "def main():\n    print('by hand')\n",
		dir + "METADATA":         "Metadata-Version: 2.1\nName: byhand\nVersion: 1.0\n",
		dir + "WHEEL":            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n",
		dir + "top_level.txt":    "byhand\n",
		dir + "entry_points.txt": "[console_scripts]\nbyhand = byhand:main\n",
		dir + "RECORD":           "",
	}
	for name := range files {
		files[dir+"RECORD"] += name + ",,\n"
	}
	return files
}

// withWheel puts a wheel into the checkout, and asks for it.
func withWheel(t testing.TB, stage string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(stage, "wheels"), 0o755); err != nil {
		t.Fatal(err)
	}
	zipFile(t, filepath.Join(stage, "wheels/byhand-1.0-py2.py3-none-any.whl"), files)
	cfg := filepath.Join(stage, "buildout.cfg")
	text := strings.Replace(packtest.ReadFile(t, cfg), "find-links =", "find-links = wheels\nindex = ${buildout:directory}/wheels", 1)
	packtest.WriteFile(t, cfg, strings.Replace(text, "    pure\n", "    pure\n    byhand\n", 1))
}
