package pack

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
)

// childPack packs a tree to a file, and prints the most memory it had.
func childPack(root, format, out string) int {
	if err := packTo(root, format, out); err != nil {
		return fatal(err)
	}
	io.Copy(os.Stdout, statusFile())
	return 0
}

func packTo(root, format, out string) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	l, err := Scan(root, Rules{})
	if err != nil {
		return err
	}
	m := testManifest()
	p, err := Relocate(l, testOrigin(root), m.Python.Version)
	if err == nil {
		err = p.Report.Err()
	}
	if err == nil {
		m, err = p.Manifest(m)
	}
	if err != nil {
		return err
	}
	c, err := p.Seal(m)
	if err != nil {
		return err
	}
	_, err = archive.Write(context.Background(), f, c, format, time.Unix(archive.DefaultEpoch, 0), nil)
	return err
}

func statusFile() io.Reader {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return strings.NewReader("")
	}
	return bytes.NewReader(b)
}

func fatal(err error) int {
	os.Stderr.WriteString(err.Error() + "\n")
	return 1
}

// child runs childPack, with a change to its command, and gives VmHWM in KiB.
func child(t *testing.T, root, format, out string, change func(*exec.Cmd)) int {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	cmd := exec.Command(exe, root, format, out)
	cmd.Env = append(os.Environ(), "BINARY_BUILDOUT_CHILD=pack")
	if change != nil {
		change(cmd)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			check(t, err)
			return n
		}
	}
	return 0
}

// TestSameBytes packs equal trees in two directories of different length,
// written in another order under another umask, by another user in another
// time zone with another number of cores.
func TestSameBytes(t *testing.T) {
	base, err := os.MkdirTemp("", "same")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(base) })
	check(t, os.Chmod(base, 0o755))
	a, b := filepath.Join(base, "a"), filepath.Join(base, "b ü", "much", "longer", "than", "that")
	one := copyTree(sample)
	one[".installed.cfg"] = strings.ReplaceAll(one[".installed.cfg"], "ROOT2", "/srv/other") // a sibling keeps its name
	for i := range 200 {
		one["eggs/x.egg/x/m"+strconv.Itoa(i)+".py"] = "import os  # ROOT\n" + strings.Repeat("x = 'ROOT'\n", i)
	}
	withUmask(t, 0o022, func() { one.write(t, a) })
	withUmask(t, 0o077, func() { one.write(t, b) })
	for _, format := range []string{archive.FormatTarGz, archive.FormatTarZst, archive.FormatZip} {
		outA, outB := filepath.Join(base, "a."+format), filepath.Join(base, "b."+format)
		child(t, a, format, outA, nil)
		check(t, os.WriteFile(outB, nil, 0o666))
		check(t, os.Chmod(outB, 0o666))
		child(t, b, format, outB, func(c *exec.Cmd) {
			c.Env = append(c.Env, "TZ=Pacific/Kiritimati", "GOMAXPROCS=5", "LC_ALL=tr_TR.UTF-8", "HOME=/nonexistent")
			otherUser(t, c, b)
		})
		x, err := os.ReadFile(outA)
		check(t, err)
		y, err := os.ReadFile(outB)
		check(t, err)
		if !bytes.Equal(x, y) {
			diff, err := archive.Compare(outA, outB)
			t.Errorf("%s: not the same: %v %v", format, diff, err)
		}
	}
}

func copyTree(tr tree) tree {
	out := tree{}
	for k, v := range tr {
		out[k] = v
	}
	return out
}

// TestMemory packs a file of 2 GiB and a text of 300 MiB that names the root
// all over, in less than 256 MiB.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	if runtime.GOOS != "linux" {
		t.Skip("VmHWM is Linux's")
	}
	root := filepath.Join(t.TempDir(), "stage")
	tree{".installed.cfg": "", "bin/x": "#!PYBIN\n"}.write(t, root)
	f, err := os.Create(filepath.Join(root, "sparse"))
	check(t, err)
	check(t, f.Truncate(2<<30))
	check(t, f.Close())
	text, err := os.Create(filepath.Join(root, "large.py"))
	check(t, err)
	w := bufio.NewWriter(text)
	for i := range 300 << 10 {
		w.WriteString(strings.Repeat("x", 1000) + "\n")
		if i%10 == 0 {
			w.WriteString("y = '" + root + "/y'\n")
		}
	}
	check(t, w.Flush())
	check(t, text.Close())
	for i := range 2000 {
		check(t, os.WriteFile(filepath.Join(root, "small"+strconv.Itoa(i)), bytes.Repeat([]byte("abcdefg "), 6000), 0o644))
	}
	for _, format := range []string{archive.FormatTarGz, archive.FormatTarZst, archive.FormatZip} {
		kib := child(t, root, format, filepath.Join(t.TempDir(), "out"), func(c *exec.Cmd) { c.Env = append(c.Env, "GOMAXPROCS=8") })
		t.Logf("%s: %d MiB", format, kib>>10)
		if kib == 0 || kib > 256<<10 {
			t.Errorf("%s: %d KiB", format, kib)
		}
	}
}
