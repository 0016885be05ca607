package launchertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

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
