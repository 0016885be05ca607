package verify

import (
	"embed"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/matrix"
)

//go:embed data/*.json
var data embed.FS

// tables are the facts that age: which libraries a system brings, which symbols
// are in the stable ABI. Each file under data/ names its source and its date.
type tables struct {
	policies []policy
	windows  map[string]bool // lower case
	macos    []string        // prefixes
	stable   map[string]string
	packages map[string]string
	// tolerated are libraries that no such system has at first and that the
	// projects' own wheels need all the same: a warning.
	tolerated map[string]string
}

// policy is what a manylinux or musllinux tag allows to take from the system.
type policy struct {
	Name           string                         `json:"name"`
	Aliases        []string                       `json:"aliases"`
	SymbolVersions map[string]map[string][]string `json:"symbol_versions"` // by architecture and prefix
	Whitelist      []string                       `json:"lib_whitelist"`
	Blacklist      map[string][]string            `json:"blacklist"`
}

// loadTables reads the embedded tables once.
var loadTables = sync.OnceValue(func() *tables {
	t := &tables{windows: map[string]bool{}, packages: map[string]string{}, tolerated: map[string]string{}}
	var linux struct{ Policies []policy }
	var windows struct{ Libraries []string }
	var macos struct{ Prefixes []string }
	var stable struct{ Symbols map[string]string }
	var packages struct {
		Packages  []struct{ Library, Package string }
		Tolerated []struct{ Library, Why string }
	}
	for name, v := range map[string]any{"linux": &linux, "windows": &windows, "macos": &macos, "stable_abi": &stable, "packages": &packages} {
		b, err := data.ReadFile("data/" + name + ".json")
		if err == nil {
			err = json.Unmarshal(b, v)
		}
		if err != nil {
			panic("verify: the embedded table " + name + ".json: " + err.Error()) // a test reads them all
		}
	}
	t.policies, t.macos, t.stable = linux.Policies, macos.Prefixes, stable.Symbols
	for _, w := range windows.Libraries {
		t.windows[w] = true
	}
	for _, p := range packages.Tolerated {
		t.tolerated[p.Library] = p.Why
	}
	for _, p := range packages.Packages {
		t.packages[p.Library] = p.Package
	}
	return t
})

// policy is the one for a target: that of its tag, else the newest of its libc,
// whose list of libraries counts while its symbol versions don't.
func (t *tables) policy(tg target) (p policy, promised bool) {
	family := "manylinux_"
	if tg.libc == "musl" {
		family = "musllinux_"
	}
	for _, q := range t.policies {
		if !strings.HasPrefix(q.Name, family) {
			continue
		}
		if q.Name == tg.policy || slices.Contains(q.Aliases, tg.policy) {
			return q, true
		}
		if p.Name == "" || matrix.CompareVersions(strings.ReplaceAll(q.Name[len(family):], "_", "."), strings.ReplaceAll(p.Name[len(family):], "_", ".")) > 0 {
			p = q
		}
	}
	return p, false
}

var windowsPython = regexp.MustCompile(`^(lib)?python(\d)\.?(\d*)(t?)(_d)?\.dll$`)

// systemLibrary says whether the target's system has the library, by the lists of its platform.
func (t *tables) systemLibrary(tg target, p policy, name string) bool {
	switch tg.os {
	case "linux":
		if strings.HasPrefix(name, "ld-linux") || strings.HasPrefix(name, "ld64.so") || strings.HasPrefix(name, "linux-vdso") || name == "ld.so.1" {
			return tg.libc != "musl"
		}
		if strings.HasPrefix(name, "libc.musl-") || strings.HasPrefix(name, "ld-musl-") || name == "libc.so" {
			return tg.libc == "musl"
		}
		return slices.Contains(p.Whitelist, name)
	case "macos":
		return slices.ContainsFunc(t.macos, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	case "windows":
		n := strings.ToLower(name)
		// CPython for Windows brings its runtime: vcruntime140_1 since 3.8, not on 32 bits.
		return t.windows[n] || strings.HasPrefix(n, "api-ms-") || strings.HasPrefix(n, "ext-ms-") || n == "ucrtbase.dll" ||
			n == "vcruntime140.dll" || n == "vcruntime140_1.dll" && tg.arch != "i686" || tg.pyMajor == 2 && n == "msvcr90.dll"
	}
	return false
}

// basic says whether a library is a part of libc itself, which no system lacks.
func basic(name string) bool {
	if strings.HasPrefix(name, "ld-") || strings.HasPrefix(name, "libc.") {
		return true
	}
	switch name {
	case "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libresolv.so.2", "libanl.so.1", "libnsl.so.1", "libBrokenLocale.so.1":
		return true
	}
	return false
}

// packageOf is the package that brings a library, where known.
func (t *tables) packageOf(library string) string {
	if p, ok := t.packages[library]; ok {
		return p
	}
	return t.packages[strings.ToLower(path.Base(library))]
}

// Promised tells whether every system of a platform has a library, by its name.
// An unknown platform promises nothing.
func Promised(py archive.Python, platform, library string) bool {
	t, err := newTarget(py, platform)
	if err != nil {
		return false
	}
	p, _ := loadTables().policy(t)
	return loadTables().systemLibrary(t, p, library)
}
