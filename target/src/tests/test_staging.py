"""The new version's tree, while it is laid."""
import os
import shutil
import tempfile
import unittest

from incoming import DELTA_FORMAT, read_delta
from staging import Staging
from system import Refused, WINDOWS, digest, native, read_file, text, write_new
from tree import Tree


class Double(object):

    def __init__(self, **values):
        self.__dict__.update(values)


class StagingTest(unittest.TestCase):

    def test_closes(self):
        """Where a file is refused, nothing of incoming/ stays open: Windows removes
        no open file, and would say that instead of the reason."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        staging, closed = Staging.__new__(Staging), []
        staging.base = os.path.join(native(text(folder)), native(u"staged"))
        staging.made, staging.payload = set(), lambda: ()
        staging.incoming = Double(files={"files": [{"path": u"eggs/a.py"}]}, documents={})
        staging.patches = Double(close=lambda: closed.append(True))

        def refuse(path, entry, full):
            raise Refused(path)
        staging.lay_file = refuse
        self.assertRaises(Refused, staging.lay)
        self.assertEqual(closed, [True])


class ContentTest(unittest.TestCase):
    """Files that are made of those of the version that is here."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.staging = Staging.__new__(Staging)
        self.staging.base = os.path.join(native(text(self.folder)), native(u"staged"))
        os.mkdir(self.staging.base)
        self.staging.tree = Tree.__new__(Tree)
        self.staging.tree.base, self.staging.tree.safe = native(text(self.folder)), set()
        self.staging.incoming, self.staging.written = Double(epoch=1000000000, damaged=self.damaged), {}
        self.staging.before, self.staging.contents = {u"old": self.entry(u"old", b"text")}, {}

    @staticmethod
    def damaged(what):
        raise Refused(u"%s is damaged" % what)

    def entry(self, path, data):
        return {"path": path, "mode": 0o644, "size": len(data), "sha256": digest(data)}

    def write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as f:
            f.write(data)

    def staged(self, path):
        return os.path.join(self.staging.base, native(path))

    def test_moved(self):
        """What moved is copied where it is as it was. A file that was edited isn't taken."""
        entry = self.entry(u"new", b"text")
        self.staging.contents = {entry["sha256"]: [u"old", u"other"]}
        self.staging.before[u"other"] = self.entry(u"other", b"text")
        self.write("old", b"tEXt")
        self.assertFalse(self.staging.lay_moved(u"new", entry, self.staged(u"new")))
        self.assertEqual(os.listdir(self.staging.base), [])
        self.write("other", b"text")
        self.assertTrue(self.staging.lay_moved(u"new", entry, self.staged(u"new")))
        self.assertEqual(read_file(self.staged(u"new")), b"text")

    def test_patched(self):
        """Where a base was edited, that is said, and not that the delta is damaged."""
        entry = self.entry(u"new", b"texts")
        data, said = [b"texts"], u"streams are damaged"

        def chunks(path, source, entry):
            for piece in data:
                yield piece
            if digest(b"".join(data)) != entry["sha256"]:
                raise Refused(said)
        self.staging.patches = Double(base=lambda path: u"old", chunks=chunks)
        for here, made, want in ((b"text", b"texts", None), (b"text", b"wrong", said), (b"tEXt", b"wrong", u"old is not as it was installed"),
                                 (b"longer", b"texts", u"old is not as it was installed"), (None, b"texts", u"old is missing")):
            if here is None:
                os.unlink(os.path.join(self.folder, "old"))
            else:
                self.write("old", here)
            data[:] = [made]
            try:
                self.staging.lay_patched(u"new", entry, self.staged(u"new"))
                found = None
            except Refused as e:
                found = e.message
            self.assertEqual(found and found.partition(u", and")[0], want, (here, made))

    @unittest.skipIf(WINDOWS, "each file is read there")
    def test_written(self):
        """What was checked while it was written isn't read again, unless something else is there now."""
        entry = self.entry(u"new", b"text")
        self.staging.contents = {entry["sha256"]: [u"old"]}
        self.write("old", b"text")
        full = self.staged(u"new")
        self.assertEqual(self.staging.as_written(u"new", full), None)
        self.assertTrue(self.staging.lay_moved(u"new", entry, full))
        found = self.staging.as_written(u"new", full)
        self.assertEqual((found.kind, found.mode, found.value), (u"file", 0o644, entry["sha256"]))
        os.utime(full, None)  # somebody wrote into it
        self.assertEqual(self.staging.as_written(u"new", full), None)
        write_new(full + native(u".part"), b"fitted", 0o644, (1000000000, 1000000000))
        os.rename(full + native(u".part"), full)
        self.assertEqual(self.staging.as_written(u"new", full), None)


class EntriesTest(unittest.TestCase):

    def test_once(self):
        """What both lists of files have alike is in memory once, and where contents are is
        known of those that moved."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        os.mkdir(os.path.join(folder, ".binary-buildout"))
        line = u'{"path": "%s", "mode": 420, "size": 1, "sha256": "%s"}'
        with open(os.path.join(folder, ".binary-buildout", "files.json"), "wb") as f:
            f.write((u'{"format": 1, "files": [%s]}' % u", ".join(line % row for row in (
                (u"a", u"11"), (u"eggs/old", u"22"), (u"var/c", u"22"), (u"d", u"33")))).encode("ascii"))
        new = [{"path": path, "mode": 420, "size": 1, "sha256": digest} for path, digest in (
            (u"a", u"11"), (u"eggs/new", u"22"), (u"d", u"44"))]
        staging = Staging.__new__(Staging)
        staging.tree, staging.incoming = Double(base=native(text(folder))), Double(files={"files": new})
        staging.entries = staging.read_entries()
        staging.before = dict((e["path"], e) for e in staging.entries)
        self.assertEqual([e["sha256"] for e in staging.entries], [u"11", u"22", u"22", u"33"])
        self.assertEqual([e is n for e, n in zip(staging.entries, new)], [True, False, False])
        self.assertEqual(staging.moved(), {u"22": [u"eggs/old"], u"44": []})


class DeltaFormatTest(unittest.TestCase):

    def test_newer(self):
        """A delta of a format to come names the archive to use instead."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        for said, named in ((u', "archive": "site-2.0-cp313-linux_x86_64.tar.gz"', u"site-2.0-cp313-linux_x86_64.tar.gz"),
                            (u"", u"ARCHIVE"), (u', "archive": 7', u"ARCHIVE")):
            with open(os.path.join(folder, "delta.json"), "wb") as f:
                f.write((u'{"format": %d%s}' % (DELTA_FORMAT + 1, said)).encode("ascii"))
            try:
                read_delta(native(text(os.path.dirname(folder))), text(os.path.basename(folder)))
                self.fail("it was read")
            except Refused as e:
                self.assertEqual(e.code, 2)
                self.assertIn(u"delta.json has format 3, and this program knows 2", e.message)
                self.assertEqual(e.hint, u"update with the whole archive: binary-buildout update DIR " + named)


if __name__ == "__main__":
    unittest.main()
