package pack

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// TestWindowsForms: a path of Windows gets a placeholder that keeps how its
// backslashes were written, where the file's syntax doesn't say it.
func TestWindowsForms(t *testing.T) {
	const root = `C:\bb\Äpp`
	wide := func(s string) string { return "\xff\xfe" + place.ToUTF16(s, false) }
	tests := []struct{ file, in, want string }{
		{"plain.cfg", `x = C:\bb\Äpp\y`, `x = @binary-buildout-root@\y`},
		{"drive.cfg", `x = c:\bb\Äpp\y`, `x = @binary-buildout-root@\y`},
		{"slashes.cfg", `x = C:/bb/Äpp/y`, `x = @binary-buildout-root+slash@/y`},
		{"doubled.cfg", `x = C:\\bb\\Äpp\\y`, `x = @binary-buildout-root+double@\\y`},
		{"lower.cfg", `x = c:\bb\äpp c:/bb/äpp c:\\bb\\äpp`, `x = @binary-buildout-root+lower@ @binary-buildout-root+slash+lower@ @binary-buildout-root+double+lower@`},
		{"escaped.cfg", `x = C:\\bb\\\u00c4pp\\y`, `x = @binary-buildout-root+json@\\y`},
		{"url.cfg", `x = file:///C:/bb/%C3%84pp/y file:///c:/bb/Äpp/y`, `x = file:///@binary-buildout-root+url@/y file:///@binary-buildout-root+url@/y`},
		{"a.json", `["C:\\bb\\Äpp\\y", "C:/bb/Äpp/y"]`, `["@binary-buildout-root+json@\\y", "@binary-buildout-root+json@/y"]`},
		{"a.py", `x = 'C:\\bb\\Äpp\\y', r'C:\bb\Äpp\y'`, `x = '@binary-buildout-root+python@\\y', r'@binary-buildout-root@\y'`},
		{"wide.reg", wide(`C:\bb\Äpp\y C:\\bb\\Äpp\\y C:/bb/Äpp/y c:\bb\äpp`),
			wide(`@binary-buildout-root@\y @binary-buildout-root+double@\\y @binary-buildout-root+slash@/y @binary-buildout-root+lower@`)},
	}
	dir := t.TempDir()
	for _, test := range tests {
		check(t, os.WriteFile(filepath.Join(dir, test.file), []byte(test.in+"\r\n"), 0o644))
	}
	a, rep := relocateTree(t, dir, Origin{Root: root, RealRoot: dir, Interpreter: `C:\Python 3.13\python.exe`, Prefix: `C:\Python 3.13`})
	check(t, rep.Err())
	for _, test := range tests {
		if got := content(t, a, test.file); got != test.want+"\r\n" {
			t.Errorf("%s: %q, want %q", test.file, got, test.want)
		}
	}
}
