"""What an update lays for bootstrap.py."""
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile
import unittest

import laying
import upgrade
import words


class Tree(object):
    """A tree in a directory."""

    def __init__(self, path, **manifest):
        self.path, self.manifest = path, manifest

    def own(self, *names):
        return os.path.join(self.path, ".binary-buildout", *names)


class Laying(unittest.TestCase):
    digest = "a" * 64

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def lay(self, *files):
        """Lays a delta of these files, whose source has a password in it."""
        path = os.path.join(self.dir, "delta.tar.gz")
        with tarfile.open(path, "w:gz") as archive:
            for name, content in (("delta.json", json.dumps({"epoch": 1000000000}).encode("ascii")),) + files:
                member = tarfile.TarInfo(".binary-buildout/incoming/%s/%s" % (self.digest, name))
                member.size, member.mode = len(content), 0o644
                archive.addfile(member, io.BytesIO(content))
        with open(path, "rb") as f:
            return laying.lay_delta(f, Tree(self.dir), "https://user:password@mirror.example.com/app")

    def test_interpreters(self):
        """Another archive gets neither the interpreter of the version that is here nor one that goes with this run."""
        own, other, brought = [{"executable": path} for path in (os.path.join(self.dir, "python-3.13.5", "bin", "python3"), os.path.join(self.dir + ".x", "python3"), sys.executable)]
        for o, manifest, want in (
                ({}, {"bundled_python": {"executable": "python-3.13.5/bin/python3"}}, [other, brought]),
                ({}, {}, [own, other, brought]),
                ({"brought": "app.tar.gz"}, {}, [own, other]),
                ({"brought": "app.tar.gz"}, {"bundled_python": {"executable": "x"}}, [other])):
            prefix, sys.prefix = sys.prefix, os.path.dirname(sys.executable)
            try:
                self.assertEqual(upgrade.staying([own, other, brought], o, Tree(self.dir, **manifest)), want)
            finally:
                sys.prefix = prefix

    def test_other_interpreter(self):
        """A delta too sets the tree up for the Python that was asked for, or for another one where its own is gone."""
        tree, python = Tree(self.dir), {"executable": "/opt/python"}
        for there, asked, python, want in (
                (sys.executable, "", python, ""), (sys.executable, "3.13", python, "/opt/python"), (os.path.join(self.dir, "gone"), "", python, "/opt/python"),
                (sys.executable, "", None, "")):
            tree.state = {"interpreter": there}
            self.assertEqual(upgrade.other({"python": asked}, tree, python), want)

    @unittest.skipIf(words.WINDOWS, "there are no modes on Windows")
    def test_password(self):
        """delta.json has the password of a mirror in it: it is for nobody else to read."""
        self.assertEqual(self.lay(("files/a", b"x"))[1], self.digest)
        at = os.path.join(self.dir, ".binary-buildout", "incoming", self.digest)
        modes = [os.stat(os.path.join(at, name)).st_mode & 0o777 for name in ("delta.json", "files/a")]
        self.assertEqual(modes, [0o600, 0o644])

    def test_windows(self):
        """There, a name with a colon is a drive's or a stream's: it has no place in a delta."""
        laying.WINDOWS = True
        try:
            for name in "files/C:x", "files/a/C:/x", "files/nul", "files/x.":
                with self.assertRaises(words.Stop) as stopped:
                    self.lay((name, b"x"))
                self.assertIn("has no place in it", stopped.exception.text)
                shutil.rmtree(os.path.join(self.dir, ".binary-buildout"))
        finally:
            laying.WINDOWS = words.WINDOWS


if __name__ == "__main__":
    unittest.main()
