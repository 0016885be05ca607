"""Interpreters that gave way to another one."""
import errno
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import outlived
import system
from system import WINDOWS, native, text
from tests import patched


NAME = u"python-3.13.9"


@unittest.skipIf(WINDOWS, "needs pipes and a cat; see test_windows")
class Outlived(unittest.TestCase):

    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.base = native(text(folder))
        self.programs = os.path.join(self.base, native(NAME + u"/bin"))
        os.makedirs(self.programs)
        os.mkdir(os.path.join(self.base, b".binary-buildout"))

    @unittest.skipUnless(os.path.exists("/proc/self/maps"), "the system doesn't say what processes use")
    def test_another_path(self):
        """A process that knows the directory by another path, as in a container, uses it too."""
        program, other = os.path.join(self.programs, b"python3"), os.path.join(self.base, b"elsewhere")
        shutil.copy("/bin/cat", text(program))  # it goes on until its input ends
        os.link(program, other)
        process = subprocess.Popen([other], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            process.stdin.write(b"x")
            process.stdin.flush()
            process.stdout.read(1)  # it has begun
            self.assertTrue(outlived.is_used(os.path.dirname(self.programs)))
        finally:
            process.communicate()
        self.assertFalse(outlived.is_used(os.path.dirname(self.programs)))

    def test_added(self):
        """What people added stays, of whatever kind it is."""
        pipe = os.path.join(self.programs, b"pipe")
        os.mkfifo(pipe)
        outlived.remove(self.base, NAME, {})
        self.assertTrue(os.path.lexists(pipe))

    def test_damaged(self):
        """A damaged list stops no change: the next one replaces it."""
        path = os.path.join(self.base, native(outlived.OUTLIVED))
        with open(path, "wb"):
            pass
        outlived.sweep_outlived(self.base)
        self.assertEqual(outlived.outlived(self.base), {})
        outlived.note_outlived(self.base, NAME, {NAME + u"/bin/python3": u"11"}, u"22")
        with open(path, "rb") as f:
            self.assertEqual(json.loads(f.read().decode("ascii"))["interpreters"], {NAME: {"to": u"22", "files": {NAME + u"/bin/python3": u"11"}}})

    def test_full_disk(self):
        """What can't be written down is left to the next run: the change itself is done."""
        manifest = {"format": 1, "name": "a", "version": "1", "target": "x", "python": {"version": "3.13.9", "implementation": "cpython", "abi": "cp313"}}
        with open(os.path.join(self.base, native(system.MANIFEST)), "wb") as f:
            f.write(json.dumps(manifest).encode("ascii"))
        outlived.note_outlived(self.base, NAME, {}, u"22")
        outlived.note_outlived(self.base, u"python-gone", {}, u"22")

        def full(*_):
            raise EnvironmentError(errno.ENOSPC, "No space left on device")
        with patched(is_used=lambda folder: True, write_json=full):
            outlived.sweep_outlived(self.base)
        self.assertEqual(sorted(outlived.outlived(self.base)), [NAME, u"python-gone"])
