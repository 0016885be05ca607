package buildout

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFindPythonOfVirtualenv: the interpreter of a virtualenv stands for the
// one that it was made from, unless it is the tree's own.
func TestFindPythonOfVirtualenv(t *testing.T) {
	base := python(t, "3.13")
	root := t.TempDir()
	venv := filepath.Join(root, "venv")
	if out, err := exec.Command(base, "-m", "venv", "--without-pip", venv).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	asked := filepath.Join(venv, "bin", "python")
	in, err := FindPython(context.Background(), asked, "")
	if err != nil || in.Virtualenv != venv || within(in.Executable, venv) || in.Prefix != in.BasePrefix {
		t.Errorf("%+v, %v", in, err)
	}
	in, err = FindPython(context.Background(), asked, root)
	if err != nil || in.Virtualenv != "" || in.Prefix != venv {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestFindPythonByItsOtherName: where PATH has no python3, as on Windows, it is python.
func TestFindPythonByItsOtherName(t *testing.T) {
	base := python(t, "3.13")
	bin := t.TempDir()
	if err := os.Symlink(base, filepath.Join(bin, "python")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	in, err := FindPython(context.Background(), "", "")
	if err != nil || in.Minor() != "3.13" {
		t.Errorf("%+v, %v", in, err)
	}
}
