package pack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

func TestLinks(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	check(t, os.MkdirAll(root, 0o755))
	outside := filepath.Dir(root)
	for _, tt := range []struct{ path, to, link, placeholder, listed string }{
		{"a/in", "ROOT/eggs/x", "../eggs/x", "", ""},
		{"top", "ROOT", ".", "", ""},
		{"a/top", "ROOT/", "..", "", ""},
		{"a/rel", "../eggs/x", "../eggs/x", "", ""},
		{"a/round", "../../stage/eggs/x", "../eggs/x", "", ""},
		{"py", testPython, testPython, archive.Interpreter, "relocated"},
		{"py3", testPrefix + "/bin/python3", testPrefix + "/bin/python3", archive.Interpreter, "relocated"},
		{"inc", testPrefix + "/include/x", testPrefix + "/include/x", archive.Prefix + "/include/x", "relocated"},
		{"site", testPrefix + "/lib/python3.11/site-packages/x", "", "", "blocked"},
		{"etc", "/etc/passwd", "", "", "blocked"},
		{"up", "../other", "", "", "blocked"},
		{"sibling", outside + "/stage2/x", "", "", "blocked"},
		{"ok/allowed", "/srv/data", "/srv/data", "/srv/data", "excepted"},
		{"dangling", "nowhere", "nowhere", "", "excepted"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			check(t, os.RemoveAll(root))
			tree{tt.path: "-> " + tt.to, "eggs/x": "x"}.write(t, root)
			o := testOrigin(root)
			o.AllowOutside = []string{"ok/*"}
			a, rep := relocateTree(t, root, o)
			lists := map[string][]Item{"relocated": rep.Relocated, "excepted": rep.Excepted, "blocked": rep.Blocked}
			for name, list := range lists {
				if _, ok := item(list, tt.path); ok != (name == tt.listed) {
					t.Errorf("%s: %+v", name, list)
				}
			}
			i, _ := a.Find(tt.path)
			if f := a.Files[i]; tt.listed != "blocked" && (f.Link != tt.link || f.Placeholder != tt.placeholder) {
				t.Errorf("-> %q, %q", f.Link, f.Placeholder)
			}
			if tt.listed != "blocked" {
				_, err := Check(a, testManifest().Target)
				check(t, err)
			}
		})
	}
}

func TestTextForms(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	R := func(form string) string { return archive.Form(archive.Root, form) }
	for name, tt := range map[string]struct{ in, want string }{
		"a.py":                                   {"#!PYBIN\n# ROOT\nx = 'ROOT'\ny = r'ROOT' + \"ROOT/y\"\nz = '''it's ROOT'''\nu = 'file://ROOT/x'\nw = Rb'ROOT'\nv = u'ROOT' b\"ROOT\"\n", "#!" + archive.Interpreter + "\n# " + R("") + "\nx = '" + R("+python") + "'\ny = r'" + R("") + "' + \"" + R("+python") + "/y\"\nz = '''it's " + R("+python") + "'''\nu = 'file://" + R("+url") + "/x'\nw = Rb'" + R("") + "'\nv = u'" + R("+unicode") + "' b\"" + R("+bytes") + "\"\n"},
		"tool*":                                  {"#!/bin/sh\n# it's ROOT\nX=ROOT/lib\nY=\"ROOT/lib\" Z='ROOT'\ncat <<EOF\nROOT \"\nEOF\ncd ROOT\n", "#!/bin/sh\n# it's " + R("") + "\nX=" + R("+sh") + "/lib\nY=\"" + R("") + "/lib\" Z='" + R("") + "'\ncat <<EOF\n" + R("") + " \"\nEOF\ncd " + R("+sh") + "\n"},
		"env/bin/activate":                       {"# source it, it's for ROOT\nVIRTUAL_ENV=ROOT/env\nX=\"ROOT\"\n", "# source it, it's for " + R("") + "\nVIRTUAL_ENV=" + R("+sh") + "/env\nX=\"" + R("") + "\"\n"},
		"activate.fish":                          {"set -gx VIRTUAL_ENV ROOT/env 'ROOT'\n", "set -gx VIRTUAL_ENV " + R("+sh") + "/env '" + R("") + "'\n"},
		"env.tcsh*":                              {"#!/bin/tcsh -f\nsetenv VIRTUAL_ENV ROOT/env\n", "#!/bin/tcsh -f\nsetenv VIRTUAL_ENV " + R("+sh") + "/env\n"},
		".installed.cfg":                         {"[zope2]\nurl = file://ROOT/x.tar.gz\n", "[zope2]\nurl = file://" + R("") + "/x.tar.gz\n"},
		"d.json":                                 {`{"a": "ROOT/x", "b": "file://ROOT"}`, `{"a": "` + R("+json") + `/x", "b": "file://` + R("+url") + `"}`},
		"zope.conf":                              {"%define INSTANCE ROOT/parts/instance\npython PYBIN\nlib PREFIX/lib\n", "%define INSTANCE " + R("") + "/parts/instance\npython " + archive.Interpreter + "\nlib " + archive.Prefix + "/lib\n"},
		"x.pth":                                  {"ROOT/src\n", R("") + "/src\n"},
		"latin1.cfg":                             {"# \xe4\xf6\nx = ROOT/y\n", "# \xe4\xf6\nx = " + R("") + "/y\n"},
		"none.txt":                               {"ROOT2 /mntROOT ROOT-old", "SAME"},
		"script-x*":                              {"#!PYBIN\nimport sys\nsys.path[0:0] = ['ROOT/eggs']\n", "#!" + archive.Interpreter + "\nimport sys\nsys.path[0:0] = ['" + R("+python") + "/eggs']\n"},
		"empty.txt":                              {"", ""},
		"parts/py/lib/python2.7/config/Makefile": {"prefix=ROOT/parts/py\nabs_srcdir=TMPDIR/x/python\n", "prefix=" + R("") + "/parts/py\nabs_srcdir=/build/x/python\n"},
		"parts/py/lib/python3.11/_sysconfigdata_.py": {"x = {'prefix': 'ROOT', 'abs_srcdir': 'TMPDIR/x'}\n", "x = {'prefix': '" + R("+python") + "', 'abs_srcdir': '/build/x'}\n"},
		// Neither is a pickle, or a string with its length before it.
		"colours.log.in": {"\a\b\f\v\x1b[1mROOT\x1b[0m\x1a", "\a\b\f\v\x1b[1m" + R("") + "\x1b[0m\x1a"},
		"notes.php":      {"S'ROOT.\n$s:9:\"ROOT\"; s:1:\"ROOT\";", "S'" + R("") + ".\n$s:9:\"" + R("") + "\"; s:1:\"" + R("") + "\";"},
		"pip.url.txt":    {"-e git+file://ROOT/src#egg=x", "-e git+file://" + R("+url") + "/src#egg=x"},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, os.RemoveAll(root))
			o := testOrigin(root)
			o.TmpDir = filepath.Join(filepath.Dir(root), "stage.tmp")
			tree{name: strings.ReplaceAll(tt.in, "TMPDIR", o.TmpDir)}.write(t, root)
			a, rep := relocateTree(t, root, o)
			check(t, rep.Err())
			want := tt.want
			if want == "SAME" {
				want = strings.ReplaceAll(tt.in, "ROOT", root)
			}
			p := strings.TrimSuffix(name, "*")
			got := content(t, a, p)
			if got != want {
				t.Errorf("\n got %q\nwant %q", got, want)
			}
			i, _ := a.Find(p)
			if a.Files[i].Size != int64(len(want)) || a.Files[i].SHA256 != hexSum(want) {
				t.Error("size or digest is not that of the content")
			}
		})
	}
}

func TestUTF16Text(t *testing.T) {
	for _, big := range []bool{false, true} {
		root := filepath.Join(t.TempDir(), "stage")
		tree{"x.reg": place.ToUTF16("\ufeffpath=", big)}.write(t, root)
		text := place.ToUTF16("\ufeffpath="+root+"/x ü\r\n", big)
		check(t, os.WriteFile(filepath.Join(root, "x.reg"), []byte(text), 0o644))
		a, rep := relocateTree(t, root, testOrigin(root))
		check(t, rep.Err())
		if got, want := content(t, a, "x.reg"), place.ToUTF16("\ufeffpath="+archive.Root+"/x ü\r\n", big); got != want {
			t.Errorf("big %v\n got %q\nwant %q", big, got, want)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	for name, tt := range map[string]struct{ in, reason, part string }{
		"parts/a/x.pickle":                  {"\x80\x03X\x10\x00\x00\x00ROOT/x\x00", "in a binary file at offset 7", "part a"},
		"parts/a/memo.pickle4":              {"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x04path\x94ROOT\x94s.", "in a binary file", "part a"},
		"parts/a/old.marshal":               {"{z\x04path\x00zLENGTHROOTz\x01x0", "in a binary file", "part a"},
		"parts/a/wide.dat":                  {"\x00\x00LENGTH\x00\x00\x00ROOTnext", "in a binary file", "part a"},
		"parts/a/shelf.dat":                 {"ROOT", "in a binary file", "part a"},
		"bin/app.pyz":                       {"#!PYBIN\nPK\x03\x04\x00", "in a binary file at offset 2", ""},
		"parts/a/app.db":                    {"SQLite format 3\x00 ROOTname\x00", "in a binary file", "part a"},
		"parts/a/python2.dat":               {"\x80\x02ULENGTHROOTq\x01.", "in a binary file at offset 4", "part a"},
		"parts/a/plain.dat":                 {"(dp0\nVroot\np1\nVROOT\np2\ns.", "in a binary file", "part a"},
		"parts/a/short.pkl":                 {"(U`ROOT.", "in a binary file", "part a"},
		"parts/a/cache.php":                 {`a:1:{s:4:"root";s:COUNT:"ROOT/x";}`, "in a binary file", "part a"},
		"eggs/x.egg/only.pyc":               {"\x00\x00ROOT/x.py\x00", "binary file", "egg x.egg"},
		"eggs/x.egg/a.py":                   {"x = '@binary-buildout-root@'", "placeholder", "egg x.egg"},
		"parts/b/x.ini":                     {"home = /home/builder/private/x", "names /home/builder/private", "part b"},
		".installed.cfg":                    {"[cron]\n__buildout_installed__ = /etc/cron.d/x\n\tROOT/bin/x\n", "part cron installs /etc/cron.d/x outside the tree", ""},
		"parts/py/lib/python2.7/x/Makefile": {"srcdir=TMPDIR/x", "the temporary directory of the build", "part py"},
		"parts/c/lib/python.x.exe":          {"MZ" + strings.Repeat("\x00", 80) + "ROOT\\x", "in a PE file", "part c"},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, os.RemoveAll(root))
			o := testOrigin(root)
			o.TmpDir = root + ".tmp"
			tree{name: strings.NewReplacer("TMPDIR", o.TmpDir, "COUNT", fmt.Sprint(len(root)+2), "LENGTH", string([]byte{byte(len(root))})).Replace(tt.in)}.write(t, root)
			if name == "parts/a/shelf.dat" {
				tree{"parts/a/shelf.dir": "'root', (0, 90)\n"}.write(t, root)
			}
			o.Forbidden = []string{"/home/builder/private"}
			_, rep := relocateTree(t, root, o)
			it, ok := item(rep.Blocked, name)
			if !ok || !strings.Contains(it.Reason, tt.reason) || it.Part != tt.part {
				t.Fatalf("%+v", rep)
			}
			err := rep.Err()
			var b *BlockedError
			if !errors.As(err, &b) || fault.HintOf(err, "") == "" || fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), name) {
				t.Error(err)
			}
			if _, ok := item(rep.Relocated, name); ok {
				t.Error("in two lists")
			}
		})
	}
}

// TestVirtualenvOutside: of a virtualenv that the build ran in, its interpreter is the target's; nothing else of it is there.
func TestVirtualenvOutside(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	const venv = "/home/me/.virtualenvs/site"
	tree{"bin/x*": "#!" + venv + "/bin/python3.11\nx = 1\n", "py": "-> " + venv + "/bin/python", "parts/p/lib.cfg": "lib = " + venv + "/lib\n", "l": "-> " + venv + "/lib/x"}.write(t, root)
	o := testOrigin(root)
	o.Virtualenv = venv
	a, rep := relocateTree(t, root, o)
	if got := content(t, a, "bin/x"); got != "#!"+archive.Interpreter+"\nx = 1\n" {
		t.Errorf("%q", got)
	}
	if i, _ := a.Find("py"); a.Files[i].Placeholder != archive.Interpreter {
		t.Errorf("%+v", a.Files[i])
	}
	if it, _ := item(rep.Blocked, "parts/p/lib.cfg"); len(rep.Blocked) != 2 || !strings.Contains(it.Reason, "names "+venv+", the build's virtualenv") || it.Part != "part p" {
		t.Errorf("%+v", rep.Blocked)
	}
}

// TestVolatileOptions: the options of a part that installs itself anew anyway may name what is gone.
func TestVolatileOptions(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	tree{".installed.cfg": "[one]\n__buildout_installed__ = \nTMPDIR = ROOT.tmp\n\n[env]\n__buildout_installed__ = \nHERE = ROOT\nTMPDIR = ROOT.tmp/x\n"}.write(t, root)
	o := testOrigin(root)
	o.TmpDir = root + ".tmp"
	o.Volatile = []string{"env"}
	_, rep := relocateTree(t, root, o)
	if it, _ := item(rep.Blocked, ".installed.cfg"); !strings.Contains(it.Reason, "part one names "+o.TmpDir) || strings.Contains(it.Reason, "env") {
		t.Errorf("%+v", rep)
	}
	o.Volatile = append(o.Volatile, "one")
	a, rep := relocateTree(t, root, o)
	check(t, rep.Err())
	if got := content(t, a, ".installed.cfg"); got != "[one]\n__buildout_installed__ = \nTMPDIR = /build\n\n[env]\n__buildout_installed__ = \nHERE = "+archive.Root+"\nTMPDIR = /build/x\n" {
		t.Errorf("%q", got)
	}
}

// TestSiblings: what goes on from a root that was made up for the build goes on
// from the new one. Where a root has a name of its own, its siblings have too.
func TestSiblings(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	for _, made := range []bool{false, true} {
		check(t, os.RemoveAll(root))
		tree{".installed.cfg": "[backup]\nlocation = ROOT-backup\nold = ROOT.old/x\n", "x.sh*": "#!/bin/sh\ncp -r ROOT ROOT_2\n"}.write(t, root)
		o := testOrigin(root)
		o.Made = made
		a, rep := relocateTree(t, root, o)
		check(t, rep.Err())
		to := root
		if made {
			to = archive.Root
		}
		if got, want := content(t, a, ".installed.cfg"), "[backup]\nlocation = "+to+"-backup\nold = "+to+".old/x\n"; got != want {
			t.Errorf("made %v\n got %q\nwant %q", made, got, want)
		}
		if made {
			to = archive.Form(archive.Root, archive.FormShell)
		}
		if got, want := content(t, a, "x.sh"), "#!/bin/sh\ncp -r "+archive.Form(archive.Root, archive.FormShell)+" "+to+"_2\n"; got != want {
			t.Errorf("made %v\n got %q\nwant %q", made, got, want)
		}
		tree{"x.bin": "\x00 ROOT2/x\x00"}.write(t, root)
		gcc(t, root, `const char *p = "`+root+`.pid";`, "parts/x/x.so", "-shared", "-g0")
		a, rep = relocateTree(t, root, o)
		_, blocked := item(rep.Blocked, "x.bin")
		it, _ := item(rep.Relocated, "parts/x/x.so")
		if blocked != made || (it.Class == archive.ClassCString) != made {
			t.Errorf("made %v: %+v, %+v", made, rep.Blocked, a.Relocations)
		}
	}
}

func TestAllowOutside(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	tree{".installed.cfg": "[cron]\n__buildout_installed__ = /etc/cron.d/x\n"}.write(t, root)
	o := testOrigin(root)
	o.AllowOutside = []string{"cron"}
	_, rep := relocateTree(t, root, o)
	check(t, rep.Err())
	if it, ok := item(rep.Excepted, ".installed.cfg"); !ok || !strings.Contains(it.Reason, "allowed") {
		t.Errorf("%+v", rep)
	}
}

func TestOwners(t *testing.T) {
	list := parseInstalled([]byte("[buildout]\ninstalled_develop_eggs = /s/develop-eggs/x.egg-link\nparts = a b\n\n[a]\n__buildout_installed__ = /s/bin/one\n\t/s/parts/a\nrecipe = r\n\n[b]\n__buildout_installed__ = \nx = /s/bin/no\n"))
	w := newOwners(list, Origin{Root: "/s"})
	for p, want := range map[string]string{
		"bin/one": "part a", "parts/a/deep/x": "part a", "parts/c/x": "part c", "bin/no": "", "eggs/y-1.egg/y/z.py": "egg y-1.egg",
		"develop-eggs/x.egg-link": "develop package x", "lib/python3/site-packages/q-1.dist-info/RECORD": "egg q-1.dist-info",
	} {
		if got := w.of(p); got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
}

func TestCheckNames(t *testing.T) {
	for _, tt := range []struct {
		target, files, reason string
	}{
		{"cp311-linux_x86_64", "README readme", ""},
		{"cp311-macosx_11_0_arm64", "README readme", "the target can't tell it from README"},
		{"cp311-win_amd64", "a/Straße a/STRASSE", "can't tell"},
		{"cp311-macosx_11_0_arm64", "\u00fc u\u0308", "can't tell"},
		{"cp311-linux_x86_64", "\u00fc u\u0308", ""},
		{"cp311-win_amd64", "a/con.txt", "reserves the name CON"},
		{"cp311-win_amd64", "LPT¹", "reserves"},
		{"cp311-win_amd64", "a:b", `no names with ':'`},
		{"cp311-win_amd64", "dot./x", "end with a dot"},
		{"cp311-win_amd64", "console.py", ""},
		{"cp311-win_amd64", strings.Repeat("d/", 130), "260 characters"},
		{"cp311-linux_x86_64", "a/../b", `".." in it`},
		{"cp311-linux_x86_64", "a a", "can't tell it from a"},
	} {
		a := &Plan{}
		for p := range strings.SplitSeq(tt.files, " ") {
			a.Files = append(a.Files, File{Path: strings.TrimSuffix(strings.Replace(p, strings.Repeat("d/", 130), strings.Repeat("d/", 129)+"dd", 1), "/")})
		}
		_, err := Check(a, tt.target)
		if tt.reason == "" && err != nil || tt.reason != "" && (err == nil || !strings.Contains(err.Error(), tt.reason)) {
			t.Errorf("%s %q: %v, want %q", tt.target, tt.files, err, tt.reason)
		}
	}
}

func TestFileThatChanges(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	tree{"big": strings.Repeat("x", cacheFile+1)}.write(t, root)
	a, rep := relocateTree(t, root, testOrigin(root))
	check(t, rep.Err())
	check(t, os.WriteFile(filepath.Join(root, "big"), []byte(strings.Repeat("y", cacheFile+1)), 0o644))
	check(t, os.Chtimes(filepath.Join(root, "big"), time.Now(), time.Now().Add(time.Hour)))
	c, err := a.Seal(testManifest())
	check(t, err)
	for _, format := range []string{archive.FormatTarGz, archive.FormatTarZst, archive.FormatZip} {
		_, err := archive.Write(t.Context(), io.Discard, c, format, time.Unix(archive.DefaultEpoch, 0), nil)
		if err == nil || !strings.Contains(err.Error(), "changed") {
			t.Errorf("%s: %v", format, err)
		}
	}
}
