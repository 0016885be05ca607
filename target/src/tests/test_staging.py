"""The new version's tree, while it is laid."""
import os
import shutil
import tempfile
import unittest

from incoming import DELTA_FORMAT, read_delta
from staging import Staging
from system import Refused, native, text


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
