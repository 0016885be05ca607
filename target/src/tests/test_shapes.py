"""What a value, a path or a version has to look like."""
import unittest

import binaries
import documents
import manifest
import location
import tags
from system import Refused


class Shapes(unittest.TestCase):

    def test_plain(self):
        """ASCII to its end: a newline there is no part of a version, or of a library's name."""
        for value, fits in ((u"3.13.0", True), (u"libc.so.6", True), (u"", False), (u"3.13\n", False), (u"\xfc", False), (3, False)):
            self.assertEqual(documents.is_plain(value), fits, repr(value))

    def test_path(self):
        for value, fits in ((u"a", True), (u"a/b.c", True), (u"..a", True), (u"", False), (u"/a", False), (u"a//b", False),
                            (u"a/", False), (u".", False), (u"a/..", False), (u"../a", False), (u"a/./b", False), (u"a\0", False)):
            self.assertEqual(documents.is_path(value), fits, repr(value))

    def test_link(self):
        """A link leads to a value and on, to the end of what is written."""
        values = {u"root": u"/srv/app"}
        for link, to in ((u"@binary-buildout-root@/a", u"/srv/app/a"), (u"@binary-buildout-root@", u"/srv/app"),
                         (u"@binary-buildout-root@/a\n", u"/srv/app/a\n"), (u"/etc/ssl", u"/etc/ssl")):
            self.assertEqual(manifest.link_target({"link": link}, values), to)
        self.assertFalse(manifest.LINK.match(u"@binary-buildout-root@a"))

    def test_missing(self):
        """What may be missing of a relocation is there after the check."""
        item = {"path": u"x.so", "class": u"cstring"}
        manifest.check_manifest({"relocations": [item]})
        self.assertEqual(binaries.put_strings(b"x", item, u"/srv/app"), b"x")

    def test_usable(self):
        """No format can hold these in a path; a newline at its end is in it too."""
        for path in (u"/srv/it's", u"/srv/a\"b", u"/srv/a\nb", u"/srv/a\n", u"/srv/a%b", u"/srv/a$b", u"/srv/a\\b", u"/srv/a:b",
                     u"/srv/a;b", u"/srv/a*b", u"/srv/a`b", u"/srv/ends ", u"/srv/ begins/x", u"/srv/coding=x"):
            try:
                location.usable(path, u"the path")
            except Refused as e:
                self.assertEqual(e.code, 2)
                self.assertEqual(len((e.message + e.hint).splitlines()), 1)
                continue
            self.fail(path)
        for path in (u"/srv/app", u"/srv/my \xe4pp (x)", u"/srv/a.b_c-d+e=f@g~h^i"):
            location.usable(path, u"the path")

    def test_number(self):
        for old, new in (("2.17", "2.28"), ("2.9", "2.17"), ("10.15", "11.0"), ("1.2.3", "1.2.10")):
            self.assertTrue(tags.number(old) < tags.number(new), (old, new))
        for one, other in (("2.17", "2.17.0"), ("11", "11.0"), ("3.13.0rc1", "3.13")):
            self.assertEqual(tags.number(one), tags.number(other))
