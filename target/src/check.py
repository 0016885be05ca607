"""bootstrap.py --check: whether each file is as it was left."""
import os
import stat

from documents import read_json
from manifest import check_path
from plan import was_taken
from system import FILES, Refused, WINDOWS, digest_of, say, text


def check(tree):
    """Verifies every file of files.json, and changes nothing."""
    files = read_json(tree.base, FILES, u"unpack the archive again")
    state = tree.state or {}
    left = state.get("files") or {}
    wrong = []

    def bad(what):
        wrong.append(what)

    for entry in files.get("files") or ():
        path = entry["path"]
        check_path(path, lambda what: wrong.append(what))
        kind = entry.get("type") or u""
        full = tree.inside(path)
        if not os.path.lexists(full):
            if not was_taken(path):
                bad(u"missing: " + path)
            continue
        found = os.lstat(full)
        if kind == u"dir":
            if not stat.S_ISDIR(found.st_mode):
                bad(u"no directory: " + path)
        elif kind == u"link":
            to = text(os.readlink(full)) if stat.S_ISLNK(found.st_mode) else None
            if to is None or to != entry.get("link") and left.get(path) != u"link:" + to:
                bad(u"changed: " + path)
        elif not stat.S_ISREG(found.st_mode):
            bad(u"no file: " + path)
        elif digest_of(full) not in (left.get(path) or entry.get("sha256"),):
            bad(u"changed: " + path)
        if was_opened(entry, found):
            bad(u"open to others: %s has mode %04o, and was packed with %04o" % (path, stat.S_IMODE(found.st_mode), entry["mode"]))
    if wrong:
        for line in wrong[:20]:
            say(line)
        if len(wrong) > 20:
            say(u"and %d more" % (len(wrong) - 20))
        raise Refused(u"%d files are not as they were left" % len(wrong),
                      u"unpack the archive again where that was not you")
    say(u"%d files are as they should be" % len(files.get("files") or ()))
    return 0


def was_opened(entry, found):
    """Says whether others have a right that a part took away from them."""
    mode = entry.get("mode")
    if WINDOWS or entry.get("type") == u"link" or mode in (None, 0o644, 0o755) or entry["path"].split(u"/")[0] == u"var":
        return False
    return bool(stat.S_IMODE(found.st_mode) & 0o077 & ~mode)
