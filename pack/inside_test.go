package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

func TestZippedEgg(t *testing.T) {
	root := longRoot(t)
	make := func(name, member, text string) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, err := w.Create(member)
		check(t, err)
		io.WriteString(f, text)
		check(t, w.Close())
		check(t, os.MkdirAll(filepath.Join(root, "eggs"), 0o755))
		check(t, os.WriteFile(filepath.Join(root, "eggs", name), b.Bytes(), 0o644))
	}
	make("a.egg", "a.py", strings.Repeat("x = 1\n", 100)+"y = '"+root+"/y'\n")
	make("b.egg", "b.py", "x = '"+root+"2'\n")
	make("c.egg", "README.txt", strings.Repeat("a line of words\n", 100)+"built in "+root+"\n")
	_, rep := relocateTree(t, root, testOrigin(root))
	if len(rep.Blocked) != 1 || rep.Blocked[0].Path != "eggs/a.egg" || rep.Blocked[0].Part != "egg a.egg" || !strings.Contains(rep.Blocked[0].Reason, "a.py, compressed in it") {
		t.Errorf("%+v", rep.Blocked)
	}
	if _, ok := item(rep.Excepted, "eggs/c.egg"); !ok {
		t.Errorf("%+v", rep.Excepted)
	}
}

// TestCommonInterpreter: a path that many systems have says nothing about where
// a file was made. Nothing in a compressed or binary file is replaced, so such a
// one is listed and passes; that of an interpreter elsewhere is refused.
func TestCommonInterpreter(t *testing.T) {
	for python, blocked := range map[string]bool{"/usr/bin/python3": false, "/usr/local/bin/python3.11": false, "/opt/pythons/3.11.7/bin/python3": true} {
		root := longRoot(t)
		tree{"x.bin": "\x00 " + python + "\x00", "zipapp": "#!" + python + "\n\x00PK"}.write(t, root)
		gcc(t, root, `const char *p = "`+python+`";`, "parts/x/x.so", "-shared", "-g0")
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, "#!"+python+"\n")
		check(t, z.Close())
		check(t, os.WriteFile(filepath.Join(root, "docutils-0.20.1.tar.gz"), b.Bytes(), 0o644))
		o := testOrigin(root)
		o.Interpreter, o.Prefix, o.LibDir = python, filepath.Dir(filepath.Dir(python)), ""
		_, rep := relocateTree(t, root, o)
		for _, path := range []string{"x.bin", "docutils-0.20.1.tar.gz", "parts/x/x.so"} {
			_, refused := item(rep.Blocked, path)
			_, listed := item(rep.Excepted, path)
			if refused != blocked || listed == blocked {
				t.Errorf("%s names %s: %+v, %+v", path, python, rep.Blocked, rep.Excepted)
			}
		}
		if _, refused := item(rep.Blocked, "zipapp"); !refused { // it would run by this one alone
			t.Errorf("a zipapp for %s is packed", python)
		}
	}
}

func TestCompressedDebugInformation(t *testing.T) {
	for _, how := range []string{"zlib", "zlib-gnu"} {
		root := longRoot(t)
		source := "int f(int x) { return x + 1; }\n"
		for i := range 200 {
			source += fmt.Sprintf("struct name_%d { int member_%d; } v%d;\n", i, i, i)
		}
		gcc(t, root, source, "parts/z/z.so", "-shared", "-gz="+how)
		raw, err := os.ReadFile(filepath.Join(root, "parts/z/z.so"))
		check(t, err)
		_, rep := relocateTree(t, root, testOrigin(root))
		if !bytes.Contains(raw, []byte("ZLIB")) && how == "zlib-gnu" {
			testtool.Lacks(t, "a linker that makes .zdebug sections")
		}
		if it, ok := item(rep.Blocked, "parts/z/z.so"); !ok || it.Part != "part z" || !strings.Contains(it.Reason, "compressed in it") {
			t.Errorf("%s: %+v", how, rep)
		}
	}
}

// TestCompressedFile: what is compressed as a whole is looked into, a tar file
// in it, a file that was cut off, and a zip file after a line that starts it.
func TestCompressedFile(t *testing.T) {
	compress := map[string]func(io.Writer) io.WriteCloser{
		"gz": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"zst": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			check(t, err)
			return z
		},
	}
	root := longRoot(t)
	write := func(name string, data []byte) {
		full := filepath.Join(root, name)
		check(t, os.MkdirAll(filepath.Dir(full), 0o755))
		check(t, os.WriteFile(full, data, 0o755))
	}
	inTar := func(member string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		text := strings.Repeat("# pad\n", 1000) + "prefix=" + root + "/parts/x\n"
		check(t, w.WriteHeader(&tar.Header{Name: member, Size: int64(len(text)), Mode: 0o644}))
		io.WriteString(w, text)
		check(t, w.Close())
		return b.Bytes()
	}
	// Go 1.27 stores what is too short to become shorter.
	long := strings.Repeat("a line of words\n", 100)
	for ext, open := range compress {
		for name, data := range map[string][]byte{
			"parts/x/conf": []byte(root + "/etc"), "parts/x/conf.tar": inTar("conf"), "parts/x/README.txt": []byte(long + root + " is where"), "parts/x/other": []byte(root + "2"),
		} {
			var b bytes.Buffer
			w := open(&b)
			w.Write(data)
			check(t, w.Close())
			write(name+"."+ext, b.Bytes())
			if name == "parts/x/conf" && ext == "gz" {
				write("parts/x/cut.gz", b.Bytes()[:b.Len()-4])
			}
		}
	}
	cmd := exec.Command(testtool.Program(t, "bzip2"), "-c")
	cmd.Stdin = strings.NewReader(root)
	bz, err := cmd.Output()
	check(t, err)
	write("parts/x/conf.bz2", bz)
	var b bytes.Buffer
	b.WriteString("#!/usr/bin/env python3\n")
	z := zip.NewWriter(&b)
	z.SetOffset(int64(b.Len()))
	m, err := z.Create("__main__.py")
	check(t, err)
	io.WriteString(m, "x = '"+root+"/x'\n")
	check(t, z.Close())
	write("bin/app.pyz", b.Bytes())

	_, rep := relocateTree(t, root, testOrigin(root))
	var blocked []string
	for _, it := range rep.Blocked {
		blocked = append(blocked, it.Path)
		if !strings.Contains(it.Reason, "compressed in it, names "+root) || strings.HasPrefix(it.Path, "parts/") && it.Part != "part x" {
			t.Errorf("%+v", it)
		}
	}
	const want = "bin/app.pyz parts/x/conf.bz2 parts/x/conf.gz parts/x/conf.tar.gz parts/x/conf.tar.zst parts/x/conf.zst parts/x/cut.gz"
	if got := strings.Join(blocked, " "); got != want {
		t.Errorf("blocked\n got %s\nwant %s", got, want)
	}
	if len(rep.Excepted) != 2 || len(rep.Relocated) != 0 {
		t.Errorf("%+v, %+v", rep.Excepted, rep.Relocated)
	}
}
