package buildout

import "testing"

func TestFileOf(t *testing.T) {
	for text, want := range map[string]string{
		"file:///srv/a%20b/x.whl": "/srv/a b/x.whl", "file:///C:/bb/x.whl": "C:/bb/x.whl", "file:///d:/x": "d:/x",
		"file:///C:x": "/C:x", "https://example.org/x": "", "%": "",
	} {
		if got, ok := fileOf(text); got != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", text, got, ok, want)
		}
	}
}
