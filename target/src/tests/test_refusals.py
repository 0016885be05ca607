# -*- coding: utf-8 -*-
"""What bootstrap.py and launcher.py refuse: with one error, a hint and the exit
code, and nothing changed. Whole programs, in this process.
"""
import os
import sys
import unittest

import probe
from tests import PY2, Program
from tests.trees import OWN, ROOT, Tree

BOOTSTRAP, LAUNCHER = Program("bootstrap.py"), Program("launcher.py")
TOLD = probe.asked()
LINUX = unittest.skipIf(not sys.platform.startswith("linux"), "on Linux")
ROOT_ONLY = unittest.skipIf(not hasattr(os, "geteuid") or os.geteuid() != 0, "needs root: another user's files")


class Refusals(unittest.TestCase):

    def refused(self, tree, code, message, hint=u"", arguments=(), program=BOOTSTRAP, path=u"bootstrap.py"):
        before = tree.names()
        try:
            got, err = program.run(tree.own(path), list(arguments))
            said = u"\n".join(err)
            self.assertEqual(got, code, said)
            self.assertTrue(err[0].startswith(u"error: ") and message in said and hint in said, said)
            self.assertTrue(len(said.splitlines()) <= 2, said)
            self.assertEqual(before, tree.names())
        finally:
            tree.close()

    def manifest(self, code, message, hint=u"", **changes):
        tree = Tree()
        for key, value in changes.items():
            if key in ("version", "implementation", "abi", "bits", "libc"):
                tree.manifest["python"][key] = value
            else:
                tree.manifest[key] = value
        tree.write_manifest()
        self.refused(tree, code, message, hint)

    def relocation(self, message, **item):
        tree = Tree()
        tree.manifest["relocations"].append(item)
        tree.write_manifest()
        self.refused(tree, 1, message)

    # -- another Python, another system

    def test_minor(self):
        self.manifest(2, u"is for Python 3.4", u"use small-1.0-cp", version="3.4.10", abi="cp34m")

    def test_abi(self):
        self.manifest(2, u"is for the ABI", u"use small-1.0-cp", abi=TOLD["abi"] + "t")

    def test_implementation(self):
        self.manifest(2, u"pypy", implementation="pypy")

    @LINUX
    def test_architecture(self):
        self.manifest(2, u"s390x", u"-manylinux_2_28_" + TOLD["machine"], target="cp313-manylinux_2_28_s390x")

    def test_bits(self):
        self.manifest(2, u"(96 bits)", bits=96)

    @LINUX
    def test_system(self):
        self.manifest(2, u"for windows, and this is linux", u"-linux_x86_64", target="cp313-win_amd64")
        self.manifest(2, u"for macos, and this is linux", u"-linux_x86_64", target="cp313-macosx_11_0_arm64")
        self.manifest(2, u"this archive is for \"amiga_68k\", and this is linux", target="cp313-amiga_68k")

    @LINUX
    def test_libc(self):
        other, kind = {"glibc": ("musl", u"manylinux"), "musl": ("glibc", u"musllinux")}[TOLD["libc"]]
        self.manifest(2, u"for %s, and this system has %s" % (other, TOLD["libc"]), kind, libc=other)

    @LINUX
    def test_floor(self):
        self.manifest(2, u"needs %s 2.99" % TOLD["libc"], u"older system", floors=[{"kind": TOLD["libc"], "version": "2.99", "file": "eggs/x.so"}])

    @LINUX
    def test_library(self):
        self.manifest(2, u"lacks libnowhere.so.7 (needed by eggs/y.so)", u"install libnowhere7 (Debian)", system_libraries=[
            {"name": "libc.so.6", "needed_by": "x"}, {"name": "libnowhere.so.7", "needed_by": "eggs/y.so", "package": "libnowhere7 (Debian)"}])

    def test_format(self):
        self.manifest(2, u"has format 2", format=2)

    # -- a manifest that isn't of our making

    def test_relocations(self):
        self.relocation(u"isn't a path in the tree", **{"path": "lib/../../x", "class": "text"})
        self.relocation(u"isn't a path in the tree", **{"path": "/etc/passwd", "class": "text"})
        self.relocation(u"twice", **{"path": "lib/mod.py", "class": "text"})
        self.relocation(u"can't be relocated", **{"path": OWN + "launcher.py", "class": "text"})
        self.relocation(u"unknown class", **{"path": "x", "class": "magic"})
        for link in (u"../etc/passwd", u"/srv/../etc/passwd", ROOT + u"/../x", ROOT + u"x"):
            self.relocation(u"points to", **{"path": "bin/x", "class": "link", "link": link})

    # -- a tree that isn't as it was packed

    def test_altered(self):
        tree = Tree()
        tree.write(u"etc/latin.conf", b"x")
        self.refused(tree, 1, u"etc/latin.conf is not as it was packed", u"unpack the archive again")

    def test_missing(self):
        tree = Tree()
        os.unlink(tree.at(u"lib/mod.py"))
        self.refused(tree, 1, u"lib/mod.py is missing")

    def test_manifest(self):
        for data, code, message in ((b"{", 1, u"manifest.json is damaged"), (b"{}", 1, u"no format number"), (None, 2, u"manifest.json is missing")):
            tree = Tree()
            os.unlink(tree.at(OWN + u"manifest.json"))
            if data is not None:
                tree.write(OWN + u"manifest.json", data)
            self.refused(tree, code, message)

    def test_links(self):
        for path, message in ((u"lib", u"lib isn't a directory"), (u"lib/mod.py", u"lib/mod.py is missing")):
            tree = Tree()
            os.rename(tree.at(path), tree.at(u"../other"))
            os.symlink(tree.at(u"../other"), tree.at(path))
            self.refused(tree, 1, message)

    def test_pipe(self):
        tree = Tree()
        os.unlink(tree.at(u"lib/mod.py"))
        os.mkfifo(tree.at(u"lib/mod.py"))
        self.refused(tree, 1, u"lib/mod.py is missing")

    def test_placeholder(self):
        tree, text = Tree(), u"@binary-buildout-home@\n"
        tree.manifest["relocations"] = [item if item["path"] != "etc/latin.conf" else Tree.relocation(u"etc/latin.conf", text)
                                        for item in tree.manifest["relocations"]]
        tree.write_manifest()
        tree.write(u"etc/latin.conf", text)
        self.refused(tree, 1, u"placeholder that this program doesn't know")

    # -- a place that can't work

    def test_places(self):
        for name, message in ((u"it's", u"\"'\""), (u"a\nb", u"character"), (u"a%b", u"character"), (u"ends ", u"space"), (u"coding=x", u"script's encoding")):
            self.refused(Tree(name), 2, message)

    @LINUX
    def test_not_utf8(self):
        tree = Tree(u"b")
        os.rename(tree.root.encode("utf-8"), tree.root.encode("utf-8") + b"\xff")
        before = tree.names()
        path = os.path.join(tree.root.encode("utf-8") + b"\xff", b"bootstrap.py")
        code, err = BOOTSTRAP.run(path if PY2 else os.fsdecode(path), [])
        self.assertEqual((code, u"not UTF-8" in err[0]), (2, True), err)
        self.assertEqual(before, tree.names())
        tree.close()

    # -- journals

    def journal(self, tree, operation):
        tree.write(OWN + u"marker", b"marker")
        tree.write_json(OWN + u"transaction/plan.json", {
            "format": 1, "what": "small 2.0", "from": "a", "to": "b", "keeps": True, "operations": [operation]})

    def test_journal(self):
        """An interrupted update's journal is replayed only if each of its paths
        lies in the tree, and what it puts comes from .binary-buildout."""
        own = OWN + u"marker"
        for operation in (["put", "../marker", own, False], ["put", "/marker", own, False], ["mkdir", "lib/../../marker", 0o755],
                          ["put", "lib/marker", "bin/script", False], ["put", "lib/marker", OWN + u"../bin/script", False],
                          ["drop", "../archive/bin/script"], ["run", "bin/script"], ["put", "lib/marker"],
                          ["chmod", "bin/script", "0777", "0777"], ["drop", 1]):
            tree = Tree()
            self.journal(tree, operation)
            self.refused(tree, 1, u"transaction/plan.json is damaged", u"unpack the archive into another directory")

    @ROOT_ONLY
    def test_journal_owner(self):
        """Root replays no journal that another user wrote."""
        for path in (u"transaction", u"transaction/plan.json", u"transaction/old", u"previous", u"previous/plan.json",
                     u"state.json", u"incoming", u"launch.json"):
            for arguments in ([], ["--recover"], ["--rollback"], ["--look"]):
                tree = Tree()
                self.journal(tree, ["put", "lib/marker", OWN + u"marker", False])
                for name, data in ((u"transaction/old/x", b""), (u"previous/plan.json", b"{}"), (u"incoming/x", b""), (u"state.json", b"{}")):
                    tree.write(OWN + name, data)
                os.chown(tree.at(OWN + path), 12345, 12345)
                self.refused(tree, 2, u"belongs to user 12345", u"run it as that user", arguments)

    def test_launcher_journal(self):
        """Nothing that an interrupted bin/buildout noted leads out of the tree."""
        for log, copies, lists in ((u"[\"move\", 1, \"../marker\"]\n", u"", u""), (u"", u"\"../marker\"", u""),
                                   (u"", u"", u"\"../kept\": []"), (u"", u"\"/marker\"", u"")):
            tree = Tree()
            tree.write(OWN + u"journal/head.json", u"{\"format\": 1, \"copies\": [%s], \"lists\": {%s}}" % (copies, lists))
            tree.write(OWN + u"journal/log", log)
            tree.write(OWN + u"journal/moved/1", b"marker")
            tree.write(OWN + u"journal/copy/0", b"marker")
            tree.write(u"../kept/file", b"")
            self.refused(tree, 1, u"journal is damaged", u"", ["--recover"], LAUNCHER, OWN + u"launcher.py")
