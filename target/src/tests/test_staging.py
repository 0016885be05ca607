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
        staging.incoming = Double(files={"files": [{"path": u"eggs/a.py"}]})
        staging.patches = Double(close=lambda: closed.append(True))

        def refuse(path, entry, full):
            raise Refused(path)
        staging.lay_file = refuse
        self.assertRaises(Refused, staging.lay)
        self.assertEqual(closed, [True])


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
