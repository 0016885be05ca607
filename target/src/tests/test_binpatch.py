"""Files that a delta says by those that are here. The rows of cases/patches.json
are what archive's tests make of the same pairs."""
import binascii
import hashlib
import os
import random
import shutil
import tempfile
import unittest

from binpatch import CHUNK, Patches, add
from system import Refused
from tests import cases


class Incoming(object):
    """Stands for a delta that was unpacked in a directory."""

    def __init__(self, folder, files, rows, streams):
        self.folder, self.delta, self.files = folder, {"patches": rows}, {"files": files}
        os.mkdir(self.full(u"patches"))
        for name, data in streams.items():
            with open(self.full(u"patches/" + name), "wb") as f:
                f.write(data)

    def full(self, name):
        return os.path.join(self.folder, name)

    def damaged(self, what):
        raise Refused(what, u"")


class PatchesTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.rows = cases("patches.json")["rows"]

    def incoming(self, change=lambda name, data: data):
        """All rows in one delta, each base in a file of its number."""
        streams = dict((name, b"") for name in (u"steps", u"diff", u"new"))
        for i, row in enumerate(self.rows):
            with open(os.path.join(self.folder, "base%d" % i), "wb") as f:
                f.write(row["base"].encode("latin-1"))
            for name in streams:
                streams[name] += binascii.unhexlify(row[name].encode("ascii"))
        streams = dict((name, change(name, data)) for name, data in streams.items())
        shutil.rmtree(os.path.join(self.folder, "patches"), True)
        files = [{"path": u"file%d" % i} for i in range(len(self.rows))]
        return Incoming(self.folder, files, [[i, i, row["count"]] for i, row in enumerate(self.rows)], streams)

    def patches(self, incoming):
        return Patches(incoming, [{"path": u"base%d" % i} for i in range(len(self.rows))])

    def make(self, patches, i):
        want = self.rows[i]["next"].encode("latin-1")
        entry = {"size": len(want), "sha256": hashlib.sha256(want).hexdigest()}
        got = b"".join(patches.chunks(u"file%d" % i, os.path.join(self.folder, "base%d" % i), entry))
        self.assertEqual(got, want)

    def test_rows(self):
        patches = self.patches(self.incoming())
        self.addCleanup(patches.close)
        self.assertTrue(len(self.rows) > 5)
        for i in range(len(self.rows)):
            self.assertEqual(patches.base(u"file%d" % i), u"base%d" % i)
            self.make(patches, i)
        self.assertEqual(patches.base(u"another"), None)

    def test_order(self):
        patches = self.patches(self.incoming())
        self.addCleanup(patches.close)
        self.assertRaises(Refused, self.make, patches, 1)

    def test_cut_and_altered(self):
        """Whatever is wrong with a stream is found before the last piece is given."""
        for name in (u"steps", u"diff", u"new"):
            for change in (lambda data: data[:-1], lambda data: data[:len(data) // 2],
                           lambda data: data[:-1] + binascii.unhexlify("%02x" % (ord(data[-1:]) ^ 1)),
                           lambda data: b"\xff" * len(data)):
                patches = self.patches(self.incoming(lambda n, data: change(data) if n == name else data))
                try:
                    self.assertRaises(Refused, lambda: [self.make(patches, i) for i in range(len(self.rows))])
                finally:
                    patches.close()

    def test_far_places(self):
        """A place that no file has is none to seek to: the system has no words for it."""
        far = binascii.unhexlify("0000" + "feffffffffffffff3f")  # nothing, and 2 ** 61 - 1 ahead
        for steps in (far * 2, far * 8, binascii.unhexlify("000001")):
            streams = {u"steps": steps + b"\0\0\0", u"diff": b"", u"new": b""}
            shutil.rmtree(os.path.join(self.folder, "patches"), True)
            with open(os.path.join(self.folder, "base0"), "wb") as f:
                f.write(b"a base")
            incoming = Incoming(self.folder, [{"path": u"file0"}], [[0, 0, len(steps) // 3 + 1]], streams)
            patches = Patches(incoming, [{"path": u"base0"}])
            self.addCleanup(patches.close)
            entry = {"size": 0, "sha256": hashlib.sha256(b"").hexdigest()}
            self.assertRaises(Refused, list, patches.chunks(u"file0", os.path.join(self.folder, "base0"), entry))

    def test_empty_steps(self):
        """Steps that make nothing take no memory, however many they are."""
        patches = Patches(Incoming(self.folder, [], [], {u"steps": b"\0" * 3000, u"diff": b"", u"new": b""}), [])
        self.addCleanup(patches.close)
        layouts = []
        patches.streams.piece = lambda base, layout: layouts.extend(layout)
        self.assertEqual(len(list(patches.streams.pieces(b"a base", 1000, 0))), 1)
        self.assertEqual(layouts, [])

    def test_large(self):
        """Steps that are larger than a piece, or end with one, or are many in one."""
        r = random.Random(2)
        base = bytearray(range(251)) * (4 * CHUNK // 251)
        some = bytearray(r.choice((0, 0, 0, 255, 7)) for _ in range(1009)) * (4 * CHUNK // 1009)
        sizes = [(0, 0), (3, 5), (CHUNK, 0), (0, CHUNK), (1, 0), (CHUNK - 1, 1), (2 * CHUNK + 7, 3 * CHUNK + 1), (0, 1), (CHUNK + 1, 0), (5, 2 * CHUNK)]
        sizes += [(r.randrange(9), r.randrange(9)) for _ in range(3000)] + [(CHUNK, CHUNK)]
        steps, diff, new, want, at = bytearray(), bytearray(), bytearray(), bytearray(), 0
        for added, put in sizes:
            more = some[:added]
            want += bytearray((a + b) & 255 for a, b in zip(base[at:at + added], more))
            diff += more
            want += some[7:7 + put]
            new += some[7:7 + put]
            after = r.randrange(CHUNK)
            seek = after - at - added
            for number in (added, put, 2 * seek if seek >= 0 else -2 * seek - 1):
                while number > 127:
                    steps.append(number & 127 | 128)
                    number >>= 7
                steps.append(number)
            at = after
        shutil.rmtree(os.path.join(self.folder, "patches"), True)
        with open(os.path.join(self.folder, "base0"), "wb") as f:
            f.write(base)
        patches = Patches(Incoming(self.folder, [{"path": u"file0"}], [[0, 0, len(sizes)]],
                                   {u"steps": steps, u"diff": diff, u"new": new}), [{"path": u"base0"}])
        self.addCleanup(patches.close)
        entry = {"size": len(want), "sha256": hashlib.sha256(want).hexdigest()}
        self.assertEqual(b"".join(patches.chunks(u"file0", os.path.join(self.folder, "base0"), entry)), bytes(want))

    def test_add(self):
        r = random.Random(1)
        for count in (1, 2, 7, 255, CHUNK - 1, CHUNK):
            base, diff = (bytearray(r.randrange(256) for _ in range(count)) for _ in range(2))
            want = bytes(bytearray((a + b) & 255 for a, b in zip(base, diff)))
            self.assertEqual(add(bytes(base), bytes(diff)), want)
            self.assertEqual(add(bytes(base), b"\0" * count), bytes(base))


if __name__ == "__main__":
    unittest.main()
