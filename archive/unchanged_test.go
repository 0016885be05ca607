package archive

import "testing"

// TestUnchanged: what a delta may take for granted of a tree that was used.
func TestUnchanged(t *testing.T) {
	m := &Manifest{
		BundledPython: &BundledPython{Directory: "python-3.13.5"},
		Relocations:   []Relocation{{Path: "etc/zope.conf", Class: ClassText}, {Path: "parts/x/link", Class: ClassLink}},
	}
	for name, want := range map[string]bool{
		"eggs/a-1.egg/a.py":                      true,
		"python-3.13.5/lib/python3.13/turtle.py": true,
		"python-3.13.50/lib/x.py":                false,
		"lib/python3.13/site-packages/a.py":      true,
		"etc/zope.conf":                          true, // its original is under origin/
		"etc/other.conf":                         false,
		"parts/x/link":                           false,
		"parts/x/x.conf":                         false,
		"parts/x/include/x/x.h":                  true,
		"parts/x/share/doc/x/index.html":         true,
		"parts/x/etc/share/x.conf":               false,
		"parts/include/x.conf":                   false,
		"parts/share":                            false,
		"var/eggs/site-packages/x":               false,
		"eggs/a-1.egg/inituser":                  false,
		BootstrapPy:                              true,
	} {
		if got := unchanged(m)(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	m.BundledPython = nil
	if unchanged(m)("python-3.13.5/lib/python3.13/turtle.py") {
		t.Error("a directory of no interpreter")
	}
}
