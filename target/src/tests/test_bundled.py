"""bundled.py, and the place of the starter in a change."""
import os
import sys
import unittest

from bundled import GIVEN, STARTER, bundled_in, hand_over, how_to_start
from ownership import check_owner
from plan import Item, Plan, is_owned
from system import Refused, native
from tests.trees import Tree

OURS = b"#!/bin/sh\n# binary-buildout: starts bootstrap.py\nPYTHON=python-3.13.9/bin/python3.13\n"


class Bundled(unittest.TestCase):
    def setUp(self):
        self.tree = Tree()
        self.addCleanup(self.tree.close)

    def test_ours_alone(self):
        """A project may have a bootstrap of its own."""
        base = native(self.tree.root)
        self.assertIsNone(bundled_in(base))
        for data in (b"#!/bin/sh\nPYTHON=python3\npip install zc.buildout\n", OURS.replace(b"PYTHON=", b"PYTHON=$(id) "), b"", OURS[:-1]):
            self.tree.write(STARTER, data)
            self.assertIsNone(bundled_in(base))
            self.assertEqual(how_to_start(base), u"python bootstrap.py")
            hand_over(base, [])  # there is nothing to go on under
        self.tree.write(STARTER, OURS)
        self.assertEqual(bundled_in(base), u"python-3.13.9/bin/python3.13")
        self.assertNotEqual(how_to_start(base), u"python bootstrap.py")

    @unittest.skipIf(os.name == "nt", "there it is a child")
    def test_lost(self):
        """An interpreter of the tree that takes another place for its own goes on under itself once."""
        tree = Tree(u"Ort \xfc")
        self.addCleanup(tree.close)
        tree.write(STARTER, OURS)
        tree.write(u"python-3.13.9/bin/python3.13", b"")
        old = sys.executable, os.execve
        calls = []
        sys.executable, os.execve = tree.own(u"python-3.13.9/bin/python3.13"), lambda *args: calls.append(args)
        os.environ[GIVEN] = old[0]
        try:
            self.assertRaises(Refused, hand_over, native(tree.root), [])
        finally:
            sys.executable, os.execve = old
            del os.environ[GIVEN]
        self.assertEqual(calls, [])

    @unittest.skipIf(os.name == "nt" or os.geteuid() != 0, "needs root: another user's files")
    def test_owner(self):
        """Root goes on neither by a starter nor under an interpreter that another user can change."""
        base, top = native(self.tree.root), u"python-3.13.9"
        self.tree.write(STARTER, OURS)
        self.tree.write(top + u"/bin/python3.13", b"")
        self.tree.write(top + u"/lib/python3.13/os.py", b"")
        self.tree.write(top + u"/lib64/python3.13/os.py", b"")
        check_owner(base)
        for path in (STARTER, top, top + u"/bin", top + u"/bin/python3.13", top + u"/lib", top + u"/lib/python3.13",
                     top + u"/lib64", top + u"/lib64/python3.13"):
            os.chown(self.tree.at(path), 12345, 12345)
            self.assertRaises(Refused, check_owner, base)
            os.chown(self.tree.at(path), 0, 0)
        check_owner(base)

    def test_order(self):
        """The starter is there when all of its interpreter is, and goes before any of it."""
        program = u"python-3.13.9/bin/python3.13"
        coming = Plan(native(self.tree.root), {}, None)
        for path in (STARTER, u"eggs/x.py", program):
            coming.lay(path, Item(u"file", 0o644, u"x", u"from"), None)
        self.assertEqual([o[1] for o in coming.operations()], [u"eggs/x.py", program, STARTER])
        for path in (STARTER, program):
            self.tree.write(path, b"x")
        there = Plan(native(self.tree.root), {}, None)
        have = dict((path, there.have(path)) for path in (program, STARTER))
        going = Plan(native(self.tree.root), dict((path, item.value) for path, item in have.items()), None)
        for path in sorted(have):  # as plan_update goes through them
            going.remove(path, have[path])
        self.assertEqual([o[1] for o in going.operations()], [STARTER, program])

    def test_owned(self):
        for path in (STARTER, u"python-3.13.9/lib/python3.13/os.py"):
            self.assertTrue(is_owned(path), path)
        for path in (u"python/notes.txt", u"python-notes/x", u"python-3.13.9"):
            self.assertFalse(is_owned(path), path)
