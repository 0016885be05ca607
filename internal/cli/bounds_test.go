//go:build linux

package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
)

// TestBounds: whatever an archive, a delta or index.json says of itself, to look
// at it takes less than 256 MiB of memory; TestManyFiles has what files.json alone may take.
func TestBounds(t *testing.T) {
	dir := t.TempDir()
	sum := func(s string) string { d := sha256.Sum256([]byte(s)); return hex.EncodeToString(d[:]) }
	manifest := func(more, files string) string {
		return `{"format":1,"name":"demo","version":"1.0","files_sha256":"` + sum(files) + `"` + more + `}`
	}
	const small = `{"format":1,"files":[{"path":".binary-buildout","type":"dir","mode":493}]}`
	many := func(what string, mib int) string { return strings.Repeat(what, mib<<20/len(what)) }
	objects := `{"format":1,"files":[` + many("{},", 31) + `{}]}`
	for name, documents := range map[string][2]string{
		"arrays":      {manifest(`,"verification":[`+many("[],", 20)+`[]]`, small), small},
		"numbers":     {manifest(`,"verification":[`+many("0,", 20)+`0]`, small), small},
		"relocations": {manifest(`,"relocations":[`+many("{},", 20)+`{}]`, small), small},
		"files":       {manifest("", objects), objects},
		"large":       {manifest("", small) + many(" ", 150), small},
	} {
		path := filepath.Join(dir, name+".tar.gz")
		if err := os.WriteFile(path, handmade(t, documents[0], documents[1]), 0o644); err != nil {
			t.Fatal(err)
		}
		bounded(t, 1, "inspect", path)
		bounded(t, 1, "verify", path)
	}
	// As much as is let pass.
	for name, key := range map[string]string{"relocations, almost": "relocations", "builds, almost": "builds", "extensions, almost": "extensions"} {
		path := filepath.Join(dir, name+".tar.gz")
		text := manifest(`,"`+key+`":[`+strings.Repeat("{},", 430000)+`{}]`, small)
		if err := os.WriteFile(path, handmade(t, text, small), 0o644); err != nil {
			t.Fatal(err)
		}
		bounded(t, -1, "inspect", path)
		bounded(t, -1, "verify", path)
	}
	// An archive that is what it says: much metadata, and a large binary file.
	stage := filepath.Join(dir, "stage")
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int64{"eggs/a.egg/EGG-INFO/PKG-INFO": 30 << 20, "eggs/b.egg/EGG-INFO/PKG-INFO": 30 << 20, "eggs/c.egg/EGG-INFO/PKG-INFO": 30 << 20,
		"eggs/d.egg/EGG-INFO/PKG-INFO": 30 << 20, "eggs/a.egg/large.so": 150 << 20} {
		at := filepath.Join(stage, name)
		if err := firstOf(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, program[:4096*min(size>>27, 1)], 0o644), os.Truncate(at, size)); err != nil {
			t.Fatal(err)
		}
	}
	path := packDirectory(t, stage, filepath.Join(dir, "whole.tar.gz"))
	bounded(t, 0, "inspect", path)
	bounded(t, -1, "verify", path)
	// A megabyte of ELF whose names share their bytes, once and many times over.
	for name, c := range map[string]struct{ count, long int }{"names": {1, 60000}, "names, often": {60, 600}} {
		stage := filepath.Join(dir, name)
		for i := range c.count {
			at := filepath.Join(stage, fmt.Sprintf("eggs/a.egg/x%02d.so", i))
			if err := firstOf(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, manySymbols(40000, c.long), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		bounded(t, 1, "verify", packDirectory(t, stage, filepath.Join(dir, name+".tar.gz")))
	}
	// A delta whose document is far larger than the delta, and one that is a list of little.
	app := filepath.Join(dir, "app")
	whole, err := archive.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Extract(t.Context(), app, archive.ExtractOptions{}); err != nil {
		t.Fatal(err)
	}
	state := fmt.Sprintf(`{"format":1,"root":%q,"interpreter":"/nowhere","archive":%q}`, app, whole.ManifestSHA256())
	if err := firstOf(os.WriteFile(filepath.Join(app, archive.StateName), []byte(state), 0o644), os.WriteFile(filepath.Join(app, archive.BootstrapPy), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"delta": `{"format":1,"manifest.json":[` + many("[0,9],", 20) + `[0,9]]}`, "lists": `{"format":1,"files.json":[` + many("[],", 30) + `[]]}`, "blank": many(" ", 150)} {
		delta := filepath.Join(dir, name+".delta.tar.gz")
		if err := os.WriteFile(delta, tarOf(t, [2]string{archive.IncomingDir + "/" + sum(name) + "/delta.json", text}), 0o644); err != nil {
			t.Fatal(err)
		}
		bounded(t, 2, "update", app, delta)
	}
	// A mirror whose index is large, and one of which little becomes much.
	for name, text := range map[string]string{"long": many(" ", 150), "much": `{"format":1,"archives":[` + many("{},", 15) + `{}]}`} {
		mirror := filepath.Join(dir, name)
		if err := firstOf(os.Mkdir(mirror, 0o755), os.WriteFile(filepath.Join(mirror, "index.json"), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		bounded(t, -1, "install", mirror, "--into", filepath.Join(dir, "app"))
	}
}

// bounded runs the program and fails the test if it took too much memory, or
// ended otherwise than with the code; -1 is any.
func bounded(t *testing.T, code int, args ...string) {
	t.Helper()
	boundedTo(t, 256, code, args...)
}

// boundedTo is bounded by another number of MiB.
func boundedTo(t *testing.T, mib, code int, args ...string) {
	t.Helper()
	status := filepath.Join(t.TempDir(), "status")
	cmd := exec.Command("/proc/self/exe", append([]string{mainArg, status}, args...)...)
	out, _ := cmd.CombinedOutput()
	text, err := os.ReadFile(status)
	peak := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(text)
	if err != nil || peak == nil {
		t.Fatalf("%v: %s", err, out)
	}
	used, _ := strconv.Atoi(string(peak[1]))
	t.Logf("%s: %d MiB", strings.Join(args[:2], " "), used>>10)
	if used>>10 >= mib || code >= 0 && cmd.ProcessState.ExitCode() != code {
		t.Errorf("%s: %d MiB, exit code %d: %.300s", strings.Join(args, " "), used>>10, cmd.ProcessState.ExitCode(), out)
	}
}

// handmade is an archive of two documents.
func handmade(t *testing.T, manifest, files string) []byte {
	t.Helper()
	return tarOf(t, [2]string{"demo-1.0/"}, [2]string{"demo-1.0/.binary-buildout/"}, [2]string{"demo-1.0/" + archive.ManifestName, manifest}, [2]string{"demo-1.0/" + archive.FilesName, files})
}

// tarOf is a tar.gz of files, each a name and its text. One without text is a directory.
func tarOf(t *testing.T, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		name, text := f[0], f[1]
		head := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}
		if text == "" {
			head.Typeflag, head.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := firstOf(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// manySymbols is a library of 64-bit little-endian ELF that needs n symbols, each
// a suffix of one long string.
func manySymbols(n, long int) []byte {
	const dyn = 64 + 2*56
	tags := []uint64{5, dyn + 10*8, 10, uint64(long + 2), 6, uint64(dyn + 10*8 + long + 2), 4, 0, 0, 0}
	strs := append(append([]byte{0}, bytes.Repeat([]byte("x"), long)...), 0)
	symbols := make([]byte, 24)
	for i := range n {
		symbols = append(symbols, binary.LittleEndian.AppendUint32(nil, uint32(1+i%long))...)
		symbols = append(symbols, 0x10, 0, 0, 0)
		symbols = append(symbols, make([]byte, 16)...)
	}
	tags[7] = tags[5] + uint64(len(symbols))
	hash := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 1), uint32(n))
	size := tags[7] + 8
	head := []any{[16]byte{0x7f, 'E', 'L', 'F', 2, 1, 1}, uint16(3), uint16(62), uint32(1), uint64(0), uint64(64), uint64(0),
		uint32(0), uint16(64), uint16(56), uint16(2), uint16(64), uint16(0), uint16(0),
		uint32(1), uint32(5), uint64(0), uint64(0), uint64(0), size, size, uint64(8),
		uint32(2), uint32(5), uint64(dyn), uint64(dyn), uint64(dyn), uint64(80), uint64(80), uint64(8), tags, strs, symbols, hash}
	var b bytes.Buffer
	for _, part := range head {
		binary.Write(&b, binary.LittleEndian, part)
	}
	return b.Bytes()
}

func packDirectory(t *testing.T, stage, path string) string {
	t.Helper()
	m := archive.Manifest{Name: "demo", Version: "1.0", Target: "cp313-linux_x86_64", Python: archive.Python{Version: "3.13.0", Implementation: "cpython", ABI: "cp313", Bits: 64}}
	f, err := os.Create(path)
	if err == nil {
		treetest.Pack(t, f, stage, m, pack.Origin{Root: stage, RealRoot: stage, Interpreter: "/nowhere/bin/python", Prefix: "/nowhere", LibDir: "/nowhere/lib"}, archive.FormatTarGz)
	}
	if err := firstOf(err, f.Close()); err != nil {
		t.Fatal(fmt.Errorf("packing: %w", err))
	}
	return path
}
