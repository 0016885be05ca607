"""A delta that was laid or unpacked, and what it has to be."""
import json
import os

from binpatch import DOCUMENT, Streams
from documents import KIND, check_shape, is_number, is_text, read_json
from requirements import check_libraries, check_system
from manifest import check_manifest, check_path
from location import check_place
from system import FORMAT, LAUNCH, LAUNCHER, OWN, Refused, clear, digest, native, read_file, text
from moves import is_folder, remove_empty
from transaction import INCOMING


# .binary-buildout/incoming/DIGEST/ is what tar unpacks of a delta, and what
# "binary-buildout update" lays there:
#
#   delta.json   what it is for: the base's digest, names, the archive's time; and
#                manifest.json and files.json of the new archive. In format 1 each
#                is a list of texts and of [line, count], lines that are those of
#                the base; in format 2 each is made of the base's: see binpatch.
#                DIGEST is that of the new manifest.json
#   files/PATH   files that the base doesn't have, as the archive has them. In a
#                delta of format 1 these are all that the base doesn't have at
#                PATH; in one of format 2, those that it has nowhere, and that
#                are like none of its files
#   documents/, patches/   the two documents, and the other files, by those of the
#                base
#
# The whole new tree is staged in .binary-buildout/staged, of these, of second
# names of the files that are here already, and of origin/. Its own bootstrap.py
# fits it. What differs from the tree is then put in place by a Transaction.

DELTA_FORMAT = 2
# What no document of an archive is larger than, in bytes, as pack writes them.
LARGEST = {u"manifest.json": 24 << 20, u"files.json": 96 << 20}
AGAIN = u"unpack the delta again, and compare its SHA-256"


def whole_archive(found):
    name = found.get("archive")
    return u"update with the whole archive: binary-buildout update DIR %s" % (name if is_text(name) else u"ARCHIVE")


def read_delta(base, path):
    return read_json(base, path + u"/delta.json", AGAIN, DELTA_FORMAT, whole_archive)


class Incoming(object):
    """A new version that waits to be applied."""

    def __init__(self, tree, name):
        self.tree, self.digest = tree, name
        self.path = INCOMING + u"/" + name
        self.delta = read_delta(tree.base, self.path)
        self.epoch = self.delta["epoch"]
        self.check_base()
        self.documents, self.streams = {}, Streams(self, u"documents")
        try:
            for name in (u"manifest.json", u"files.json"):
                self.documents[name] = self.document(name)
        finally:
            self.streams.close()
        self.manifest = self.parsed(u"manifest.json")
        self.files = self.parsed(u"files.json")
        check_manifest(self.manifest)
        for entry in self.files.get("files") or ():
            self.check_entry(entry)

    def damaged(self, what):
        raise Refused(u"%s/%s is damaged" % (self.path, what), AGAIN)

    def check_base(self):
        """Refuses what is for another tree, before anything else is looked at."""
        tree = self.tree
        if self.delta["name"] != tree.manifest["name"]:
            raise Refused(u"%s is here, and this is %s" % (tree.manifest["name"], self.what()),
                          u"install it into another directory")
        if self.delta["base"] != tree.archive:
            raise Refused(u"this delta is for %s %s (%.12s), and %s (%.12s) is here" % (
                tree.manifest["name"], self.delta["base_version"], self.delta["base"],
                tree.manifest["version"], tree.archive),
                u"take the delta from %s, or the whole archive: binary-buildout update" % tree.manifest["version"])

    def document(self, name):
        """Gives a document of the new archive, made of the base's: by its bytes in format
        2, by its lines in format 1."""
        source = self.tree.inside(OWN + u"/" + name)
        if DOCUMENT(self.delta[name]):
            size, steps = self.delta[name]
            if size > LARGEST[name] or not os.path.isfile(source):
                self.damaged(name)
            return b"".join(self.streams.content(source, steps, size))
        try:
            lines = read_file(source).decode("utf-8").split(u"\n")
        except ValueError:
            raise Refused(u"%s/%s is damaged" % (OWN, name), AGAIN)
        lines = [line + u"\n" for line in lines[:-1]] + lines[-1:]
        found, size = [], 0
        for part in self.delta[name]:
            more = [part] if isinstance(part, KIND) else lines[part[0]:part[0] + part[1]]
            size += sum(len(line) for line in more)
            if size > LARGEST[name]:  # a delta of some kilobytes may name the same lines again and again
                self.damaged(name)
            found += more
        return u"".join(found).encode("utf-8")

    def parsed(self, name):
        want = self.digest if name == u"manifest.json" else self.manifest.get("files_sha256")
        if digest(self.documents[name]) != want:
            self.damaged(name)
        try:
            found = json.loads(self.documents[name].decode("utf-8"))
        except (ValueError, RuntimeError):
            self.damaged(name)
        if not isinstance(found, dict) or not is_number(found.get("format")) or found["format"] > FORMAT:
            raise Refused(u"%s of %s has another format than %d, which this program knows" % (name, self.what(), FORMAT),
                          u"install the archive into another directory", 2)
        check_shape(found, self.path + u"/" + name, AGAIN)
        return found

    def full(self, name):
        return self.tree.inside(self.path + u"/" + name)

    def check_entry(self, entry):
        def bad(what):
            raise Refused(u"%s/files.json is damaged: %s" % (self.path, what), u"unpack the delta again")
        check_path(entry["path"], bad)
        if entry["path"].startswith(OWN + u"/") and entry["path"] not in (LAUNCH, LAUNCHER):
            bad(u"%s isn't a path of an archive" % entry["path"])
        if entry.get("type") == u"link":
            link, at = entry["link"], entry["path"].split(u"/")[:-1]
            for part in link.split(u"/"):
                if part == u".." and not at or link.startswith(u"/"):
                    bad(u"%s links out of the tree" % entry["path"])
                at = at[:-1] if part == u".." else at + [part]

    def what(self):
        return u"%s %s" % (self.delta["name"], self.delta["version"])

    def check(self, python, root):
        """Checks what a fresh install of the new version would check. Where this interpreter
        won't be the new version's, its own bootstrap.py does that when it is staged."""
        if self.manifest.get("bundled_python") or self.tree.manifest.get("bundled_python"):
            return
        check_system(self.manifest, python)
        check_libraries(self.manifest, python)
        check_place(self.manifest, root, python)


def incoming_of(tree):
    """Gives what waits to be applied, or None. Of several, the one that fits."""
    folder = tree.inside(INCOMING + u"/x").rpartition(native(u"/"))[0]
    names = sorted(text(n) for n in os.listdir(folder)) if is_folder(folder) else []
    names = [n for n in names if n != tree.archive]  # that one is here
    wrong = None
    for name in names:
        try:
            return Incoming(tree, name)
        except Refused as e:
            wrong = wrong or e
    if wrong:
        raise wrong
    return None


def drop_incoming(base, old, new):
    """Clears incoming/, but for a delta that goes on from the new version: both
    were unpacked at once. One back to the old version isn't meant."""
    folder = os.path.join(base, native(INCOMING))
    for name in os.listdir(folder):
        try:
            found = read_delta(base, INCOMING + u"/" + text(name))
        except Refused:
            found = {}
        if found.get("base") != new or text(name) == old:
            clear(os.path.join(folder, name))
    remove_empty(folder)
