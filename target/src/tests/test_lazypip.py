"""pip, which zc.buildout imports only when it reads an index."""
import sys
import types
import unittest

from lazypip import LazyPip


@unittest.skipIf(sys.version_info < (3, 7), "pip is imported at once")
class Lazy(unittest.TestCase):

    def setUp(self):
        class Index(object):
            def process_url(self, url):
                return ["setuptools", url]
        self.Index, old = Index, Index.__dict__["process_url"]
        self.patches = []

        def patch():
            self.patches.append(Index.process_url is old)
            Index.process_url = lambda index, url: ["zc.buildout", url]
        names = ("pip", "pip._internal", "zc.buildout.patches")
        kept = dict((name, sys.modules.get(name)) for name in names)

        def restore():
            for name in names:
                sys.modules.pop(name, None)
                if kept[name] is not None:
                    sys.modules[name] = kept[name]
        self.addCleanup(restore)
        sys.modules.update((name, types.ModuleType(name)) for name in names)
        sys.modules["zc.buildout.patches"].patch_PackageIndex = patch
        with LazyPip(True) as lazy:
            lazy.indexes.append((Index, old))
            Index.process_url = lambda index, url: self.fail("a stand-in was called")

    def test_first_page(self):
        """The first page is read by zc.buildout's own function, and it is patched once."""
        self.assertEqual([self.Index().process_url(1), self.Index().process_url(2)], [["zc.buildout", 1], ["zc.buildout", 2]])
        self.assertEqual(self.patches, [True])

    def test_wrapped(self):
        """What an extension has put around it stays, and is called once for each page."""
        inner = self.Index.process_url
        self.Index.process_url = lambda index, url: ["extension"] + inner(index, url)
        self.assertEqual([self.Index().process_url(1), self.Index().process_url(2)], [["extension", "zc.buildout", 1], ["extension", "zc.buildout", 2]])

    def test_looked_at(self):
        """It is the same where something has looked into pip before."""
        inner = self.Index.process_url
        self.assertFalse(hasattr(sys.modules["pip"], "none"))
        self.Index.process_url = lambda index, url: ["extension"] + inner(index, url)
        self.assertEqual([self.Index().process_url(1), self.Index().process_url(2)], [["extension", "zc.buildout", 1], ["extension", "zc.buildout", 2]])
