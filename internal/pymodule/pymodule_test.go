package pymodule

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNames: names by CPython's own _imp.extension_suffixes() of each version, and others'.
func TestNames(t *testing.T) {
	for p, want := range map[string]Name{
		"demo/_x.so": {Stem: "_x"},
		"demo/_x.cpython-313-x86_64-linux-gnu.so":        {Stem: "_x", ABI: CPython, Major: 3, Minor: 13, Platform: "x86_64-linux-gnu"},
		"demo/_x.cpython-315t-aarch64-linux-musl.so":     {Stem: "_x", ABI: CPython, Major: 3, Minor: 15, Flags: "t", Platform: "aarch64-linux-musl"},
		"demo/_x.cpython-37m-darwin.so":                  {Stem: "_x", ABI: CPython, Major: 3, Minor: 7, Flags: "m", Platform: "darwin"},
		"demo/_x_d.cp313-win_amd64.pyd":                  {Stem: "_x", ABI: CPython, Major: 3, Minor: 13, Platform: "win_amd64"},
		"demo/_x.pyd":                                    {Stem: "_x"},
		"_x.abi3.so":                                     {Stem: "_x", ABI: ABI3},
		"_x.abi3-x86_64-linux-gnu.so":                    {Stem: "_x", ABI: ABI3, Platform: "x86_64-linux-gnu"},
		"_x.abi3t.so":                                    {Stem: "_x", ABI: ABI3T},
		"_x.abi3t-x86_64-linux-gnu.so":                   {Stem: "_x", ABI: ABI3T, Platform: "x86_64-linux-gnu"},
		"_x.abi3t.pyd":                                   {Stem: "_x", ABI: ABI3T},
		"_x.pypy311-pp73-x86_64-linux-gnu.so":            {Stem: "_x", ABI: Other},
		"demo/__init__.cpython-313-x86_64-linux-gnu.so":  {Stem: "demo", Package: true, ABI: CPython, Major: 3, Minor: 13, Platform: "x86_64-linux-gnu"},
		"libssl.so.3":                                    {},
		"demo/_x.cpython-313-x86_64-linux-gnu.so.backup": {},
	} {
		got, ok := NameOf(p)
		if got != want || ok != (want.Stem != "") {
			t.Errorf("%s: %+v, %v", p, got, ok)
		}
	}
}

// TestEntry: what a file exports, and whether Python finds its module in it.
func TestEntry(t *testing.T) {
	for _, row := range []struct {
		path    string
		exports []string
		stem    string // empty is no entry
	}{
		{"a/ext.cpython-311-x86_64-linux-gnu.so", []string{"PyInit_ext"}, "ext"},
		{"a/ext.cpython-315-x86_64-linux-gnu.so", []string{"PyModExport_ext"}, "ext"},
		{"a/ext.so", []string{"PyModExport_ext"}, "ext"},
		{"a/old.so", []string{"initold"}, "old"},
		{"a/oldmodule.so", []string{"initold"}, "old"},
		{"a/ext.abi3-x86_64-linux-gnu.so", []string{"PyModExport_ext"}, "ext"},
		{"a/スパム.cpython-315-x86_64-linux-gnu.so", []string{"PyInitU_zck5b2b"}, "スパム"},
		{"a/スパム.cpython-315-x86_64-linux-gnu.so", []string{"PyModExportU_zck5b2b"}, "スパム"},
		{"a/lančmít.so", []string{"PyModExportU_lanmt_2sa6t"}, "lančmít"},
		{"a/lunch.so", []string{"PyModExportU_lanmt_2sa6t", "PyInitU_zck5b2b"}, ""}, // of other modules
		{"a/pkg/__init__.cpython-313-x86_64-linux-gnu.so", []string{"PyInit_pkg"}, "pkg"},
		// PyO3's submodules: 27 of them in cryptography 50.0.2, of which one is the entry.
		{"a/_rust.abi3t.so", []string{"PyModExport_asn1", "PyModExport_x509", "PyModExport__rust"}, "_rust"},
		{"a/_gone.abi3t.so", []string{"PyModExport_asn1", "PyModExport_x509", "PyModExport__rust"}, ""},
		{"a/mod_wsgi-py313.cpython-313-x86_64-linux-gnu.so", []string{"wsgi_module"}, ""},
		{"a/libpython3.13.so", []string{"PyInit__abc"}, ""},
	} {
		n, _ := NameOf(row.path)
		stem, ok := Entry(n, func(s string) bool { return slices.Contains(row.exports, s) })
		if ok != (row.stem != "") || ok && stem != row.stem {
			t.Errorf("%s with %q: %q, %v", row.path, row.exports, stem, ok)
		}
	}
}

// TestEntries: what each Python looks for, the usual one first.
func TestEntries(t *testing.T) {
	for _, row := range []struct {
		stem    string
		version PythonVersion
		want    []string
	}{
		{"x", PythonVersion{2, 7}, []string{"initx"}},
		{"x", PythonVersion{3, 14}, []string{"PyInit_x"}},
		{"x", PythonVersion{3, 15}, []string{"PyInit_x", "PyModExport_x"}},
		{"スパム", PythonVersion{3, 6}, []string{"PyInitU_zck5b2b"}},
		{"スパム", PythonVersion{3, 15}, []string{"PyInitU_zck5b2b", "PyModExportU_zck5b2b"}},
	} {
		if got := Entries(row.stem, row.version); !slices.Equal(got, row.want) {
			t.Errorf("%s, %v: %q", row.stem, row.version, got)
		}
	}
}

// TestPunycode: values by Python's own codec.
func TestPunycode(t *testing.T) {
	for s, want := range map[string]string{"lančmít": "lanmt-2sa6t", "スパム": "zck5b2b", "ü": "tda", "bücher": "bcher-kva", "_büb_cher": "_bb_cher-75a"} {
		if got := punycode(s); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
	for _, function := range []string{"PyInitU_", "PyInitU_!!", "PyInitU_99999999999", "PyInit_", "PyInit", "PyModule_Create", "main"} {
		if name, ok := Module(function); ok {
			t.Errorf("%s: %q", function, name)
		}
	}
}

// FuzzModule: the entry of a name is read back as that name.
func FuzzModule(f *testing.F) {
	for _, s := range []string{"x", "_x", "スパム", "lančmít", "_büb_cher", "𐍈a"} {
		f.Add(s)
	}
	// A delta grows with the number of characters before it: no constant bounds it.
	f.Add(strings.Repeat("x", 512) + "𐍈")
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := Module(s); ok && len(s) < len("PyInit_x") {
			t.Error(s)
		}
		// What Python takes for a name has no hyphen, and is UTF-8.
		if s == "" || !utf8.ValidString(s) || slices.Contains([]rune(s), '-') {
			return
		}
		for _, function := range Entries(s, PythonVersion{3, 15}) {
			if got, ok := Module(function); !ok || got != s {
				t.Errorf("%q is %q, and that is %q, %v", s, function, got, ok)
			}
		}
	})
}
