package pack

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/binary-buildout/binary-buildout/archive"
)

// TestDeclaredEncodings: a source or an XML file that says that it isn't in
// UTF-8, and a literal of bytes, name a place with an umlaut and a space as
// Python and XML read them.
func TestDeclaredEncodings(t *testing.T) {
	// What each file prints has to be the root, as UTF-8.
	files := map[string]string{
		"plain.py":  "# -*- coding: utf-8 -*-\nx = 'ROOT'\n",
		"latin.py":  "#!/usr/bin/python\n# vim: set fileencoding=iso-8859-1 :\nname = 'M\xfcller'\nx = 'ROOT'\n",
		"latin2.py": "# coding: latin-1\nx = ('''ROOT''')\n",
		"u.py":      "# -*- coding: utf-8 -*-\nx = u'ROOT'\n",
		"u2.py":     "x = u\"ROOT\"\nassert x == u'''ROOT'''\n",
		"future.py": "# coding: latin-1\nfrom __future__ import unicode_literals\nx = 'ROOT'\nassert b'ROOT' == x.encode('utf-8')\n",
		"bytes.py":  "import sys\nx = b'ROOT'\nif sys.version_info[0] > 2: x = x.decode('utf-8')\n",
	}
	const show = "import sys\nout = getattr(sys.stdout, 'buffer', sys.stdout)\nout.write(x if isinstance(x, bytes) else x.encode('utf-8'))\n"
	for _, version := range []string{"2.7", "3.6", "3.13"} {
		t.Run(version, func(t *testing.T) {
			python := findPython(t, version)
			a, b := filepath.Join(t.TempDir(), "stage"), filepath.Join(t.TempDir(), "Große Straße")
			tr := tree{
				archive.LaunchName: `{"format": 1, "config": "buildout.cfg"}`,
				"x.xml":            "<?xml version=\"1.0\" encoding='ISO-8859-1'?>\n<a n=\"M\xfcller ROOT/x\">ROOT</a>\n",
				"y.xml":            "<?xml version=\"1.0\"?>\n<a n=\"ROOT/x\">ROOT</a>\n",
				"x.json":           `{"x": "ROOT"}`,
			}
			for name, text := range files {
				tr[name] = text + show
			}
			tr.write(t, a)
			unpackTree(t, a, b, askPython(t, python))
			if out, err := exec.Command(python, "-E", filepath.Join(b, archive.BootstrapPy)).CombinedOutput(); err != nil {
				t.Fatalf("bootstrap.py: %v\n%s", err, out)
			}
			for name := range files {
				cmd := exec.Command(python, "-E", filepath.Join(b, name))
				cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
				if out, err := cmd.CombinedOutput(); err != nil || string(out) != b {
					t.Errorf("%s: %v, %q", name, err, out)
				}
			}
			for _, name := range []string{"x.xml", "y.xml"} {
				checkXML(t, filepath.Join(b, name), b)
			}
			var got map[string]string
			data, err := os.ReadFile(filepath.Join(b, "x.json"))
			check(t, err)
			if err := json.Unmarshal(data, &got); err != nil || got["x"] != b {
				t.Errorf("x.json: %v, %q", err, got)
			}
		})
	}
}

// checkXML reads a file as its declaration says.
func checkXML(t *testing.T, file, root string) {
	t.Helper()
	f, err := os.Open(file)
	check(t, err)
	defer f.Close()
	d := xml.NewDecoder(f)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return charmap.ISO8859_1.NewDecoder().Reader(r), nil }
	var got struct {
		N    string `xml:"n,attr"`
		Text string `xml:",chardata"`
	}
	if err := d.Decode(&got); err != nil || got.Text != root || !strings.HasSuffix(got.N, root+"/x") {
		t.Errorf("%s: %v, %+v", file, err, got)
	}
}

// TestSplits: configurations in which a space would make two words of a path
// refuse a place with one, each by its name, and take any other; where the path
// is in quotes, or the syntax takes all of the line, they take both.
func TestSplits(t *testing.T) {
	python := findPython(t, "3.13")
	about := askPython(t, python)
	spacedPython := filepath.Join(t.TempDir(), "my python", "python3.13")
	check(t, os.Mkdir(filepath.Dir(spacedPython), 0o755))
	check(t, os.Symlink(python, spacedPython))
	for _, tt := range []struct{ name, text, root, python string }{
		{"etc/x.service", "[Service]\nWorkingDirectory=ROOT\n# ROOT/bin\nExecStart=ROOT/bin/x\n", "systemd unit, line 4", ""},
		{"etc/y.service", "[Service]\nExecStart=PYBIN \\\n  \"ROOT/x.py\" -c 'ROOT/x'\n", "", "systemd unit, line 2"},
		{"etc/z.unit", "[Unit]\nDescription=ROOT\n[Service]\nEnvironment=\"A=it's ROOT\"\nExecStartPre=/bin/true \\\n   ROOT/bin/x\n", "systemd unit, line 6", ""},
		{"etc/supervisord.conf", "[supervisord]\nlogfile = ROOT/var/x.log\n[program:x]\ncommand = ROOT/bin/x --conf 'ROOT/etc/x'\ndirectory = ROOT\n", "supervisor's configuration, line 4", ""},
		{"etc/quoted.conf", "[supervisord]\n[program:x]\ncommand = \"ROOT/bin/x\" -a \"\\\"ROOT\"\ndirectory = ROOT\n", "", ""},
		{"etc/main.conf", "; ROOT\n[supervisord]\n[include]\nfiles = ROOT/etc/*.conf\n", "supervisor's configuration, line 4", ""},
		{"etc/rotate.cfg", "# ROOT\n\"ROOT/var/log/a.log\" ROOT/var/log/b.log {\n  rotate 5\n}\n", "logrotate's configuration, line 2", ""},
		{"etc/rotate2.cfg", "\"ROOT/var/log/a.log\" {\n  rotate 5\n  postrotate\n    kill -USR2 $(cat 'ROOT/var/x.pid')\n  endscript\n}\n", "", ""},
		{"etc/zdaemon.conf", "<runner>\n  directory ROOT\n  program ROOT/bin/x\n</runner>\n", "zdaemon's configuration, line 3", ""},
		{"etc/crontab", "# ROOT\nPATH=ROOT/bin\n*/5 * * * mon-fri ROOT/bin/x\n", "crontab, line 3", ""},
		{"etc/cron.d/x", "@daily 'ROOT/bin/x' >\"ROOT/var/x.log\"\n", "", ""},
		{"etc/nginx.conf", "http {\n  server {\n    root ROOT/www; # ROOT\n  }\n}\n", "nginx's configuration, line 3", ""},
		{"etc/nginx2.conf", "http {\n  # ROOT\n  server { listen 80; }\n  include \"ROOT/x.conf\";\n}\n", "", ""},
		{"etc/httpd.conf", "<Directory ROOT/www>\n</Directory>\n", "Apache's configuration, line 1", ""},
		{"etc/vhost.conf", "<VirtualHost *>\n DocumentRoot \"ROOT/www\"\n # ROOT\n</VirtualHost>\n", "", ""},
		{"etc/app.ini", "[app]\ncommand = ROOT/x\nExecStart=ROOT\n", "", ""},
		{"eggs/x.egg/x/example.service", "[Service]\nExecStart=ROOT/x\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, plain, spaced := filepath.Join(t.TempDir(), "stage"), filepath.Join(t.TempDir(), "app"), filepath.Join(t.TempDir(), "my app")
			tree{archive.LaunchName: `{"format": 1, "config": "buildout.cfg"}`, tt.name: tt.text}.write(t, a)
			unpackTree(t, a, plain, about)
			check(t, os.CopyFS(spaced, os.DirFS(plain)))
			for _, at := range []struct{ root, python, line string }{{spaced, python, tt.root}, {plain, spacedPython, tt.python}, {plain, python, ""}} {
				out, err := exec.Command(at.python, "-E", filepath.Join(at.root, archive.BootstrapPy)).CombinedOutput()
				refused := strings.Contains(string(out), "error: "+tt.name+" can't hold a path with a space ("+at.line+")")
				if at.line == "" && err != nil || at.line != "" && (err == nil || !refused) {
					t.Errorf("%s with %s, want %q: %v\n%s", at.root, at.python, at.line, err, out)
				}
			}
		})
	}
}
