package pack

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestRedact: no place of the build is left in a document, in whatever form, and
// nothing else of it changes.
func TestRedact(t *testing.T) {
	o := Origin{Root: "/var/tmp/bb/site______", Made: true, Interpreter: "/opt/py/bin/python3.13", Prefix: "/opt/py", Home: "/home/jürgen", Forbidden: []string{"/root", "/home/jürgen/site"}}
	for text, want := range map[string]string{
		"dropped /opt/py/lib":                               "dropped {python's prefix}/lib",
		"gcc -I/opt/py/include -c /var/tmp/bb/site______/x": "gcc -I{python's prefix}/include -c {tree}/x",
		"/opt/py/bin/python3.13 -m x, /opt/py/bin/python":   "{python} -m x, {python}",
		"/home/jürgen/site/a and /home/jürgen/.cache":       "{build}/a and {build}/.cache",
		"file:///home/j%C3%BCrgen/x.git":                    "file://{build}/x.git",
		"/root/x /rooted /mnt/root/x parts/root/x":          "{build}/x /rooted /mnt/root/x parts/root/x",
		"two lines:\n/root/x\t/root":                        "two lines:\n{build}/x\t{build}",
		"eggs/opt/py/x":                                     "eggs/opt/py/x",
	} {
		document, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := json.Unmarshal(o.Redact(document, "3.13.0"), &got); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	if page := []byte("<p>nothing of it</p>"); !bytes.Equal(o.Redact(page, "3.13.0"), page) {
		t.Error("a page without a place changes")
	}
}
