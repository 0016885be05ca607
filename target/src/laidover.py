"""An archive that was unpacked over another one by tar."""
import os

from documents import read_json, write_json
from listed import own_files
from manifest import check_path
from plan import is_bytecode, is_owned, item_at
from system import FILES, OWN, STATE, clear, native, replace, say
from moves import is_folder, remove_empty
from transaction import LISTED, PREVIOUS, RECORD


def laid_over(tree):
    """Gives what another version of this tree left, if this one was unpacked over it:
    pairs of path and what was left there. Known before anything is relocated."""
    listed = read_json(tree.base, LISTED)
    if listed is None or listed.get("archive") == tree.archive:
        return []
    left = dict(listed["files"])
    if (tree.state or {}).get("archive") == listed["archive"]:
        left.update(tree.state.get("files") or {})
    now = set(e["path"] for e in (read_json(tree.base, FILES) or {}).get("files") or ())
    now |= set(i["path"] for i in tree.manifest["relocations"])
    now |= set(folder + u"/buildout" + e for folder in (u"bin", u"Scripts") for e in (u"", u"-script.py", u".exe", u".cmd"))
    return sorted((p, v) for p, v in left.items() if p not in now)


def remove_laid_over(tree, gone):
    """Removes what the version before had and this one hasn't. No transaction:
    tar has changed the tree already, and the next run goes on here."""
    folders = []
    for path, left in reversed(gone):
        check_path(path, lambda what: None)
        full = tree.inside(path)
        if path.split(u"/")[0] in (u"var", OWN) or not is_folder(os.path.dirname(full)):
            continue
        have = item_at(full)
        if have is None:
            continue
        if have.kind == u"dir":
            folders.append(full)
        elif have.value == left or is_bytecode(path) or have.kind == u"link" and left.startswith(u"link:"):
            os.unlink(full)
        elif is_owned(path):
            replace(full, full + native(u".old"))
            say(u"%s was edited: your version is %s.old" % (path, path))
        else:
            say(u"%s was edited, and stays: it is no longer part of the application" % path)
    for full in folders:
        remove_empty(full)
    origins = set(OWN + u"/origin/" + i["path"] for i in tree.manifest["relocations"])
    folders = []
    for path in own_files(tree.base):
        full = os.path.join(tree.base, native(path))
        if path.startswith(OWN + u"/origin/") and path not in origins:
            folders.append(full) if is_folder(full) else os.unlink(full)
    for full in reversed(folders):
        remove_empty(full)
    asked = (read_json(tree.base, RECORD) or {}).get("attestation")
    if asked is None:
        clear(os.path.join(tree.base, native(RECORD)))
    else:  # of each version, wherever it came from
        write_json(tree.base, RECORD, {"format": 1, "attestation": asked})
    clear(os.path.join(tree.base, native(PREVIOUS)))
    names = set(p for p, _ in gone)
    tree.state = dict(tree.state, files=dict((p, v) for p, v in tree.state["files"].items() if p not in names))
    write_json(tree.base, STATE, tree.state)
