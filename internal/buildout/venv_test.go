package buildout

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault/faulttest"
)

// Plone's layout: a virtualenv beside buildout.cfg. The checkout's own is not
// copied; its site-packages counts as one develop distribution in signatures.
func TestVirtualenv(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	py := python(t, "3.13")
	dir := hello(t, "")
	if out, err := exec.Command(py, "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "requirements.txt"), []byte("zc.buildout==6.0.1\nsetuptools==80.9.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tree, err := Run(context.Background(), Options{Dir: dir, Stage: filepath.Join(t.TempDir(), "stage"), Python: py, Launcher: launcher(t), OS: "linux"})
	if err != nil {
		fail(t, err)
	}
	t.Cleanup(func() { tree.Close() })
	if tree.Launch.Virtualenv != "." || tree.Buildout != "6.0.1" {
		t.Errorf("%+v, zc.buildout %s", tree.Launch, tree.Buildout)
	}
	if out, err := exec.Command(filepath.Join(tree.Root, "bin", "more")).CombinedOutput(); err != nil || string(out) != "hello from C\n" {
		t.Errorf("bin/more: %v: %s", err, out)
	}
	if err := Gate(context.Background(), tree, nil, byConvention); err != nil {
		fail(t, err)
	}
	paths := ""
	for _, s := range tree.Signatures {
		paths += s.Name + "=" + s.Path + " "
	}
	if !strings.Contains(paths, "=lib/python3.13/site-packages") {
		t.Errorf("signatures: %s; .installed.cfg: %+v", paths, tree.Installed[0].Signature)
	}
}

// A virtualenv that has no zc.buildout is told from one whose zc.buildout can't be imported.
func TestVirtualenvWithoutBuildout(t *testing.T) {
	py := python(t, "3.13")
	root := write(t, map[string]string{"buildout.cfg": "[buildout]\nparts =\n", "var/keep": ""})
	if out, err := exec.Command(py, "-m", "venv", "--without-pip", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m := toolsFor(t, root, py)
	m.venv = venvPython(root, "linux")
	_, _, _, err := prepareVenv(t.Context(), m, launcher(t))
	faulttest.Want(t, err, 2, "put zc.buildout into requirements.txt")
	broken := filepath.Join(root, "lib", "python3.13", "site-packages", "zc", "buildout")
	if err := os.MkdirAll(broken, 0o755); err != nil {
		t.Fatal(err)
	}
	_, _, _, err = prepareVenv(t.Context(), m, launcher(t))
	if err == nil || !strings.Contains(err.Error(), "No module named 'zc.buildout.buildout'") {
		t.Errorf("one that lacks a module: %v", err)
	}
}
