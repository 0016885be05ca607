"""What a change does with each path: what it lays, removes, and keeps of an edit."""
import os
import re
import stat

from bundled import STARTER
from busy import busy_files
from system import INSTALLED, OWN, Refused, WINDOWS, digest_of, native, text
from moves import is_folder, lay_copy
from transaction import CHANGE, PREVIOUS


OWNED = (u"bin", u"Scripts", u"parts", u"eggs", u"develop-eggs", INSTALLED, u"bootstrap.py", STARTER)
BUNDLED = re.compile(u"python-[0-9][^/]*/")  # an interpreter in the archive


def is_owned(path):
    """Says whether buildout or this program writes it, and no person."""
    return path.split(u"/")[0] in OWNED or BUNDLED.match(path) is not None


def is_bytecode(path):
    return path.endswith((u".pyc", u".pyo"))


class Item(object):
    """What lies, or shall lie, at a path."""

    __slots__ = ("kind", "mode", "value", "source")

    def __init__(self, kind, mode, value, source=None):
        self.kind, self.mode, self.value, self.source = kind, mode, value, source

    def same(self, other):
        return (self.kind, self.value) == (other.kind, other.value) and (
            self.kind == u"link" or WINDOWS or self.mode == other.mode)


def item_at(full):
    """Gives what lies there; None if nothing does."""
    try:
        found = os.lstat(full)
    except OSError:
        return None
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return Item(u"link", 0o777, u"link:" + text(os.readlink(full)))
    if stat.S_ISDIR(found.st_mode):
        return Item(u"dir", mode, u"dir")
    if stat.S_ISREG(found.st_mode):
        return Item(u"file", mode, digest_of(full))
    return Item(u"other", mode, u"other")


def was_taken(path):
    """Zope takes this file away at its first start. With it, the next start would
    give the only user its first password again."""
    return path.endswith(u"/inituser")


class Plan(object):
    """Decides for each path what is done with it, and changes nothing."""

    def __init__(self, base, left, prepared):
        self.base, self.left, self.prepared = base, left, prepared
        self.adds, self.swaps, self.drops, self.folders = [], [], [], []
        self.late, self.times, self.own, self.own_folders = [], [], [], []
        self.outlives = ()    # the interpreter that gives way to another, with a slash
        self.eggs = ()        # directories that go with all that is in them
        self.blocked = set()  # paths that change between file and directory
        self.report = []
        self.extra = {}       # files beside others that this leaves: path to digest
        self.number = 0
        self.ways = {u"": True}  # directories that were looked at: whether each is one, and no link leads to it

    def full(self, path):
        return os.path.join(self.base, native(path))

    def have(self, path):
        """Gives what lies at a path now; nothing does where a directory on the way
        is a file or a link yet."""
        return item_at(self.full(path)) if self.leads(path.rpartition(u"/")[0]) else None

    def leads(self, folder):
        """Says whether a path is that of a directory, and each one on the way is."""
        if folder not in self.ways:
            self.ways[folder] = self.leads(folder.rpartition(u"/")[0]) and is_folder(self.full(folder))
        return self.ways[folder]

    def say(self, kind, path, line):
        self.report.append([kind, path, line])

    def below_blocked(self, path):
        parts = path.split(u"/")
        return any(u"/".join(parts[:i]) in self.blocked for i in range(1, len(parts) + 1))

    def edited(self, path, have):
        """Says whether somebody changed what lies there since it was left."""
        return have.value != self.left.get(path) and not is_bytecode(path)

    def keep(self, path, have):
        """Plans that an edit gets the name PATH.old."""
        target, number = path + u".old", 0
        while True:
            there = item_at(self.full(target))
            if there is None or there.value == have.value:
                break
            number += 1
            target = path + u".old%d" % number
        self.say(u"old", path, u"%s was edited: your version is %s" % (path, target))
        if there is None:
            self.number += 1
            lay_copy(self.full(path), os.path.join(self.prepared, native(u"%d" % self.number)))
            self.adds.append([u"put", target, CHANGE + u"/kept/%d" % self.number, False])

    def lay(self, path, item, have):
        """Plans that item takes the place of have at path."""
        if path.split(u"/")[0] == OWN:
            if have is None or not have.same(item):
                self.own.append([u"put", path, item.source, have is not None])
            return
        if have is None:
            if was_taken(path) and path in self.left:
                return
            # What starts an interpreter is there when all of that is.
            where = self.late if self.below_blocked(path) or path == STARTER else self.adds
            where.append([u"put", path, item.source, False])
        elif have.kind == u"dir":
            self.blocked.add(path)
            self.folders.append([u"rmdir", path, have.mode])
            self.late.append([u"put", path, item.source, False])
        elif have.same(item):
            return
        elif not self.edited(path, have):
            self.swaps.append([u"put", path, item.source, True])
        elif is_owned(path):
            self.keep(path, have)
            self.swaps.append([u"put", path, item.source, True])
        else:
            self.beside(path, item, have)

    def beside(self, path, item, have):
        """Plans that an edit stays; what is new gets the name PATH.new, where it is new."""
        target = path + u".new"
        there = item_at(self.full(target))
        if item.value == self.left.get(path) and (there is None or target not in self.left):
            return
        if there is not None and there.kind == u"dir":
            raise Refused(u"%s is a directory, and in the way of the new %s" % (target, path), u"move it away")
        self.extra[target] = item.value
        self.say(u"new", path, u"%s was edited, and stays: the new one is %s" % (path, target))
        if there is None or not there.same(item):
            self.adds.append([u"put", target, item.source, there is not None])

    def lay_folder(self, path, mode, have):
        where = self.late if self.below_blocked(path) else self.adds
        if path.split(u"/")[0] == OWN:
            where = self.own
        if have is None:
            where.append([u"mkdir", path, mode])
        elif have.kind != u"dir":
            if have.kind == u"link" and self.left.get(path) != have.value:
                raise Refused(u"%s is a link, and has to be a directory" % path, u"put what it points to in its place")
            self.blocked.add(path)
            if self.edited(path, have):
                self.keep(path, have)
            self.drops.append([u"drop", path])
            self.late.append([u"mkdir", path, mode])
        elif self.left.get(path) == u"dir" and have.mode != mode and path.split(u"/")[0] != u"var" and not WINDOWS:
            self.times.append([u"chmod", path, have.mode, mode])

    def remove(self, path, have):
        """Plans that what lies at path goes, unless somebody edited it."""
        if have is None or path.split(u"/")[0] == u"var":
            return
        own = path.split(u"/")[0] == OWN
        if (path + u"/").startswith(self.outlives):
            self.drops.append([u"outlivedir", path, have.mode] if have.kind == u"dir" else [u"outlive", path])
        elif have.kind == u"dir":
            (self.own_folders if own else self.folders).append([u"rmdir", path, have.mode])
        elif own:
            self.own.append([u"drop", path])
        elif not self.edited(path, have):
            self.drops.append([u"drop", path])
        elif path.startswith(self.eggs):
            self.say(u"gone", path, u"%s was edited, and was removed with its egg: your version is in %s" % (path, PREVIOUS + u"/old"))
            self.drops.append([u"drop", path])
        elif is_owned(path):
            self.keep(path, have)
            self.drops.append([u"drop", path])
        else:
            self.say(u"kept", path, u"%s was edited, and stays: it is no longer part of the application" % path)

    def remove_bytecode(self, known):
        """Bytecode that was written here for sources that change or go: Python
        takes it for valid where the new source has the same time."""
        planned = set(o[1] for o in self.swaps + self.drops if not o[0].startswith(u"outlive"))
        for path in sorted(p for p in planned if p.endswith(u".py")):
            folder, slash, name = path.rpartition(u"/")
            cache = folder + slash + u"__pycache__"
            full = self.full(cache)
            inside = sorted(text(n) for n in os.listdir(full)) if is_folder(full) else []
            found = [path + u"c", path + u"o"]
            found += [cache + u"/" + n for n in inside if n.startswith(name[:-2]) and is_bytecode(n)]
            for other in found:
                if other not in known and other not in planned and os.path.lexists(self.full(other)):
                    planned.add(other)
                    self.drops.append([u"drop", other])
            if inside and cache not in known:
                self.folders.append([u"rmdir", cache, 0o755])

    def remove_whole(self, path, left):
        """Plans that all of an egg goes: what was added in it would make a broken one of it."""
        for folder, folders, names in os.walk(self.full(path)):
            inside = text(folder)[len(text(self.base)) + 1:].replace(os.sep, u"/")
            for name in folders + names:
                found = inside + u"/" + text(name)
                if found not in left:
                    kind = u"rmdir" if is_folder(self.full(found)) else u"drop"
                    (self.folders if kind == u"rmdir" else self.drops).append([kind, found] + [0o755] * (kind == u"rmdir"))

    def check(self):
        """Refuses where a directory has to go and something of others is in it."""
        going = set(o[1] for o in self.drops + self.folders)
        for path in sorted(self.blocked):
            if is_folder(self.full(path)):
                for folder, folders, names in os.walk(self.full(path)):
                    for name in folders + names:
                        inside = text(os.path.join(folder, name))[len(text(self.base)) + 1:].replace(os.sep, u"/")
                        if inside not in going:
                            raise Refused(u"%s is in the way: the new version has a file at %s" % (inside, path),
                                          u"move it away")

    def operations(self):
        """Gives all operations, in an order in which the old version runs until the new one
        is there: what is new, what is replaced, what goes."""
        self.check()
        return (self.adds + self.swaps + self.drops + deepest_first(self.folders) + self.late + self.times
                + self.own + deepest_first(self.own_folders))

    def check_access(self, operations):
        """Tries what may fail before anything is done: directories that can't
        be written, and on Windows files that a process holds open."""
        for folder in sorted(set(o[1].rpartition(u"/")[0] for o in operations)):
            full = self.full(folder) if folder else self.base
            if is_folder(full) and not os.access(full, os.W_OK):
                raise Refused(u"%s is read-only" % text(full), u"make it writable for this user", 3)
        if WINDOWS:
            busy = busy_files([self.full(o[1]) for o in operations if o[0] == u"drop" or o[0] == u"put" and o[3]])
            if busy:
                raise in_use(self.base, busy)


def deepest_first(folders):
    """Gives each directory once, after those that lie in it."""
    once = dict((o[1], o) for o in folders)
    return sorted(once.values(), key=lambda o: (-o[1].count(u"/"), o[1]))


def in_use(base, busy):
    """Says which files are open. One of the tree's interpreter, which runs this, stays open."""
    inside = [text(path)[len(text(base)) + 1:].replace(os.sep, u"/") for path in busy]
    hint = u"stop the application first; binary-buildout update --stop CMD does"
    if any(BUNDLED.match(path) for path in inside):
        hint = u"the interpreter is another one of the same version, and Windows replaces no program that runs: install the new version into another directory"
    return Refused(u"in use: " + u", ".join(text(path) for path in busy[:5]), hint, 3)
