package bootstraptest

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// asOnWindows runs what bootstrap.py and launcher.py decide by the system,
// with paths of Windows. .ci/wine.sh runs all of it with a Python for Windows.
const asOnWindows = `
import os, sys

def load(name):
    module = {"__name__": name, "__file__": os.path.abspath(name)}
    with open(name, "rb") as f:
        exec(compile(f.read(), name, "exec"), module)
    module["WINDOWS"] = True
    return module

def same(have, want):
    assert have == want, "%r, want %r" % (have, want)

boot, launcher = load("bootstrap.py"), load("launcher.py")

# 259 characters are the most: the file that has one more is named.
class Python(object):
    path = u"C:\\Python 3.13\\python.exe"
root, longest = u"C:\\" + u"x" * 100, u"eggs/" + u"y" * 150
manifest = {"relocations": [], "longest_path": longest}
boot["check_place"](manifest, root, Python)
try:
    boot["check_place"](manifest, root + u"x", Python)
except boot["Refused"] as e:
    assert u"259 characters" in e.message and longest + u" would have 260" in e.message, e.message
    assert e.code == 2 and u"at most 103 characters" in e.hint, e.hint
else:
    raise AssertionError("260 characters")

# So too of what Python reads in staged/ at an update, and of nothing else there.
class Incoming(object):
    manifest = {"signatures": [{"path": u"src/demo"}]}
    files = {"files": [{"path": u"src/demo/" + u"y" * 100}, {"path": u"var/" + u"z" * 200}]}
staging = boot["Staging"].__new__(boot["Staging"])
staging.base, staging.incoming = sys.argv[1], Incoming
staging.check_length(u"C:\\" + u"x" * 122)
try:
    staging.check_length(u"C:\\" + u"x" * 123)
except boot["Refused"] as e:
    assert u".binary-buildout/staged/src/demo/yy" in e.message and u" would have 260" in e.message and u"at most 125" in e.hint, e.message + e.hint
else:
    raise AssertionError("260 characters in staged/")

# Values as zc.buildout writes them into scripts, and those replaced when the tree moves.
spell, values = boot["spell"], {u"root": u"D:\\Srv\\My App", u"python": Python.path, u"prefix": u"C:\\Python 3.13"}
same(spell(values[u"root"], u"+python+lower"), b"d:\\\\srv\\\\my app")
same(spell(u"D:/Srv", u"+lower"), b"d:\\srv")
same(spell(values[u"root"], u"+url"), b"D:/Srv/My%20App")
same(boot["substitute"](b"#!\"@binary-buildout-python@\"\nx = '@binary-buildout-root+python+lower@\\\\eggs'\n", values, u"x"),
     b"#!\"C:\\Python 3.13\\python.exe\"\nx = 'd:\\\\srv\\\\my app\\\\eggs'\n")
same(boot["substitute"](b"MZ\x00#!\"@binary-buildout-python@\"\r\nPK", values, u"x"), b"MZ\x00#!\"C:\\Python 3.13\\python.exe\"\r\nPK")
new = {u"root": u"E:\\B", u"python": u"E:\\Py\\python.exe", u"prefix": u"E:\\Py"}
run = boot["replacer"](values, new)
same(run(b"x = 'd:\\\\srv\\\\my app\\\\eggs', D:\\Srv\\My App\\x, D:\\Srv\\My App2"), b"x = 'e:\\\\b\\\\eggs', E:\\B\\x, D:\\Srv\\My App2")

# A path keeps its slashes, or its doubled backslashes, in any encoding; after file: it is a URL.
same(spell(values[u"root"], u"+slash+lower"), b"d:/srv/my app")
same(spell(values[u"root"], u"+double"), b"D:\\\\Srv\\\\My App")
same(boot["substitute"](b"@binary-buildout-root+slash@/x @binary-buildout-python+double@", values, u"x"),
     b"D:/Srv/My App/x C:\\\\Python 3.13\\\\python.exe")
same(boot["substitute"](u"\ufeff@binary-buildout-root+double+lower@".encode("utf-16-le"), values, u"x.reg"),
     u"\ufeffd:\\\\srv\\\\my app".encode("utf-16-le"))
same(boot["replacer"](new, values)(b"E:/B/x file:///E:/B/x 'E:\\\\B\\\\x'" + u" E:\\\\B e:/b".encode("utf-16-le")),
     b"D:/Srv/My App/x file:///D:/Srv/My%20App/x 'D:\\\\Srv\\\\My App\\\\x'" + u" D:\\\\Srv\\\\My App d:/srv/my app".encode("utf-16-le"))

# NAME-script.py has its interpreter in the code page, and says so; others stay.
script = u"#!\"C:\\Py \u00fc\\python.exe\" -sSE\r\nx = 'C:\\\\\u00e4 \u2192'\r\n".encode("utf-8")
for module in (boot, launcher):
    module["code_page"] = lambda: u"cp1252"
    fitted = module["for_starter"](u"bin/x-script.py", script)
    same(fitted, b"#!\"C:\\Py \xfc\\python.exe\" -sSE -X coding=cp1252\r\nx = 'C:\\\\\xe4 \\u2192'\r\n")
    same(module["from_starter"](fitted), script.replace(u"\u2192".encode("utf-8"), b"\\u2192"))
    if sys.version_info[0] > 2:
        exec(compile(fitted, "x", "exec"), module)
        same(module["x"], u"C:\\\u00e4 \u2192")
    same(module["for_starter"](u"bin/x.py", script), script)
    same(module["for_starter"](u"bin/x-script.py", b"#!C:\\python.exe\n\xc3\xa4"), b"#!C:\\python.exe\n\xc3\xa4")
    same(module["from_starter"](script), script)

# What the code page lacks is refused, and all that isn't ASCII by a Python without UTF-8 there.
for path, wrong in ((u"C:\\app", None), (u"C:\\\u017c", u"in the code page"), (u"C:\\\u00fc", u"before 3.7" if sys.version_info < (3, 7) else None)):
    try:
        boot["check_letters"](path, u"the path")
        same(wrong, None)
    except boot["Refused"] as e:
        assert wrong and wrong in e.message and e.code == 2, e.message

# The tree's own files are reached whatever their length; messages name them as people do.
same(boot["endless"](u"C:\\srv/app"), u"\\\\?\\C:\\srv\\app")
same(boot["endless"](u"\\\\?\\C:\\srv"), u"\\\\?\\C:\\srv")
same(boot["text"](u"\\\\?\\C:\\srv"), u"C:\\srv")
same(boot["native"](u"eggs/a.egg"), u"eggs\\a.egg")

# setuptools' NAME.exe takes an interpreter with a space in quotes alone.
for module in (boot, launcher):
    same(module["shebang"](b"C:\\Py 3\\python.exe", b"-sSE", b"x"), b"#!\"C:\\Py 3\\python.exe\" -sSE\nx")
    same(module["shebang"](b"\"C:\\Py 3\\python.exe\"", b"", b"x"), b"#!\"C:\\Py 3\\python.exe\"\nx")
    same(module["shebang"](b"C:\\Py\\python.exe", b"", b"x"), b"#!C:\\Py\\python.exe\nx")

# The manifest's words have slashes.
same(launcher["slashed"](u"bin\\demo-script.py"), u"bin/demo-script.py")
same(len(launcher["text_of_run"](u"C:\\srv")), 16)

# A NAME.exe that is there is not written again: it may be running.
path = os.path.join(sys.argv[1], "py.exe")
for data in (b"one", b"one", b"two"):
    with launcher["open_starters"](path, "wb") as f:
        f.write(data)
    with open(path, "rb") as f:
        same(f.read(), data)
    if data == b"one":
        os.utime(path, (1, 1))
        with launcher["open_starters"](path, "wb") as f:
            f.write(data)
        same(os.stat(path).st_mtime, 1)
`

func TestAsOnWindows(t *testing.T) {
	for _, version := range packtest.ShortPythons() {
		t.Run(version, func(t *testing.T) {
			packtest.RunIn(t, "..", os.Environ(), packtest.FindPython(t, version), "-c", asOnWindows, t.TempDir()).Must(t, "as on Windows")
		})
	}
}
