"""The child that fits the staged tree."""
import os
import shutil
import sys
import tempfile
import unittest

from forked import Fitter
from system import Refused, complain, digest, exact, lock, native, read_file, text


class Double(object):

    def __init__(self, **values):
        self.__dict__.update(values)


@unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
class FitterTest(unittest.TestCase):

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        os.mkdir(os.path.join(self.root, ".binary-buildout"))
        self.file = os.path.join(self.root, "ran")
        self.held = lock(native(text(self.root)))
        self.addCleanup(self.held.close)

    def fitter(self, fit):
        found = Fitter(__file__, self.held, fit)
        self.addCleanup(found.close)
        return found

    def leaves(self, code):
        def fit():
            with open(self.file, "w") as f:
                f.write("%d" % os.getpid())
            return code
        return fit

    def test_runs(self):
        """It does its work in another process, and only when it is told to."""
        fitter = self.fitter(self.leaves(2))
        child = fitter.child
        self.assertFalse(os.path.exists(self.file))
        self.assertEqual(fitter.run(), (2, b""))
        with open(self.file) as f:
            self.assertEqual(f.read(), "%d" % child)

    def test_says(self):
        """What it refuses, and what it stumbles over, is on its stderr."""
        code, err = self.fitter(lambda: complain(Refused(u"no", u"another", 2))).run()
        self.assertEqual((code, err), (2, b"error: no\nhint: another\n"))
        code, err = self.fitter(lambda: {}["key"]).run()
        self.assertEqual((code, b"KeyError: 'key'" in err), (1, True), err)

    def test_unused(self):
        """One that isn't needed ends, and has done nothing."""
        fitter = self.fitter(self.leaves(0))
        child = fitter.child
        fitter.close()
        self.assertFalse(os.path.exists(self.file))
        self.assertRaises(EnvironmentError, os.kill, child, 0)

    def test_lock(self):
        """The tree's lock is this process's alone: it is free when that gives it up."""
        told, tell = os.pipe()

        def fit():
            os.read(told, 1)  # this process has given it up
            lock(native(text(self.root))).close()
            return 0
        fitter = self.fitter(fit)
        self.held.close()
        os.write(tell, b"x")
        self.assertEqual(fitter.run(), (0, b""))
        os.close(told)
        os.close(tell)

    def test_fits(self):
        """It stands in for the same program under the same interpreter alone."""
        fitter = self.fitter(self.leaves(0))
        own, here = digest(read_file(__file__)), exact(os.path.abspath(sys.executable), u"")
        for sha256, path, bundled, want in ((own, here, None, True), (u"00", here, None, False), (own, here + u"x", None, False),
                                            (own, here, {"directory": u"python-3.13.9"}, False)):
            incoming = Double(manifest={"bundled_python": bundled}, files={"files": [{"path": u"a"}, {"path": u"bootstrap.py", "sha256": sha256}]})
            self.assertEqual(fitter.fits(incoming, Double(path=path)), want, (sha256, path, bundled))
        self.assertFalse(fitter.fits(Double(manifest={}, files={}), Double(path=here)))
