package isolate

import (
	"strings"
	"testing"
)

// The policy can't be tried here; that the last matching rule wins decides the
// order.
func TestProfile(t *testing.T) {
	got := profile([]string{"/Users/me"}, []Bind{{From: "/Users/me/py", To: "/Users/me/py", ReadOnly: true}, {From: "/a", To: "/b"}},
		[]string{`/usr/bin/c"c`}, "/Users/me/bin/self", "/private/tmp/s")
	want := `(version 1)
(allow default)
(deny network*)
(allow network-bind (local ip "localhost:*"))
(allow network-inbound (local ip "localhost:*"))
(allow network-outbound (remote ip "localhost:*"))
(allow network* (remote unix-socket))
(allow network* (local unix-socket))
(deny process-exec* (literal "/usr/bin/c\"c"))
(deny file-read-data (literal "/usr/bin/c\"c"))
(deny file-read* file-write* process-exec* (subpath "/Users/me"))
(allow file-read* process-exec* (subpath "/Users/me/py"))
(allow file-read* process-exec* (literal "/Users/me/bin/self"))
(allow file-read* file-write* (subpath "/private/tmp/s"))
`
	if got != want {
		t.Errorf("profile:\n%s\nwant:\n%s", got, want)
	}
}

func TestCompilerNames(t *testing.T) {
	for name, want := range map[string]bool{
		"cc": true, "gcc": true, "g++": true, "c++": true, "clang": true, "clang-15": true, "clang++-15": true, "ld": true, "as": true, "cpp": true,
		"gcc-12": true, "x86_64-linux-gnu-gcc-12": true, "x86_64-linux-gnu-g++": true, "x86_64-redhat-linux-gcc": true, "ld.bfd": true, "ld.gold": true,
		"x86_64-linux-gnu-ld.bfd": true, "rustc": true, "gcc.exe": true, "aarch64-linux-musl-gcc": true, "cargo": true,
		"ld.so": false, "ldd": false, "ldconfig": false, "python3": false, "sh": false, "ash": false, "base64": false, "cat": false, "gcc-ar": false,
		"as-is": false, "gcov": false, "asd": false, "ccze": false, "ld-linux-x86-64.so.2": false,
	} {
		if got := compilerName.MatchString(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if s := strings.Join(shadowNames([]string{"/usr/bin/x86_64-linux-gnu-gcc-12", "/usr/lib/gcc/x/cc1"}), " "); !strings.Contains(s, "gcc-12") || strings.Contains(s, "cc1") {
		t.Error(s)
	}
}
