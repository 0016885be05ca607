//go:build unix

package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
)

// member is an entry of a tar file.
type member struct {
	head tar.Header
	text []byte
}

// TestScriptHeld: what install.sh has unpacked is what files.json lists, or it is
// refused before anything of it runs: the digest of the archive says only who packed it.
func TestScriptHeld(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	python := installtest.Python(t, "3.13")
	original := packReal(t, t.TempDir(), "1.0")
	path := newScriptOf(t)
	file := func(name, text string) member {
		return member{tar.Header{Name: "app-1.0/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}, []byte(text)}
	}
	at := func(all []member, name string) int {
		return slices.IndexFunc(all, func(m member) bool { return m.head.Name == "app-1.0/"+name })
	}
	for name, test := range map[string]struct {
		change func(all []member) []member
		want   string
	}{
		"nothing": {func(all []member) []member { return all }, ""},
		"more":    {func(all []member) []member { return append(all, file("etc/more", "x")) }, "etc/more has no place in an archive"},
		"reserved": {func(all []member) []member { return append(all, file(archive.StateName, "{}")) },
			archive.StateName + " has no place in an archive"},
		"less": {func(all []member) []member { i := at(all, "etc/number"); return slices.Delete(all, i, i+1) }, "etc/number is missing"},
		"altered": {func(all []member) []member { all[at(all, "etc/number")].text[0] ^= 1; return all },
			"etc/number is not what its files.json says"},
		"mode": {func(all []member) []member { all[at(all, "etc/number")].head.Mode = 0o666; return all },
			"etc/number is not what its files.json says"},
		"another list": {func(all []member) []member {
			m := &all[at(all, archive.FilesName)]
			m.text = append(m.text, '\n')
			m.head.Size++
			return all
		}, "its files.json is not that of its manifest"},
		"full": {func(all []member) []member {
			m := &all[at(all, archive.FilesName)]
			m.text = bytes.Replace(m.text, []byte(`"size":`), []byte(`"size":8000000000000000000,"size_":`), 1)
			m.head.Size = int64(len(m.text))
			return all
		}, "MB are needed"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dist := filepath.Join(parent, "dist")
			data := rewritten(t, mustRead(t, original), test.change)
			mkfile(t, filepath.Join(dist, filepath.Base(original)), string(data))
			p, err := interpreter.Probe(t.Context(), python, nil)
			if err != nil {
				t.Fatal(err)
			}
			writeIndex(t, dist, fetch.Index{Format: 1, Name: "app", Version: "1.0", Assets: []fetch.Asset{{
				Target: p.ABI + "-linux_" + p.Machine, Name: filepath.Base(original), Size: int64(len(data)), SHA256: digest.Of(data)}}})
			code, out := run(t, shell(t, []string{"dash"}), path, "--into", filepath.Join(parent, "app"), "--from", dist, "--python", python)
			if test.want == "" {
				if code != 0 {
					t.Errorf("exit code %d\n%s", code, out)
				}
				return
			}
			if code == 0 || !strings.Contains(out, test.want) || strings.Contains(out, "running bootstrap.py") {
				t.Errorf("exit code %d, want %q\n%s", code, test.want, out)
			}
			onlyThese(t, parent, "dist")
		})
	}
}

// rewritten is a tar.gz file with other entries.
func rewritten(t *testing.T, data []byte, change func([]member) []member) []byte {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var all []member
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, member{*h, text})
	}
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, m := range change(all) {
		err := tw.WriteHeader(&m.head)
		if err == nil {
			_, err = tw.Write(m.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
