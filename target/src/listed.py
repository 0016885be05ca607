"""What the archive of a tree consists of."""
import os

from documents import read_json, write_json
from manifest import link_target
from system import FILES, FORMAT, LOCK, OWN, native, text
from transaction import LISTED


def left_in(tree, entries=None):
    """Gives what this program and buildout left at each path: a digest, "dir", or
    "link:" and where it points to. entries are those of files.json, where it was read."""
    left = {}
    if entries is None:
        entries = (read_json(tree.base, FILES) or {}).get("files") or ()
    for entry in entries:
        kind = entry.get("type") or u""
        left[entry["path"]] = u"dir" if kind == u"dir" else (
            u"link:" + entry["link"] if kind == u"link" else entry["sha256"])
    values = tree.values()
    for item in tree.manifest["relocations"]:
        if item["class"] == u"link" and values:
            left[item["path"]] = u"link:" + link_target(item, values)
    left.update((tree.state or {}).get("files") or {})
    return left


def own_files(base):
    """Gives the files of .binary-buildout that belong to a version."""
    found = []
    for folder, folders, names in os.walk(os.path.join(base, native(OWN))):
        inside = text(folder)[len(text(base)) + 1:].replace(os.sep, u"/")
        if inside == OWN:
            folders[:] = [f for f in folders if text(f) == u"origin"]
        found += [inside + u"/" + text(n) for n in folders + names]
    return [p for p in found if p != LOCK and not p.endswith(u".lock")]


def write_listed(tree):
    """Remembers what this version consists of, for when another is unpacked over it."""
    write_json(tree.base, LISTED, {"format": FORMAT, "archive": tree.archive, "files": left_in(tree)})
