package bundle

import "testing"

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
