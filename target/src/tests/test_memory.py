"""A large file is copied and compared in less than 64 MiB of memory."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

LARGE = 96 << 20
PROGRAM = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from system import digest_of, pieces, write_new
seen = hashlib.sha256()
write_new(sys.argv[3], pieces(sys.argv[2], seen), 0o644)
assert digest_of(sys.argv[3]) == seen.hexdigest()
with open("/proc/self/status") as f: # getrusage counts what the parent had at the fork
    print([line.split()[1] for line in f if line.startswith("VmHWM:")][0])
"""


class MemoryTest(unittest.TestCase):

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "the system doesn't say what was used")
    def test_large_file(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        one, other = os.path.join(folder, "one"), os.path.join(folder, "other")
        with open(one, "wb") as f:
            f.truncate(LARGE)
        source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        used = int(subprocess.check_output([sys.executable, "-c", PROGRAM, source, one, other]))
        self.assertEqual(os.path.getsize(other), LARGE)
        self.assertLess(used, 64 << 10)


if __name__ == "__main__":
    unittest.main()
