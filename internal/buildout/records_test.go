package buildout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettleRecord(t *testing.T) {
	root := write(t, map[string]string{
		"develop-eggs/__editable__.x.pth":            "@ROOT@/src\n",
		"develop-eggs/x-1.dist-info/direct_url.json": "{\"url\": \"file://@ROOT@/src\"}",
		"develop-eggs/x-1.dist-info/METADATA":        "Name: x\n",
		"develop-eggs/a,b.py":                        "",
		"develop-eggs/x-1.dist-info/RECORD": "../../bin/x,sha256=a,1\n__editable__.x.pth,sha256=b,2\r\n\"a,b.py\",sha256=c,3\n_x_editable_loader.py,sha256=f,6\n" +
			"x-1.dist-info/METADATA,sha256=d,4\nx-1.dist-info/direct_url.json,sha256=e,5\nx-1.dist-info/RECORD,,\n",
		"eggs/y-1.egg/y-1-py3.13-linux-x86_64.dist-info/RECORD":          "\"../../bin/y,z\",sha256=a,1\ny.py,sha256=b,2\nother.py,sha256=b,2\ny-1.dist-info/direct_url.json,sha256=c,3\n",
		"eggs/y-1.egg/y-1-py3.13-linux-x86_64.dist-info/direct_url.json": "{\"url\": \"file://@ROOT@/downloads/y-1.tar.gz\"}",
		"eggs/z-1.egg/z-1.dist-info/RECORD":                              "z-1.dist-info/direct_url.json,sha256=c,3\n",
		"eggs/z-1.egg/z-1.dist-info/direct_url.json":                     "{\"url\": \"https://example.org/z\"}",
		"eggs/y-1.egg/y.py":     "'@ROOT@'\n",
		"eggs/y-1.egg/other.py": "'/srv'\n",
	})
	for _, name := range []string{"develop-eggs/__editable__.x.pth", "develop-eggs/x-1.dist-info/direct_url.json", "eggs/y-1.egg/y.py", "eggs/y-1.egg/y-1-py3.13-linux-x86_64.dist-info/direct_url.json"} {
		path := filepath.Join(root, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), "@ROOT@", root)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree := &Tree{Root: root, config: config{Buildout: map[string]string{"eggs-directory": "eggs", "develop-eggs-directory": "develop-eggs"}}}
	for range 2 {
		if err := tree.settleRecords(); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"develop-eggs/x-1.dist-info/RECORD": "../../bin/x,,\n__editable__.x.pth,,\n\"a,b.py\",sha256=c,3\n_x_editable_loader.py,,\n" +
			"x-1.dist-info/METADATA,sha256=d,4\nx-1.dist-info/direct_url.json,,\nx-1.dist-info/RECORD,,\n",
		"eggs/y-1.egg/y-1-py3.13-linux-x86_64.dist-info/RECORD": "\"../../bin/y,z\",,\ny.py,,\nother.py,sha256=b,2\ny-1.dist-info/direct_url.json,,\n",
		"eggs/z-1.egg/z-1.dist-info/RECORD":                     "z-1.dist-info/direct_url.json,sha256=c,3\n",
	} {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}
