//go:build unix

package install

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestOneOpenFile: what was checked is what is installed. Between the check and
// the reading the archive's name leads to another one, or its owner, who is
// somebody else, writes another one into it.
func TestOneOpenFile(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	from := t.TempDir()
	good, other := packReal(t, from, "1.0"), packReal(t, t.TempDir(), "2.0")
	next := packReal(t, t.TempDir(), "1.5")
	for name, exchange := range map[string]func(path string) error{
		"renamed": func(path string) error {
			if err := os.WriteFile(path+".other", mustRead(t, other), 0o644); err != nil {
				return err
			}
			return os.Rename(path+".other", path)
		},
		"written": func(path string) error { return os.WriteFile(path, mustRead(t, other), 0o644) },
	} {
		for _, source := range []string{"file", "folder"} {
			t.Run(name+" "+source, func(t *testing.T) {
				if name == "written" && os.Geteuid() != 0 {
					t.Skip("needs root: another user's file")
				}
				parent := t.TempDir()
				dist, into := filepath.Join(parent, "dist"), filepath.Join(parent, "app")
				lay := func(file string) UpdateOptions {
					path := filepath.Join(dist, filepath.Base(file))
					mkfile(t, path, string(mustRead(t, file)))
					if name == "written" {
						if err := os.Chown(path, someone, someone); err != nil {
							t.Fatal(err)
						}
					}
					o := realOptions(t, path, into)
					o.SHA256 = digest.Of(mustRead(t, file))
					if source == "folder" {
						script{dist: dist}.index(t, path)
						o.Source = dist
					}
					o.Progress = func(e fetch.Event) {
						if e.Step != "check" {
							return
						}
						if err := exchange(path); err != nil {
							t.Fatal(err)
						}
					}
					return o
				}
				if _, err := Install(t.Context(), lay(good).Options); err != nil || numberIn(t, into) != "1.0" {
					t.Fatalf("%v; installed: %s", err, numberIn(t, into))
				}
				if _, err := Update(t.Context(), lay(next)); err != nil || numberIn(t, into) != "1.5" {
					t.Fatalf("%v; after the update: %s", err, numberIn(t, into))
				}
				onlyThese(t, parent, "app", "dist")
			})
		}
	}
}

// TestScriptOneOpenFile is the same for install.sh, whose zstd tool exchanges the archive.
func TestScriptOneOpenFile(t *testing.T) {
	none := func(string) {}
	other := packAs(t, t.TempDir(), "2.0", archive.FormatTarZst, none)
	zstd := testtool.Program(t, "zstd")
	for name, exchange := range map[string]string{"renamed": "cp %[1]s %[2]s.new; mv %[2]s.new %[2]s", "written": "cat %[1]s >%[2]s"} {
		t.Run(name, func(t *testing.T) {
			if name == "written" && os.Geteuid() != 0 {
				t.Skip("needs root: another user's file")
			}
			file := packAs(t, t.TempDir(), "1.0", archive.FormatTarZst, none)
			s := newScript(t, file)
			if name == "written" {
				if err := os.Chown(file, someone, someone); err != nil {
					t.Fatal(err)
				}
			}
			cmd := shell(t, []string{"dash"})
			bin := strings.TrimPrefix(cmd.Env[0], "PATH=")
			mkfile(t, filepath.Join(bin, "zstd"), fmt.Sprintf("#!/bin/sh\nPATH=/usr/bin:/bin\n"+exchange+"\nexec %[3]s \"$@\"\n", other, file, zstd))
			chmod(t, filepath.Join(bin, "zstd"), 0o755)
			into := filepath.Join(t.TempDir(), "app")
			code, out := run(t, cmd, s.path, "--into", into, "--from", s.dist, "--python", installtest.Python(t, "3.13"))
			if code != 0 || numberIn(t, into) != "1.0" {
				t.Fatalf("exit code %d, installed: %s\n%s", code, numberIn(t, into), out)
			}
			onlyThese(t, filepath.Dir(into), "app")
		})
	}
}
