"""What SHA256SUMS says of a mirror that has no index.json."""
import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import unittest

import brought
import here
import installation
import sums
from index import read_index
from interpreters import describe
from shelves import Folder
from tests import patched
from words import Stop


class Sums(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.options = {"from": self.folder, "label": "", "sha256": "", "python": "", "tag": "", "release": "", "brought": ""}

    def refused(self, data, **options):
        with open(os.path.join(self.folder, "SHA256SUMS"), "wb") as f:
            f.write(data)
        found = describe(sys.executable)
        try:
            with sums.listing(Folder(self.folder), dict(self.options, **options), [found], None, None):
                return None
        except Stop as e:
            return e.code, e.text

    def test_empty(self):
        """An empty one is no crash."""
        code, why = self.refused(b"")
        self.assertEqual((code, "it names no archive" in why), (2, True), why)

    def test_another_digest(self):
        """Where --sha256 names none of them, the error says that, and nothing of a label."""
        told = describe(sys.executable)
        name = "app-1.0-%s-linux_%s.tar.gz" % (told["abi"], told["machine"])
        data = ("%s  %s\n" % (hashlib.sha256(b"x").hexdigest(), name)).encode("ascii")
        code, why = self.refused(data, sha256="sha256:" + "AB" * 32)
        self.assertEqual((code, "ab" * 32 in why, "label" in why), (1, True, False), why)

    def test_labels(self):
        """Which of several labels is meant, nobody guesses: an update would get the other one."""
        told = describe(sys.executable)
        names = ["app-1.0-%s-linux_%s-%s.tar.gz" % (told["abi"], told["machine"], label) for label in ("full", "small")]
        data = "".join("%s  %s\n" % (hashlib.sha256(n.encode("ascii")).hexdigest(), n) for n in names).encode("ascii")
        code, why = self.refused(data)
        self.assertEqual((code, "full, small" in why), (2, True), why)
        with open(os.path.join(self.folder, names[1]), "wb") as f:
            f.write(b"x")
        code, why = self.refused(data, label="small")
        self.assertEqual((code, names[1] in why), (1, True), why)

    def test_altered(self):
        """A file that is altered after its digest was taken isn't taken for the one that is
        listed: what is installed is compared with SHA256SUMS, and not with itself."""
        told = describe(sys.executable)
        name = "app-1.0-%s-linux_%s.tar.gz" % (told["abi"], told["machine"])
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(b"listed")
        listed = hashlib.sha256(b"listed").hexdigest()
        read = brought.sum_of

        def altered(f):
            found = read(f)
            with open(path, "wb") as other:
                other.write(b"another")
            return found
        with open(os.path.join(self.folder, "SHA256SUMS"), "wb") as f:
            f.write(("%s  %s\n" % (listed, name)).encode("ascii"))
        manifest = {"name": "app", "version": "1.0", "target": "%s-linux_%s" % (told["abi"], told["machine"])}
        with patched(sum_of=altered, manifest_in=lambda f: manifest):
            with sums.listing(Folder(self.folder), self.options, [told], None, None) as (data, _):
                self.assertEqual(read_index(data, "")["archives"][0]["sha256"], listed)

    def test_killed(self):
        """What an install that was killed while it fetched leaves in a directory, whose
        parent it can't write, is known as that: the next one goes on."""
        path = os.path.join(self.folder, "app")
        os.mkdir(path)
        asked = []

        @contextlib.contextmanager
        def listing(shelf, o, found, there, place):
            asked.append(place())
            raise Stop(3, "killed")
            yield

        def refuse(*_):
            raise EnvironmentError(13, "Permission denied")
        mkdir, os.mkdir = os.mkdir, refuse
        try:
            with patched(listing=listing, safe_place=lambda path: None, pythons=lambda python: []):
                self.assertRaises(Stop, installation.install, dict(self.options, into=path, server="", repo=""))
        finally:
            os.mkdir = mkdir
        self.assertEqual([os.path.dirname(p) for p in asked], [os.path.realpath(path)])
        os.mkdir(asked[0])
        self.assertTrue(here.interrupted(path))
