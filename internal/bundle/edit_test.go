package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrefixes: a prefix is replaced where it is whole, and a binary file keeps
// its length and the ends of its strings.
func TestPrefixes(t *testing.T) {
	const old = "/home/u/versions/3.11.7"
	for _, tt := range []struct{ in, want string }{
		{"a = '/home/u/versions/3.11.7/lib'", "a = '/srv/x/python-3.11.7/lib'"},
		{"-L/home/u/versions/3.11.7 -I/home/u/versions/3.11.7/include", "-L/srv/x/python-3.11.7 -I/srv/x/python-3.11.7/include"},
		{"/home/u/versions/3.11.70/lib", "/home/u/versions/3.11.70/lib"},
		{"'./home/u/versions/3.11.7/lib'", "'./python-3.11.7/lib'"},
		{"nothing", "nothing"},
	} {
		if got := string(withPrefix([]byte(tt.in), old, "/srv/x/python-3.11.7")); got != tt.want {
			t.Errorf("%q: %q, not %q", tt.in, got, tt.want)
		}
	}
	binary := "\x00" + old + "\x00" + old + "/lib\x00"
	if got, want := string(withoutPrefix([]byte(binary), old)), "\x00/////////////////3.11.7\x00/////////////////3.11.7/lib\x00"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestDataWithPrefix: _sysconfigdata names its own prefix, whichever that is;
// what is the system's stays.
func TestDataWithPrefix(t *testing.T) {
	for _, old := range []string{"/usr", "/install"} {
		data := " 'BINDIR': '" + old + "/bin',\n 'INSTALL': '/usr/bin/install -c',\n 'LIBDIR': '" + old + "/lib/x86_64-linux-gnu',\n 'SCRIPTDIR': '" + old + "er/lib',\n" +
			" 'TZPATH': '/usr/share/zoneinfo',\n 'prefix': '" + old + "',\n"
		want := " 'BINDIR': '/srv/p/bin',\n 'INSTALL': '/usr/bin/install -c',\n 'LIBDIR': '/srv/p/lib/x86_64-linux-gnu',\n 'SCRIPTDIR': '" + old + "er/lib',\n" +
			" 'TZPATH': '/usr/share/zoneinfo',\n 'prefix': '/srv/p',\n"
		if got := string(dataWithPrefix([]byte(data), "/srv/p")); got != want {
			t.Errorf("%s: %s", old, got)
		}
	}
}

// TestBuildElsewhere: an interpreter that was built in another place than it lies
// in names that one, in _sysconfigdata and in what was linked into it.
func TestBuildElsewhere(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "python-3.13.5", "lib", "python3.13", "_sysconfigdata__linux_x86_64-linux-gnu.py")
	extension := filepath.Join(dir, "python-3.13.5", "lib", "python3.13", "lib-dynload", "_ssl.cpython-313-x86_64-linux-gnu.so")
	for file, text := range map[string]string{
		data:      "build_time_vars = {'LDFLAGS': '-L/home/runner/work/out/lib',\n 'prefix': '/home/runner/work/out'}\n",
		extension: "\x7fELF\x00/home/runner/work/out/lib/engines-3\x00ENGINESDIR: \"/home/runner/work/out/lib/engines-3\"\x00",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := &copier{name: "python-3.13.5", taken: map[string]string{}, o: Options{Dir: dir, Root: "/srv/site", Interpreter: Interpreter{Prefix: "/opt/python", Stdlib: "/opt/python/lib/python3.13"}}}
	for _, file := range []string{data, extension} {
		rel, _ := under(file, dir)
		c.taken[rel] = file
	}
	if err := c.mend(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{data, extension} {
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "/home/runner") {
			t.Errorf("%s: %q, %v", file, text, err)
		}
	}
	if text, _ := os.ReadFile(data); !strings.Contains(string(text), "-L/srv/site/python-3.13.5/lib'") {
		t.Errorf("%s", text)
	}
}
