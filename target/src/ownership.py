"""Whose the files of a tree are that root would run, replay or write into."""
import os
import stat

from bundled import STARTER, bundled_in
from system import JOURNAL, OWN, Refused, WINDOWS, native, text
from transaction import CHANGE, INCOMING, PREVIOUS, STAGED


def check_owner(base):
    """Refuses, to root, a tree with files that another user can change and root would run, replay or write into."""
    if WINDOWS or os.geteuid() != 0:
        return
    paths = [OWN + u"/" + name for name in (u"manifest.json", u"files.json", u"launch.json", u"launcher.py", u"state.json", u"origin")]
    for folder in (CHANGE, PREVIOUS):
        paths += [folder, folder + u"/plan.json", folder + u"/old"]
    check_paths(base, [u"", OWN, u"bootstrap.py", STARTER, u"bin"] + paths + [INCOMING, STAGED, JOURNAL])
    program = bundled_in(base)
    if program is not None:  # which root runs next
        check_paths(base, interpreter_paths(program))


def interpreter_paths(program):
    """Gives the tree's own interpreter, the directories that it lies in and those that
    it loads from first: lib or lib64 of python-3.13.9, and python3.13 in it."""
    parts = program.split(u"/")
    on_the_way = [u"/".join(parts[:i + 1]) for i in range(len(parts))]
    return on_the_way + [parts[0] + u"/" + lib + below for lib in (u"lib", u"lib64") for below in (u"", u"/" + parts[-1])]


def check_paths(base, paths):
    for path in paths:
        full = os.path.join(base, native(path)) if path else base
        if not os.path.lexists(full):
            continue
        found = os.lstat(full)
        if found.st_uid != 0:
            raise Refused(u"this is root, and %s belongs to user %d" % (text(full), found.st_uid),
                          u"run it as that user", 2)
        if found.st_mode & 0o002 or (found.st_mode & 0o020 and found.st_gid != 0):
            if not stat.S_ISLNK(found.st_mode):
                raise Refused(u"this is root, and other users can write to %s" % text(full),
                              u"take their right away (chmod go-w), or run it as the owner", 2)
