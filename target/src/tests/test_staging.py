"""The new version's tree, while it is laid."""
import os
import shutil
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main()
