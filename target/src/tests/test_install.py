"""What install.py says, and where it installs."""
import json
import os
import pwd
import shutil
import tempfile
import unittest

import fetch
import here
import options
import placing
import shelves
import unpack
import words
import work
from tests import cases


class Install(unittest.TestCase):

    def test_odd(self):
        """What Windows takes for a stream, a drive, a device or another name has no place in an archive there."""
        for name in (b"x:y", b"C:evil", b"nul", b"NUL.txt", b"a?", b"b\"", b"COM1.txt", b"lpt9", b"dot.", b"space ", b"a\x07", b"a|b", b"<a", b"*"):
            self.assertTrue(unpack.ODD.search(name), name)
        for name in (b"x", b"nully", b"console", b"com10.py", b".binary-buildout", b"a.b", b"a b", b"\xc3\xbc", b"__init__.py", b"it's"):
            self.assertFalse(unpack.ODD.search(name), name)

    def test_plainly(self):
        """What steers a terminal is shown as its number, whoever wrote it."""
        self.assertEqual(words.plain(b"a\x1b[2J\r\xc2\x9b2J\xe2\x80\xaeb\x7f \xc3\xbc\tn"),
                         b"a\\x1b[2J\\x0d\\xc2\\x9b2J\\xe2\\x80\\xaeb\\x7f \xc3\xbc\tn")

    def test_spoken(self):
        """Options are called as the user knows them: install.ps1 hands over OPTIONS."""
        said = "--tag and --sha256 of --python-dir\nhint: x"
        self.assertEqual(options.spoken(said), "--tag and --sha256 of --python-dir\\nhint: x")
        options.OPTIONS = b""
        try:
            self.assertEqual(options.spoken(said), "-Tag and -Sha256 of -Python-dir\\nhint: x")
        finally:
            del options.OPTIONS

    @unittest.skipIf(os.geteuid() != 0, "only root can make another user's link")
    def test_links(self):
        """In a directory that all may write to, a link that another user made
        is not followed, as the kernel doesn't follow it (protected_symlinks)."""
        base = os.path.realpath(tempfile.mkdtemp())
        at = lambda name: os.path.join(base, name)
        try:
            os.mkdir(at("real"))
            os.mkdir(at("sticky"))
            os.chmod(at("sticky"), 0o1777)
            for link, to in (("sticky/link", at("real")), ("to", "sticky/link"), ("broken", "nowhere"), ("circle", "circle")):
                os.symlink(to, at(link))
            wrong = []
            for row in words.native(cases("links.json"))["rows"]:
                os.lchown(at("sticky/link"), pwd.getpwnam("nobody").pw_uid if row.get("foreign") else 0, -1)
                try:
                    got = here.final(at(row["path"]))
                    right = "final" in row and got == at(row["final"])
                except words.Stop as e:
                    got = e.text + e.hint
                    right = e.code == 2 and "error" in row and row["error"] in got
                if not right:
                    wrong.append((row, got))
            self.assertEqual(wrong, [])
        finally:
            shutil.rmtree(base)

    def test_space(self):
        """What the disk has no room for is refused, on Windows too, where Python says in another way what is left."""
        base, statvfs, usage = tempfile.mkdtemp(), os.statvfs, getattr(shutil, "disk_usage", None)
        os.mkdir(os.path.join(base, ".binary-buildout"))
        with open(os.path.join(base, ".binary-buildout", "files.json"), "w") as f:
            json.dump({"files": [{"size": 1 << 60}, {}]}, f)
        part = os.path.join(base, "x.part")
        try:
            for windows in (False, True) if usage else (False,):
                if windows:
                    left = usage(base)
                    shutil.disk_usage = lambda directory: left
                    del os.statvfs
                fetch.room(part, 1)
                for step in (lambda: fetch.room(part, 1 << 60), lambda: unpack.room_for("x.tar.gz", base)):
                    with self.assertRaises(words.Stop) as stop:
                        step()
                    self.assertEqual((stop.exception.code, "MB are free" in stop.exception.text), (3, True))
        finally:
            os.statvfs = statvfs
            if usage:
                shutil.disk_usage = usage
            shutil.rmtree(base)

    def test_interrupted(self):
        """What an install that was killed left in the directory itself, and nothing of a stranger's, is cleared up."""
        wrong = []
        for row in words.native(cases("interrupted.json"))["rows"]:
            above = tempfile.mkdtemp()
            base, outside = os.path.join(above, "app"), os.path.join(above, "outside")
            for path in [base, outside] + [os.path.join(base, name) for name in row["there"]]:
                os.mkdir(path)
            if "entries" in row:
                with open(os.path.join(base, here.INSIDE + "new", "entries.json"), "w") as f:
                    json.dump(row["entries"], f)
            got = here.interrupted(base)
            try:
                here.undo(base)
                left = sorted(os.listdir(base))
            except words.Stop as e:
                left = None if e.code == 3 else e.text
            if (got, left) != (row["interrupted"], row.get("left")) or not os.path.isdir(outside):
                wrong.append((row, got, left))
            shutil.rmtree(above)
        self.assertEqual(wrong, [])

    def test_parts(self):
        """Of a download that was cut off, the part stays for the next run; where there is none, nothing does."""
        base = tempfile.mkdtemp()
        try:
            for left in ["a.part"], []:
                place = work.Work(os.path.join(base, "download"))
                for name, text in ("a.part", "x" * len(left)), ("b.part", ""), ("a.tar.gz", "x"):
                    with open(os.path.join(place.path, name), "w") as f:
                        f.write(text)
                place.keep_parts()
                got = [name for name in os.listdir(place.path) if name != ".lock"] if os.path.exists(place.path) else None
                self.assertEqual(got, left or None)
                if left:
                    os.close(place.lock)
        finally:
            shutil.rmtree(base)

    def test_other_version(self):
        """Who installs over another version is told of --update, and not of the mirror's password."""
        shelf = shelves.source("https://user:password@mirror.example.com/app", "", "", "", "", ("powershell", ""))
        stop = here.other_version("/srv/app", {"what": "app 1.0", "base": "b", "state": {}}, {"deltas": [{"base": "b", "delta": "d.tar.gz"}]}, {"name": "app", "version": "2.0"}, shelf)
        self.assertTrue(stop.hint.startswith("binary-buildout update /srv/app https://mirror.example.com/app; or add --update; or fetch https://mirror.example.com/app/d.tar.gz, "), stop.hint)
        self.assertNotIn("password", stop.hint)

    def test_way(self):
        """An empty directory gives way; one in which something was put meanwhile doesn't."""
        base = tempfile.mkdtemp()
        placing.make_way(os.path.join(base, "none"))
        try:
            os.mkdir(os.path.join(base, "x"))
            self.assertRaises(words.Stop, placing.make_way, base)
            placing.make_way(os.path.join(base, "x"))
            self.assertEqual(os.listdir(base), [])
        finally:
            shutil.rmtree(base)
