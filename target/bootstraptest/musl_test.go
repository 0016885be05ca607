package bootstraptest

import (
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// muslPython is the CPython that .ci/musl-python.sh makes: a real one, which
// runs on musl's loader and library.
func muslPython(t *testing.T) string {
	t.Helper()
	return testtool.Musl(t, testcache.Dir(t))
}

// TestBootstrapOnMusl: an archive for glibc is refused on a system with musl, and the reverse;
// one for musl goes on, unless it needs a newer one.
func TestBootstrapOnMusl(t *testing.T) {
	musl := muslPython(t)
	t.Run("for glibc", func(t *testing.T) {
		root := smallTree(t, packtest.FindPython(t, "3.11"))
		refused(t, root, musl, 2, "this archive is for glibc, and this system has musl", "use small-1.0-cp311-musllinux_1_2_x86_64")
	})
	t.Run("for musl, on glibc", func(t *testing.T) {
		glibc := packtest.FindPython(t, "3.11")
		root := smallTree(t, glibc, func(m *archive.Manifest) { m.Python.Libc = "musl" })
		refused(t, root, glibc, 2, "this archive is for musl, and this system has glibc", "use small-1.0-cp311-manylinux_2_28_x86_64")
	})
	t.Run("for a newer musl", func(t *testing.T) {
		root := smallTree(t, musl, func(m *archive.Manifest) {
			m.Python.Libc = "musl"
			m.Floors = []archive.Floor{{Kind: "musl", Version: "9.9", File: "eggs/x.so"}}
		})
		refused(t, root, musl, 2, "needs musl 9.9, and this system has 1.", "musllinux_1_1_")
	})
	t.Run("for musl", func(t *testing.T) {
		root := smallTree(t, musl, func(m *archive.Manifest) {
			m.Python.Libc = "musl"
			m.Floors = []archive.Floor{{Kind: "musl", Version: "1.1", File: "eggs/x.so"}}
		})
		packtest.RunIn(t, root, packtest.CEnv(), musl, "bootstrap.py").Must(t, "bootstrap.py on musl")
		packtest.RunIn(t, root, packtest.CEnv(), filepath.Join(root, "bin/script")).Must(t, "bin/script on musl")
	})
}
