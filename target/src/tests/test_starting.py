"""The platform by which a Python of 32 bits names eggs."""
import os
import struct
import sys
import sysconfig
import unittest

import probe
import starting


@unittest.skipUnless(sys.platform.startswith("linux"), "for Linux")
class Platform(unittest.TestCase):

    def setUp(self):
        self.old = struct.calcsize, os.uname
        self.given = os.environ.pop("_PYTHON_HOST_PLATFORM", None)

    def tearDown(self):
        struct.calcsize, os.uname = self.old
        os.environ.pop("_PYTHON_HOST_PLATFORM", None)
        if self.given is not None:
            os.environ["_PYTHON_HOST_PLATFORM"] = self.given

    def test_name(self):
        """It is the same on a kernel of 64 bits and on one of 32, and the processor that the probe tells."""
        for kernel, size, name in (("x86_64", 4, "linux-i686"), ("i686", 4, "linux-i686"), ("aarch64", 4, "linux-armv7l"),
                                   ("armv8l", 4, "linux-armv7l"), ("armv7l", 4, "linux-armv7l"),
                                   ("x86_64", 8, "linux-x86_64"), ("aarch64", 8, "linux-aarch64")):
            os.environ.pop("_PYTHON_HOST_PLATFORM", None)
            struct.calcsize, os.uname = lambda _, size=size: size, lambda k=kernel: ("Linux", "", "", "", k)
            starting.name_platform()
            self.assertEqual(sysconfig.get_platform(), name)
            self.assertEqual("linux-" + probe.asked()["machine"], name)

    def test_given(self):
        """Who builds for another system has said which."""
        os.environ["_PYTHON_HOST_PLATFORM"] = "linux-armv6l"
        struct.calcsize, os.uname = lambda _: 4, lambda: ("Linux", "", "", "", "aarch64")
        starting.name_platform()
        self.assertEqual(sysconfig.get_platform(), "linux-armv6l")
