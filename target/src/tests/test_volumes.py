"""Archives that a release has in volumes."""
import hashlib
import os
import shutil
import tempfile
import unittest

import index
import volumes
from words import Stop


def entry(text, size):
    """An archive of this content as index.json has it, and its volumes."""
    parts = [text[i:i + size] for i in range(0, len(text), size)]
    named = [{"volume": "a.tar.gz.part%d" % (i + 1), "size": len(p), "sha256": hashlib.sha256(p).hexdigest()} for i, p in enumerate(parts)]
    asset = {"archive": "a.tar.gz", "target": "cp313-linux_x86_64", "size": len(text), "sha256": hashlib.sha256(text).hexdigest(), "volumes": named}
    return asset, dict((v["volume"], p) for v, p in zip(named, parts))


class Shelf(object):
    def __init__(self, files):
        self.files, self.asked = files, []

    def local(self, asset):
        return self.files.get(asset["archive"])

    def get(self, asset, to):
        self.asked.append(asset["archive"])
        with open(to, "wb") as f:
            f.write(self.files[asset["archive"]])


class Volumes(unittest.TestCase):
    text = b"0123456789abcdefghijABCDEF"

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.to = os.path.join(self.dir, "x.part")
        self.asset, self.files = entry(self.text, 10)

    def bring(self, there):
        with open(self.to, "wb") as f:
            f.write(there)
        shelf = Shelf(self.files)
        try:
            volumes.bring(shelf, self.asset, self.to)
        finally:
            with open(self.to, "rb") as f:
                self.got = f.read()
        self.assertEqual(os.listdir(self.dir), ["x.part"])
        return [name[-5:] for name in shelf.asked]

    def test_they_become_the_archive(self):
        """What an earlier run added is not asked for again."""
        for there, asked in (b"", ["part1", "part2", "part3"]), (self.text[:10], ["part2", "part3"]), (self.text[:15], ["part2", "part3"]), (self.text, []):
            self.assertEqual(self.bring(there), asked)
            self.assertEqual(self.got, self.text)

    def test_a_damaged_one_is_refused(self):
        """Those before it stay, for the next run."""
        self.files["a.tar.gz.part2"] = b"x" * 10
        with self.assertRaises(Stop) as stopped:
            self.bring(b"")
        self.assertEqual(stopped.exception.code, 1)
        self.assertIn("a.tar.gz.part2", stopped.exception.text)
        self.assertEqual(self.got, self.text[:10])

    def test_one_archive_has_none(self):
        del self.asset["volumes"]
        self.files["a.tar.gz"] = self.text
        self.assertEqual(self.bring(b""), ["ar.gz"])

    def test_a_mirror_may_have_it_put_together(self):
        self.files = {"a.tar.gz": self.text}
        self.assertEqual(self.bring(b""), ["ar.gz"])
        self.assertEqual(self.got, self.text)

    def test_what_an_index_may_say(self):
        """The volumes are names of assets, and of the archive's size together."""
        self.assertTrue(index.sound_volumes(self.asset))
        for change in {"size": 9}, {"size": 0}, {"size": -1}, {"size": True}, {"volume": "../part2"}, {"sha256": "x"}:
            asset, _ = entry(self.text, 10)
            asset["volumes"][1].update(change)
            self.assertFalse(index.sound_volumes(asset), change)


if __name__ == "__main__":
    unittest.main()
