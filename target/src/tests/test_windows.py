"""What the programs decide by the system, with paths of Windows.
.ci/wine.sh runs all of it with a Python for Windows.
"""
import os
import shutil
import sys
import tempfile
import unittest

import boundaries
import launching
import paths
import location
import moves
import outlived
import placeholders
import plan
import scripts
import shebang
import staging
import starter
import system
import transaction
from system import Refused
from tests import patched

VALUES = {u"root": u"D:\\Srv\\My App", u"python": u"C:\\Python 3.13\\python.exe", u"prefix": u"C:\\Python 3.13"}
OTHER = {u"root": u"E:\\B", u"python": u"E:\\Py\\python.exe", u"prefix": u"E:\\Py"}


class Interpreter(object):
    path = VALUES[u"python"]


class Windows(unittest.TestCase):

    def setUp(self):
        self.windows = patched(WINDOWS=True, code_page=lambda: u"cp1252")
        self.windows.__enter__()
        self.folder = tempfile.mkdtemp()

    def tearDown(self):
        self.windows.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    def refused(self, function, *arguments):
        try:
            function(*arguments)
        except Refused as e:
            self.assertEqual(e.code, 2)
            return e
        self.fail("not refused: %r" % (arguments,))

    def test_in_use(self):
        """An interpreter of the same version that runs the update can't be stopped: another directory can be taken."""
        base = os.path.join(self.folder, "app")
        for path, want in (("parts/x.pyd", "stop the application"), ("python-3.13.9/python.exe", "into another directory"), ("python-3.cfg", "stop the application")):
            busy = os.path.join(base, *path.split("/"))
            e = plan.in_use(base, [busy])
            self.assertTrue(e.code == 3 and system.text(busy) in e.message and want in e.hint, (e.message, e.hint))

    def test_interpreter(self):
        """One gives way as elsewhere, and is used while a program or a DLL of it is open."""
        self.assertEqual(outlived.giving_way(u"python-3.13.9", u"python-3.13.11"), (u"python-3.13.9/",))
        for name in ("python.exe", "PYTHON313.DLL", "os.py"):
            with open(os.path.join(self.folder, name), "wb"):
                pass
        for busy, used in (("python.exe", True), ("PYTHON313.DLL", True), ("os.py", False)):
            with patched(busy_files=lambda paths: [p for p in paths if os.path.basename(p) == busy]):
                self.assertEqual(outlived.is_used(self.folder), used, busy)

    def test_saved(self):
        """What starts an update has a name at each moment, and what runs stays where it is."""
        change = transaction.Transaction(system.text(self.folder))
        with patched(native=lambda path: path):
            for path, stays in ((u"bootstrap.py", True), (u"python.exe", True), (u"a.py", False)):
                with open(os.path.join(self.folder, path), "wb") as f:
                    f.write(b"x")
                change.save(path, stays)
                self.assertEqual((os.path.exists(change.full(path)), os.path.exists(change.saved(path))), (stays, True), path)
            self.assertFalse(os.path.samefile(change.full(u"python.exe"), change.saved(u"python.exe")))

    def test_length(self):
        """259 characters are the most: the file that has one more is named."""
        root, longest = u"C:\\" + u"x" * 100, u"eggs/" + u"y" * 150
        manifest = {"relocations": [], "longest_path": longest}
        location.check_place(manifest, root, Interpreter)
        e = self.refused(location.check_place, manifest, root + u"x", Interpreter)
        self.assertTrue(u"259 characters" in e.message and longest + u" would have 260" in e.message, e.message)
        self.assertTrue(u"at most 103 characters" in e.hint, e.hint)

    def test_staged_length(self):
        """So too of what Python reads in staged/ at an update, and of nothing else there."""
        class Incoming(object):
            manifest = {"signatures": [{"path": u"src/demo"}]}
            files = {"files": [{"path": u"src/demo/" + u"y" * 100}, {"path": u"var/" + u"z" * 200}]}
        staged = staging.Staging.__new__(staging.Staging)
        staged.base, staged.incoming = self.folder, Incoming
        staged.check_length(u"C:\\" + u"x" * 122)
        e = self.refused(staged.check_length, u"C:\\" + u"x" * 123)
        self.assertTrue(u".binary-buildout/staged/src/demo/yy" in e.message and u" would have 260" in e.message, e.message)
        self.assertTrue(u"at most 125" in e.hint, e.hint)

    def test_values(self):
        """Values as zc.buildout writes them into scripts, and those replaced when the tree moves."""
        spell, substitute = placeholders.spell, placeholders.substitute
        self.assertEqual(spell(VALUES[u"root"], u"+python+lower"), b"d:\\\\srv\\\\my app")
        self.assertEqual(spell(u"D:/Srv", u"+lower"), b"d:\\srv")
        self.assertEqual(spell(VALUES[u"root"], u"+url"), b"D:/Srv/My%20App")
        self.assertEqual(
            substitute(b"#!\"@binary-buildout-python@\"\nx = '@binary-buildout-root+python+lower@\\\\eggs'\n", VALUES, u"x"),
            b"#!\"C:\\Python 3.13\\python.exe\"\nx = 'd:\\\\srv\\\\my app\\\\eggs'\n")
        self.assertEqual(substitute(b"MZ\x00#!\"@binary-buildout-python@\"\r\nPK", VALUES, u"x"),
                         b"MZ\x00#!\"C:\\Python 3.13\\python.exe\"\r\nPK")
        self.assertEqual(
            boundaries.replacer(VALUES, OTHER)(b"x = 'd:\\\\srv\\\\my app\\\\eggs', D:\\Srv\\My App\\x, D:\\Srv\\My App2"),
            b"x = 'e:\\\\b\\\\eggs', E:\\B\\x, D:\\Srv\\My App2")

    def test_slashes(self):
        """A path keeps its slashes, or its doubled backslashes, in any encoding; after file: it is a URL."""
        spell, substitute = placeholders.spell, placeholders.substitute
        self.assertEqual(spell(VALUES[u"root"], u"+slash+lower"), b"d:/srv/my app")
        self.assertEqual(spell(VALUES[u"root"], u"+double"), b"D:\\\\Srv\\\\My App")
        self.assertEqual(substitute(b"@binary-buildout-root+slash@/x @binary-buildout-python+double@", VALUES, u"x"),
                         b"D:/Srv/My App/x C:\\\\Python 3.13\\\\python.exe")
        self.assertEqual(substitute(u"\ufeff@binary-buildout-root+double+lower@".encode("utf-16-le"), VALUES, u"x.reg"),
                         u"\ufeffd:\\\\srv\\\\my app".encode("utf-16-le"))
        self.assertEqual(
            boundaries.replacer(OTHER, VALUES)(b"E:/B/x file:///E:/B/x 'E:\\\\B\\\\x'" + u" E:\\\\B e:/b".encode("utf-16-le")),
            b"D:/Srv/My App/x file:///D:/Srv/My%20App/x 'D:\\\\Srv\\\\My App\\\\x'" + u" D:\\\\Srv\\\\My App d:/srv/my app".encode("utf-16-le"))

    def test_starters(self):
        """NAME-script.py has its interpreter in the code page, and says so; others stay."""
        script = u"#!\"C:\\Py \u00fc\\python.exe\" -sSE\r\nx = 'C:\\\\\u00e4 \u2192'\r\n".encode("utf-8")
        fitted = starter.for_starter(u"bin/x-script.py", script)
        self.assertEqual(fitted, b"#!\"C:\\Py \xfc\\python.exe\" -sSE -X coding=cp1252\r\nx = 'C:\\\\\xe4 \\u2192'\r\n")
        self.assertEqual(starter.from_starter(fitted), script.replace(u"\u2192".encode("utf-8"), b"\\u2192"))
        if sys.version_info[0] > 2:
            found = {}
            exec(compile(fitted, "x", "exec"), found)
            self.assertEqual(found["x"], u"C:\\\u00e4 \u2192")
        self.assertEqual(starter.for_starter(u"bin/x.py", script), script)
        self.assertEqual(starter.for_starter(u"bin/x-script.py", b"#!C:\\python.exe\n\xc3\xa4"), b"#!C:\\python.exe\n\xc3\xa4")
        self.assertEqual(starter.from_starter(script), script)

    def test_letters(self):
        """What the code page lacks is refused, and all that isn't ASCII by a Python without UTF-8 there."""
        location.check_letters(u"C:\\app", u"the path")
        self.assertTrue(u"in the code page" in self.refused(location.check_letters, u"C:\\\u017c", u"the path").message)
        if sys.version_info < (3, 7):
            self.assertTrue(u"before 3.7" in self.refused(location.check_letters, u"C:\\\u00fc", u"the path").message)
        else:
            location.check_letters(u"C:\\\u00fc", u"the path")

    def test_long_paths(self):
        """The tree's own files are reached whatever their length; messages name them as people do."""
        self.assertEqual(system.endless(u"C:\\srv/app"), u"\\\\?\\C:\\srv\\app")
        self.assertEqual(system.endless(u"\\\\?\\C:\\srv"), u"\\\\?\\C:\\srv")
        self.assertEqual(system.text(u"\\\\?\\C:\\srv"), u"C:\\srv")
        self.assertEqual(system.native(u"eggs/a.egg"), u"eggs\\a.egg")

    def test_quotes(self):
        """setuptools' NAME.exe takes an interpreter with a space in quotes alone."""
        self.assertEqual(shebang.shebang(b"C:\\Py 3\\python.exe", b"-sSE", b"x"), b"#!\"C:\\Py 3\\python.exe\" -sSE\nx")
        self.assertEqual(shebang.shebang(b"\"C:\\Py 3\\python.exe\"", b"", b"x"), b"#!\"C:\\Py 3\\python.exe\"\nx")
        self.assertEqual(shebang.shebang(b"C:\\Py\\python.exe", b"", b"x"), b"#!C:\\Py\\python.exe\nx")

    def test_words(self):
        """The manifest's words have slashes."""
        self.assertEqual(paths.slashed(u"bin\\demo-script.py"), u"bin/demo-script.py")
        self.assertEqual(len(launching.text_of_run(u"C:\\srv")), 16)

    def test_running_starter(self):
        """A NAME.exe that is there is not written again: it may be running."""
        path = os.path.join(self.folder, "py.exe")
        for data in (b"one", b"one", b"two"):
            with scripts.open_starters(path, "wb") as f:
                f.write(data)
            with open(path, "rb") as f:
                self.assertEqual(f.read(), data)
            if data == b"one":
                os.utime(path, (1, 1))
                with scripts.open_starters(path, "wb") as f:
                    f.write(data)
                self.assertEqual(os.stat(path).st_mtime, 1)

    def test_no_second_name_of_what_is_loaded(self):
        """A second name of a DLL that this process has loaded couldn't be removed."""
        for name, same in ((u"a.DLL", False), (u"python.exe", False), (u"_ssl.pyd", False), (u"os.py", True)):
            here, there = os.path.join(self.folder, name), os.path.join(self.folder, u"copy of " + name)
            with open(here, "wb") as f:
                f.write(b"x")
            moves.lay_copy(here, there)
            self.assertEqual(os.path.samefile(here, there), same, name)
