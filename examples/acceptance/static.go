//go:build linux

package acceptance

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
)

// fetchStatic lays Debian 11's Python 2.7 into the directory $1, and keeps its
// packages in $2. They come from the machine's own mirror of Debian. What its
// modules need beside is found from them, and by nothing else.
const fetchStatic = `
mkdir -p "$2"
cd "$2"
packages='python2.7-minimal libpython2.7-minimal libpython2.7-stdlib libffi7 libssl1.1'
missing=
for package in $packages; do
    ls "$package"_*.deb >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
    apt=$(mktemp -d)
    trap 'rm -rf "$apt"' EXIT
    mkdir -p "$apt/lists/partial" "$apt/parts"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$')
    echo "deb $mirror bullseye main" >"$apt/sources.list"
    apt_get() {
        apt-get -q -o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/parts" \
            -o "Dir::State::lists=$apt/lists" -o APT::Sandbox::User=root "$@"
    }
    apt_get update
    apt_get download $missing
fi
for package in *.deb; do
    dpkg -x "$package" "$1"
done
for library in "$1"/usr/lib/*-linux-gnu*/libssl.so.1.1; do
    triplet=$(basename "$(dirname "$library")")
done
for module in "$1"/usr/lib/python2.7/lib-dynload/*.so; do
    patchelf --set-rpath "\$ORIGIN/../../$triplet" "$module"
done
chmod -R go+rX "$1"`

// static27 gives a Python 2.7 that has libpython in itself, and of which no
// library is installed. Debian 11 is the last that has it.
func static27(t *testing.T, shared *python) *python {
	t.Helper()
	root := filepath.Join(tempDir(t), "static")
	said, err := exec.Command("sh", "-ec", fetchStatic, "sh", root, filepath.Join(testcache.Dir(t), "python2.7-static")).CombinedOutput()
	if err != nil {
		t.Fatalf("fetching Debian's Python 2.7: %v\n%s", err, said)
	}
	p := &python{original: shared.original, originalPrefix: shared.originalPrefix, minor: "2.7", prefix: filepath.Join(root, "usr")}
	if needsLibpython(t, p.executable()) || !needsLibpython(t, shared.executable()) {
		t.Fatalf("%s has to have libpython in itself, and %s has not", p.executable(), shared.executable())
	}
	return p
}

func needsLibpython(t *testing.T, path string) bool {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range needed {
		if strings.HasPrefix(name, "libpython") {
			return true
		}
	}
	return false
}

// runStatic proves an archive that was built by a Python with a shared
// libpython once more, under one of the same ABI without: what the linker wrote
// into each extension, NEEDED libpython2.7.so.1.0, must be gone.
func runStatic(t *testing.T, c Case, file string, manifest archive.Manifest, shared *python) {
	t.Helper()
	s := newServer(t, static27(t, shared))
	s.unpack(file, "static")
	s.installed(manifest, c)
	for _, e := range manifest.Extensions {
		if needsLibpython(t, filepath.Join(s.tree, e.Path)) {
			t.Errorf("%s needs libpython", e.Path)
		}
	}
}
