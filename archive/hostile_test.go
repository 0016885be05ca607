package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// handmade is an archive that is written by hand, so that it can be wrong.
type handmade struct {
	manifest string            // replaces the manifest
	list     []Entry           // replaces what files.json lists
	headers  []tar.Header      // entries after the documents
	content  map[string]string // by name
	tail     string            // after the tar stream
	after    string            // after the gzip stream
	cut      int               // bytes cut off at the end
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func regular(name, text string) (tar.Header, Entry) {
	return tar.Header{Name: "demo-1.0/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))},
		Entry{Path: name, Mode: 0o644, Size: int64(len(text)), SHA256: hexSum(text)}
}

func (h handmade) bytes(t *testing.T) []byte {
	t.Helper()
	files, err := json.Marshal(Files{Format: 1, Files: h.list})
	check(t, err)
	m := testManifest()
	m.Format, m.FilesSHA256 = 1, hexSum(string(files))
	manifest, err := json.Marshal(m)
	check(t, err)
	if h.manifest != "" {
		manifest = []byte(h.manifest)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, d := range []string{"demo-1.0/", "demo-1.0/.binary-buildout/"} {
		check(t, w.WriteHeader(&tar.Header{Name: d, Typeflag: tar.TypeDir, Mode: 0o755}))
	}
	put := func(name string, data []byte) {
		check(t, w.WriteHeader(&tar.Header{Name: "demo-1.0/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(data))}))
		_, err := w.Write(data)
		check(t, err)
	}
	put(ManifestName, manifest)
	put(FilesName, files)
	for _, head := range h.headers {
		check(t, w.WriteHeader(&head))
		if head.Typeflag == tar.TypeReg {
			_, err := io.WriteString(w, h.content[head.Name])
			check(t, err)
		}
	}
	check(t, w.Close())
	z.Write([]byte(h.tail))
	check(t, z.Close())
	b.WriteString(h.after)
	return b.Bytes()[:b.Len()-h.cut]
}

func TestHostileArchives(t *testing.T) {
	ok, okEntry := regular("a.txt", "hello")
	dirEntry := Entry{Path: ".binary-buildout", Type: TypeDir, Mode: 0o755}
	text := map[string]string{ok.Name: "hello"}
	link := func(name, to string) (tar.Header, Entry) {
		return tar.Header{Name: "demo-1.0/" + name, Typeflag: tar.TypeSymlink, Linkname: to, Mode: 0o777}, Entry{Path: name, Type: TypeLink, Mode: 0o777, Link: to}
	}
	out, outEntry := link("l", "../../etc")
	abs, absEntry := link("l", "/etc/passwd")
	loopA, loopAEntry := link("q", "..")
	deepQ, deepQEntry := link("b/q", "../..")
	deepR, deepREntry := link("b/r", "q/../x")
	_, _ = deepQ, deepQEntry
	through, throughEntry := regular("l/passwd", "hello")
	dir := func(name string) (tar.Header, Entry) {
		return tar.Header{Name: "demo-1.0/" + name + "/", Typeflag: tar.TypeDir, Mode: 0o755}, Entry{Path: name, Type: TypeDir, Mode: 0o755}
	}
	b, bEntry := dir("b")
	sub, subEntry := dir("b/c")
	up, upEntry := link("b/c/up", "../..")
	esc, escEntry := link("b/esc", "c/up/../x")
	header := func(h tar.Header, change func(*tar.Header)) tar.Header {
		change(&h)
		return h
	}
	for name, tt := range map[string]struct {
		h    handmade
		kind error
	}{
		"fine":            {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok}, content: text}, nil},
		"dotdot":          {handmade{list: []Entry{dirEntry}, headers: []tar.Header{{Name: "demo-1.0/../x", Typeflag: tar.TypeReg}}}, ErrUnsafe},
		"listed dotdot":   {handmade{list: []Entry{dirEntry, {Path: "../x", SHA256: hexSum("")}}}, ErrUnsafe},
		"absolute":        {handmade{list: []Entry{dirEntry}, headers: []tar.Header{{Name: "/etc/x", Typeflag: tar.TypeReg}}}, ErrUnsafe},
		"listed absolute": {handmade{list: []Entry{dirEntry, {Path: "/etc/x", SHA256: hexSum("")}}}, ErrUnsafe},
		"other top":       {handmade{list: []Entry{dirEntry}, headers: []tar.Header{{Name: "other/x", Typeflag: tar.TypeReg}}}, ErrUnsafe},
		"wrong top":       {handmade{manifest: `{"format":1,"name":"other","version":"1.0"}`}, ErrUnsafe},
		"newer":           {handmade{manifest: `{"format":2,"name":["not","a","string"]}`}, ErrNewer},
		"no format":       {handmade{manifest: `{}`}, ErrNotOurs},
		"not json":        {handmade{manifest: `{`}, ErrCorrupt},
		"other list":      {handmade{manifest: `{"format":1,"name":"demo","version":"1.0","files_sha256":"00"}`}, ErrCorrupt},
		"link out":        {handmade{list: []Entry{dirEntry, outEntry}, headers: []tar.Header{out}}, ErrUnsafe},
		"link absolute":   {handmade{list: []Entry{dirEntry, absEntry}, headers: []tar.Header{abs}}, ErrUnsafe},
		"link to above":   {handmade{list: []Entry{dirEntry, loopAEntry}, headers: []tar.Header{loopA}}, ErrUnsafe},
		"link over link":  {handmade{list: []Entry{dirEntry, bEntry, subEntry, upEntry, escEntry}, headers: []tar.Header{b, sub, up, esc}}, ErrUnsafe},
		"link to missing": {handmade{list: []Entry{dirEntry, bEntry, deepREntry}, headers: []tar.Header{b, deepR}}, nil},
		"other link":      {handmade{list: []Entry{dirEntry, {Path: "l", Type: TypeLink, Mode: 0o777, Link: "b"}}, headers: []tar.Header{out}}, ErrUnsafe},
		"through link":    {handmade{list: []Entry{dirEntry, {Path: "l", Type: TypeLink, Mode: 0o777, Link: "b"}, throughEntry}, headers: []tar.Header{through}, content: map[string]string{through.Name: "hello"}}, ErrUnsafe},
		"device":          {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{{Name: ok.Name, Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}}}, ErrUnsafe},
		"fifo":            {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{{Name: ok.Name, Typeflag: tar.TypeFifo}}}, ErrUnsafe},
		"hard link":       {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{{Name: ok.Name, Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}}}, ErrUnsafe},
		"twice":           {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok, ok}, content: text}, ErrDuplicate},
		"listed twice":    {handmade{list: []Entry{dirEntry, okEntry, okEntry}, headers: []tar.Header{ok}, content: text}, ErrDuplicate},
		"manifest twice":  {handmade{list: []Entry{dirEntry}, headers: []tar.Header{{Name: "demo-1.0/" + ManifestName, Typeflag: tar.TypeReg}}}, ErrDuplicate},
		"unlisted":        {handmade{list: []Entry{dirEntry}, headers: []tar.Header{ok}, content: text}, ErrUnlisted},
		"state":           {handmade{list: []Entry{dirEntry, {Path: StateName, SHA256: hexSum("")}}}, ErrUnsafe},
		"install.json":    {handmade{list: []Entry{dirEntry, {Path: Dir + "/install.json", SHA256: hexSum("")}}}, ErrUnsafe},
		"a journal":       {handmade{list: []Entry{dirEntry, {Path: Dir + "/transaction", Type: TypeDir, Mode: 0o755}}}, ErrUnsafe},
		"missing":         {handmade{list: []Entry{dirEntry, okEntry}}, ErrMissing},
		"out of order":    {handmade{list: []Entry{okEntry, dirEntry}}, ErrUnsafe},
		"no directory":    {handmade{list: []Entry{dirEntry, throughEntry}, headers: []tar.Header{through}, content: map[string]string{through.Name: "hello"}}, ErrUnsafe},
		"altered":         {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok}, content: map[string]string{ok.Name: "hellO"}}, ErrCorrupt},
		"bomb":            {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{header(ok, func(h *tar.Header) { h.Size = 1 << 20 })}, content: map[string]string{ok.Name: strings.Repeat("\x00", 1<<20)}}, ErrTooBig},
		"short":           {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{header(ok, func(h *tar.Header) { h.Size = 4 })}, content: map[string]string{ok.Name: "hell"}}, ErrCorrupt},
		"setuid":          {handmade{list: []Entry{dirEntry, {Path: "a.txt", Mode: 0o4755, Size: 5, SHA256: okEntry.SHA256}}, headers: []tar.Header{ok}, content: text}, ErrUnsafe},
		"other mode":      {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{header(ok, func(h *tar.Header) { h.Mode = 0o4755 })}, content: text}, ErrUnsafe},
		"pax":             {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{header(ok, func(h *tar.Header) { h.PAXRecords = map[string]string{"SCHILY.xattr.user.x": "y"} })}, content: text}, ErrUnsafe},
		"name with NUL":   {handmade{list: []Entry{dirEntry, {Path: "a\x00b", SHA256: hexSum("")}}}, ErrUnsafe},
		"truncated":       {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok}, content: text, cut: 30}, ErrTruncated},
		"trailing":        {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok}, content: text, after: "garbage after"}, ErrTrailing},
		"trailing in tar": {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok}, content: text, tail: "garbage after"}, ErrTrailing},
		"second member":   {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok}, content: text, after: gz("garbage")}, ErrTrailing},
		"zeros after":     {handmade{list: []Entry{dirEntry, okEntry}, headers: []tar.Header{ok}, content: text, tail: strings.Repeat("\x00", 10240)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			where := t.TempDir()
			file := filepath.Join(where, "x.tar.gz")
			check(t, os.WriteFile(file, tt.h.bytes(t), 0o644))
			err := Extract(context.Background(), file, filepath.Join(where, "app"), ExtractOptions{})
			if !errors.Is(err, tt.kind) {
				t.Fatalf("%v, want %v", err, tt.kind)
			}
			none := ExtractOptions{Skip: func(Entry) bool { return true }}
			if err := Extract(context.Background(), file, filepath.Join(t.TempDir(), "app"), none); !errors.Is(err, tt.kind) {
				t.Errorf("skipping all: %v, want %v", err, tt.kind)
			}
			if tt.kind == nil {
				return
			}
			var hinted interface {
				Hint() string
				ExitCode() int
			}
			if !errors.As(err, &hinted) || hinted.Hint() == "" || hinted.ExitCode() == 0 {
				t.Errorf("no hint: %v", err)
			}
			left, _ := os.ReadDir(where)
			if len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

// TestEveryCutAndFlip: an archive that is cut off, or has a byte changed, is
// refused wherever that is, or is the same archive.
func TestEveryCutAndFlip(t *testing.T) {
	list := files{"a/b": "x", "c": strings.Repeat("hello ", 100), "l": "-> c"}
	for _, format := range []string{FormatTarGz, FormatTarZst, FormatZip} {
		data := list.written(t, format)
		where := t.TempDir()
		file := filepath.Join(where, "x")
		try := func(what string, b []byte, mayPass bool) {
			check(t, os.WriteFile(file, b, 0o644))
			dir := filepath.Join(where, "app")
			err := Extract(context.Background(), file, dir, ExtractOptions{})
			if err == nil && !mayPass {
				t.Errorf("%s: %s: taken", format, what)
			}
			if err == nil {
				text, _ := os.ReadFile(filepath.Join(dir, "c"))
				if string(text) != strings.Repeat("hello ", 100) {
					t.Errorf("%s: %s: other content", format, what)
				}
			}
			os.RemoveAll(dir)
			if left, _ := os.ReadDir(where); len(left) != 1 {
				t.Fatalf("%s: %s: left behind %v", format, what, left)
			}
		}
		step := max(1, len(data)/200)
		for i := 0; i < len(data); i += step {
			try("cut", data[:i], false)
			b := bytes.Clone(data)
			b[i] ^= 0x20
			try("flip", b, true) // times, names of owners, comments aren't content
		}
		try("whole", data, true)
	}
}

func TestExtractRestoresModesAndTimes(t *testing.T) {
	list := files{"a/x*": "x", "a/y": "y", "secret/": "0700", "secret/key": "0600 k", "a/l": "-> y", "ro/": ""}
	for _, format := range []string{FormatTarGz, FormatZip} {
		data := list.written(t, format)
		dir := filepath.Join(t.TempDir(), "app")
		restore := umask(0o077)
		err := Extract(context.Background(), save(t, data, "x"), dir, ExtractOptions{})
		restore()
		check(t, err)
		for p, want := range map[string]fs.FileMode{"a/x": 0o755, "a/y": 0o644, "a": 0o755 | fs.ModeDir, "secret": 0o700 | fs.ModeDir, "secret/key": 0o600, "ro": 0o755 | fs.ModeDir, ".": 0o755 | fs.ModeDir} {
			info, err := os.Lstat(filepath.Join(dir, p))
			check(t, err)
			if info.Mode() != want || !info.ModTime().Equal(time.Unix(DefaultEpoch, 0)) {
				t.Errorf("%s: %s: %v %v", format, p, info.Mode(), info.ModTime())
			}
		}
	}
}

func TestExtractNeedsRoom(t *testing.T) {
	list := files{"a": "x"}
	data := list.written(t, FormatTarGz)
	file := save(t, data, "x")
	full := t.TempDir()
	check(t, os.WriteFile(filepath.Join(full, "mine"), nil, 0o644))
	err := Extract(context.Background(), file, full, ExtractOptions{})
	var a *Error
	if !errors.Is(err, ErrExists) || !errors.As(err, &a) || a.ExitCode() != 2 {
		t.Error(err)
	}
	check(t, Extract(context.Background(), file, t.TempDir(), ExtractOptions{}))
	err = Extract(context.Background(), file, filepath.Join(full, "no", "such", "x"), ExtractOptions{})
	var e *fault.Error
	if !errors.As(err, &e) || e.ExitCode() != 3 {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Extract(ctx, file, filepath.Join(full, "x"), ExtractOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left, _ := os.ReadDir(full); len(left) != 1 {
		t.Error(left)
	}
}

func TestHostileZip(t *testing.T) {
	list := files{"a": "x"}
	data := list.written(t, FormatZip)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	check(t, err)
	rewrite := func(add func(w *zip.Writer)) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, f := range z.File {
			check(t, w.Copy(f))
		}
		add(w)
		check(t, w.Close())
		return b.Bytes()
	}
	file := func(name string, mode fs.FileMode, text string) func(w *zip.Writer) {
		return func(w *zip.Writer) {
			h := &zip.FileHeader{Name: name}
			h.SetMode(mode)
			f, err := w.CreateHeader(h)
			check(t, err)
			io.WriteString(f, text)
		}
	}
	// patched changes the header of the file a, and its entry in the directory.
	patched := func(local, central func(h []byte)) []byte {
		b := bytes.Clone(data)
		if local != nil {
			local(b[bytes.Index(b, []byte("demo-1.0/a"))-30:])
		}
		if central != nil {
			central(b[bytes.LastIndex(b, []byte("demo-1.0/a"))-46:])
		}
		return b
	}
	set := func(at int, value ...byte) func([]byte) { return func(h []byte) { copy(h[at:], value) } }
	end := data[len(data)-22:]
	directory := int(binary.LittleEndian.Uint32(end[16:]))
	gap := func() []byte {
		b := append(append(bytes.Clone(data[:directory]), "gap!"...), data[directory:]...)
		binary.LittleEndian.PutUint32(b[len(b)-6:], uint32(directory+4))
		return b
	}()
	table := map[string]struct {
		data []byte
		kind error
	}{
		"encrypted":           {patched(set(6, 1), set(8, 1)), ErrUnsafe},
		"encrypted in one":    {patched(nil, set(8, 1)), ErrUnsafe},
		"without a sum":       {patched(set(14, 0, 0, 0, 0), set(16, 0, 0, 0, 0)), ErrCorrupt},
		"another sum inside":  {patched(set(14, 0, 0, 0, 0), nil), ErrUnsafe},
		"another name inside": {patched(set(39, 'b'), nil), ErrUnsafe},
		"another size inside": {patched(set(22, 9), nil), ErrUnsafe},
		"another method":      {patched(set(8, 8), nil), ErrUnsafe},
		"two ends":            {append(bytes.Clone(data), end...), ErrUnsafe},
		"between":             {gap, ErrUnsafe},
		"same":                {rewrite(func(*zip.Writer) {}), nil},
		"dotdot":              {rewrite(file("demo-1.0/../../x", 0o644, "")), ErrUnsafe},
		"absolute":            {rewrite(file("/x", 0o644, "")), ErrUnsafe},
		"twice":               {rewrite(file("demo-1.0/a", 0o644, "x")), ErrDuplicate},
		"unlisted":            {rewrite(file("demo-1.0/b", 0o644, "x")), ErrUnlisted},
		"link":                {rewrite(file("demo-1.0/b", fs.ModeSymlink|0o777, "/etc")), ErrUnlisted},
		"device":              {rewrite(file("demo-1.0/b", fs.ModeDevice|0o644, "")), ErrUnsafe},
		"comment":             {rewrite(func(w *zip.Writer) { check(t, w.SetComment("x")) }), ErrTrailing},
		"trailing":            {append(bytes.Clone(data), "garbage"...), ErrTrailing},
		"before":              {append([]byte("PK\x03\x04"), data...), ErrUnsafe},
	}
	read := map[string]bool{} // whether install.sh's program reads it; that one is held against files.json later
	for name, tt := range table {
		path := save(t, tt.data, "x.zip")
		read[path] = tt.kind == nil || name == "unlisted"
		err := Extract(context.Background(), path, filepath.Join(t.TempDir(), "app"), ExtractOptions{})
		if tt.kind == nil && err != nil || tt.kind != nil && err == nil {
			t.Errorf("%s: %v, want %v", name, err, tt.kind)
		} else if !errors.Is(err, tt.kind) {
			t.Errorf("%s: %v, want %v", name, err, tt.kind)
		}
	}
	many := save(t, manyFiles(t), "many.zip")
	read[many] = true
	readByPython(t, read)
}

// readByPython unpacks zips as install.sh and install.ps1 do, and holds which
// ones are refused to what is wanted.
func readByPython(t *testing.T, want map[string]bool) {
	t.Helper()
	data, err := json.Marshal(want)
	check(t, err)
	for _, minor := range []string{"2.7", "3.6", "3.13"} {
		cmd := exec.Command(testtool.Python(t, minor), "-B", "-c", zipProgram, t.TempDir())
		cmd.Env, cmd.Stdin = append(os.Environ(), "PYTHONPATH=../target/src"), bytes.NewReader(data)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", minor, err, out)
		}
	}
}

const zipProgram = `
import json, os, sys, zlib
from unpack import unpack, zip_entries
from words import Stop
for n, (path, fine) in enumerate(sorted(json.load(sys.stdin).items())):
    tree = os.path.join(sys.argv[1], str(n))
    os.mkdir(tree)
    with open(path, "rb") as f:
        try:
            if path.endswith("many.zip"):
                names = [(name, len(b"".join(iter(content().read, b"")))) for name, kind, _, _, _, content in zip_entries(f)]
                assert (len(names), names[-1]) == (70001, (b"demo-1.0/large", 2 << 20)), names[-1]
            else:
                unpack(f, tree)
            why = None
        except Stop as e:
            why = e.text
        except (zlib.error, ValueError, EnvironmentError) as e:
            why = str(e)
    if why and why.endswith("it holds no bootstrap.py"):
        assert open(os.path.join(tree, "a")).read() == "x", path
        why = None
    if bool(why) == fine:
        print("%s: %s" % (path, why))
`

// TestZipOfMany: with more files than 16 bits count, and one whose size its
// header doesn't know, the end is still where it says.
func TestZipOfMany(t *testing.T) {
	file, err := os.Open(save(t, manyFiles(t), "x.zip"))
	check(t, err)
	defer file.Close()
	src, err := newZipSource(file)
	check(t, err)
	if n := len(src.(*zipSource).z.File); n != 70001 {
		t.Errorf("%d files", n)
	}
}

func manyFiles(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 70000 {
		_, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("demo-1.0/%06d", i)})
		check(t, err)
	}
	f, err := w.Create("demo-1.0/large")
	check(t, err)
	_, err = f.Write(make([]byte, 2<<20))
	check(t, err)
	check(t, w.Close())
	return b.Bytes()
}
