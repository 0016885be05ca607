"""Interpreters that gave way to another one."""
import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import outlived
import system
from system import WINDOWS, native, text
from tests import patched


NAME = u"python-3.13.9"


@contextlib.contextmanager
def nobody():
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


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

    @unittest.skipUnless(os.path.exists("/proc/self/maps") and os.geteuid() == 0, "only root starts a process of another user")
    def test_title(self):
        """A process of another user has a title: whether it runs one of the programs isn't
        seen, but by how much code it has it may."""
        process = subprocess.Popen(["worker: application"], executable="/bin/cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            process.stdin.write(b"x")
            process.stdin.flush()
            process.stdout.read(1)
            there = os.path.join(outlived.PROCESSES, b"%d" % process.pid)
            self.assertIs(outlived.uses(there, b"/nowhere/", {}), False)
            with nobody():
                self.assertIs(outlived.uses(there, b"/nowhere/", {}), None)
                self.assertGreater(outlived.code_of(there), 0)
        finally:
            process.communicate()
        self.assertEqual(outlived.code_of(there), 0)

    @unittest.skipUnless(os.path.exists("/proc/self/maps") and os.geteuid() == 0, "only root starts a process of another user")
    def test_link(self):
        """A process of another user runs one of the programs by a path with a link in it,
        or by one that isn't here, as in a container. Another interpreter is none of them."""
        os.chmod(self.base, 0o755)
        program, link = os.path.join(self.programs, b"python3"), os.path.join(self.base, b"current")
        shutil.copy("/bin/cat", text(program))
        shutil.copy("/bin/cat", text(self.base + b"/python3"))
        os.symlink(native(NAME), link)
        prefix = os.path.join(os.path.realpath(os.path.dirname(self.programs)), b"")
        for path, want in ((program, True), (link + b"/bin/python3", True), (b"/nowhere/bin/python3", None), (self.base + b"/python3", False)):
            process = subprocess.Popen([path], executable="/bin/cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                process.stdin.write(b"x")
                process.stdin.flush()
                process.stdout.read(1)
                with nobody():
                    self.assertIs(outlived.uses(os.path.join(outlived.PROCESSES, native(u"%d" % process.pid)), prefix, {}), want, path)
            finally:
                process.communicate()

    @unittest.skipUnless(os.path.exists("/proc/self/maps"), "the system doesn't say what processes use")
    def test_doubt(self):
        """Where a process doesn't say what it runs, its code counts."""
        for said, code, program, want in (
                (True, 7, 7, True), (False, 7, 7, False), (None, 7, 7, None), (None, 7, 8, False), (None, None, 8, None), (None, 7, None, None)):
            with patched(uses=lambda *_: said, code_of=lambda process: code, code_under=lambda programs: program):
                self.assertIs(outlived.is_used(os.path.dirname(self.programs)), want, (said, code, program))
        self.assertEqual(outlived.code_under({1: native(text(sys.executable))}), outlived.code_of(b"/proc/self"))
        self.assertIs(outlived.code_under({1: os.path.join(self.programs, b"python3")}), None)

    def test_unseen(self):
        """Without /proc, or where it hides others' processes, one stays until the next change."""
        with patched(PROCESSES=os.path.join(self.base, b"proc")):
            self.assertIs(outlived.is_used(os.path.dirname(self.programs)), None)
            os.makedirs(os.path.join(self.base, b"proc/self/maps"))
            self.assertIs(outlived.is_used(os.path.dirname(self.programs)), None)
            os.makedirs(os.path.join(self.base, b"proc/1"))
            self.assertIs(outlived.is_used(os.path.dirname(self.programs)), False)

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
