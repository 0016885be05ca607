package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/bundle"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/pack"
)

// TestIncludesImported: Tk comes along, with a warning, where a module of the
// application imports it, and not for one that an index served.
func TestIncludesImported(t *testing.T) {
	for _, tt := range []struct {
		path, text string
		want       bool
	}{
		{"src/app/gui.py", "import os\ntry:\n    import tkinter as tk\nexcept ImportError:\n    pass\n", true},
		{"src/app/gui.py", "from Tkinter import Tk\n", true},
		{"src/app/gui.py", "# import tkinter\nimport tkinterx\n", false},
		{"eggs/v5/pillow-12.0.0-py3.13.egg/PIL/ImageTk.py", "import tkinter\n", false},
		{"tools/python/lib/python2.7/idlelib/EditorWindow.py", "from Tkinter import *\n", false},
		{"lib/python3.13/site-packages/PIL/ImageTk.py", "import tkinter\n", false},
	} {
		file := filepath.Join(t.TempDir(), "x.py")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var said []string
		l := &Listed{
			Gated: &Gated{&Built{Request: Request{Warn: func(text string) { said = append(said, text) }}, Tree: &buildout.Tree{}}},
			List:  &pack.List{Files: []pack.File{{Path: tt.path, Source: file}}},
		}
		included := l.includesImported()
		for _, p := range []string{"python-3.13.9/lib/python3.13/tkinter", "python-3.13.9/lib/python3.13/lib-dynload/_tkinter.cpython-313-x86_64-linux-gnu.so"} {
			if included(p) != tt.want {
				t.Errorf("%s: %q: %s is included: %v", tt.path, tt.text, p, !tt.want)
			}
		}
		if included("python-3.13.9/lib/python3.13/test") || (len(said) == 1 && strings.HasPrefix(said[0], tt.path+" imports tkinter")) != tt.want {
			t.Errorf("%s: %q", tt.path, said)
		}
	}
}

// TestIncludesDBM: Berkeley DB comes along for an application that opens such files.
func TestIncludesDBM(t *testing.T) {
	for text, want := range map[string]bool{"import shelve\n": true, "from dbm import ndbm\n": true, "import dbmx\n": false} {
		file := filepath.Join(t.TempDir(), "x.py")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l := &Listed{List: &pack.List{Files: []pack.File{{Path: "src/app/x.py", Source: file}}}}
		included := l.includesImported()
		if p := "python-3.11.2/lib/python3.11/lib-dynload/_dbm.cpython-311-x86_64-linux-gnu.so"; included(p) != want || included("python-3.11.2/lib/python3.11/tkinter") {
			t.Errorf("%q: %s is included: %v", text, p, !want)
		}
	}
}

// TestStarter: the starter and the manifest name the copy, and the highest floor.
func TestStarter(t *testing.T) {
	l := &Listed{
		Gated: &Gated{&Built{
			Made: matrix.Target{ABI: "cp313", Platform: "manylinux_2_28_x86_64"},
			Tree: &buildout.Tree{Python: archive.Python{Version: "3.13.9", ABI: "cp313", Libc: "glibc"}},
		}},
		Bundled: &bundle.Bundle{Directory: "python-3.13.9", Executable: "python-3.13.9/bin/python3.13", Loader: "/lib64/ld-linux-x86-64.so.2"},
	}
	s := l.starter([]archive.Floor{{Kind: "glibc", Version: "2.9"}, {Kind: "glibc", Version: "2.28"}})
	text, err := s.Bytes()
	if err != nil || s.Floor != "2.28" || s.Name() != "bootstrap" || !strings.Contains(string(text), "\nPYTHON=python-3.13.9/bin/python3.13\n") {
		t.Errorf("%+v, %v", s, err)
	}
	if m := l.bundledPython(); m.Version != "3.13.9" || m.Directory != "python-3.13.9" || m.Executable != "python-3.13.9/bin/python3.13" {
		t.Errorf("%+v", m)
	}
	for version, floor := range map[string]string{"3.8.10": "", "3.9.13": "6.2", "3.13.9": "6.2"} { // no Windows 7 from 3.9 on
		l.Made.Platform, l.Tree.Python.Version = "win_amd64", version
		if s := l.starter(nil); s.Name() != "bootstrap.cmd" || s.Floor != floor {
			t.Errorf("%s: %+v", version, s)
		}
	}
	for platform, machines := range map[string]string{ // what each system calls the processor of such a target
		"win_amd64": "@set MACHINES=AMD64 ARM64\r\n", "win_arm64": "@set MACHINES=ARM64\r\n", "win32": "@set MACHINES=x86 AMD64 ARM64\r\n",
		"macosx_11_0_arm64": "\nMACHINES=\"arm64\"\n", "manylinux_2_28_aarch64": "\nMACHINES=\"aarch64\"\n",
	} {
		l.Made.Platform = platform
		if text, err := l.starter(nil).Bytes(); err != nil || !strings.Contains(string(text), machines) {
			t.Errorf("%s: no %q, %v", platform, machines, err)
		}
	}
	l.Bundled = nil
	if l.bundledPython() != nil || l.ofInterpreter("python-3.13.9/x") {
		t.Error("there is an interpreter")
	}
}
