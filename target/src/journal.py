"""The journal of a run of bin/buildout: what undoes it if it fails or is killed."""
import json
import os
import stat

from documents import each, is_number, is_text, read_json, row
from moves import linked
from paths import slashed
from system import (FORMAT, JOURNAL, Refused, WINDOWS, clear, endless, exact, native, read_file, replace,
    sync_dir, text, write_new)


LINKED = 65536      # bytes; larger files of a directory are linked, not copied
PART_FILES = 500    # a part with more is not copied before its update
PART_BYTES = 1 << 20


class Journal(object):

    def __init__(self, root):
        self.root = root
        self.base = endless(os.path.join(root, native(JOURNAL)))
        self.number = 0
        self.moved = []      # (number, relative path)
        self.log = None

    def path(self, *names):
        return os.path.join(self.base, *[n if isinstance(n, bytes) or WINDOWS else n.encode("ascii") for n in names])

    def relative(self, path):
        """Gives a path below the root, or None."""
        path = native(exact(os.path.abspath(path), u"a path"))
        front = os.path.join(self.root, native(u""))
        if not path.startswith(front) or os.path.realpath(os.path.dirname(path)) != os.path.dirname(path):
            return None
        return path[len(front):]

    def begin(self, copies, lists):
        """Copies what is small, and notes what there is."""
        new = self.base + native(u".new")
        clear(new)
        os.mkdir(new, 0o700)
        for name in ("copy", "moved", "part"):
            os.mkdir(os.path.join(new, native(text(name))), 0o700)
        head = {"format": FORMAT, "copies": [], "lists": {}}
        for i, path in enumerate(copies):
            head["copies"].append(text(path))
            if os.path.lexists(os.path.join(self.root, path)):
                copy_tree(os.path.join(self.root, path), os.path.join(new, native(u"copy"), native(u"%d" % i)))
        for path in lists:
            full = os.path.join(self.root, path)
            head["lists"][slashed(path)] = sorted(text(n) for n in os.listdir(full)) if os.path.isdir(full) else []
        write_new(os.path.join(new, native(u"head.json")), json.dumps(head, sort_keys=True).encode("ascii"), 0o600)
        sync_dir(new)
        os.rename(new, self.base)
        sync_dir(os.path.dirname(self.base))
        self.open()

    def open(self):
        fd = os.open(self.path("log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.log = os.fdopen(fd, "ab")
        if not WINDOWS:
            import fcntl
            fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)

    def note(self, kind, relative):
        """Writes a line of the log, which is on disk before the thing is done."""
        self.number += 1
        line = json.dumps([kind, self.number, text(relative)]).encode("ascii") + b"\n"
        self.log.write(line)
        self.log.flush()
        os.fsync(self.log.fileno())
        return self.number

    def move_away(self, path):
        """Takes a file or directory out of the tree, and keeps it."""
        relative = self.relative(path)
        if relative is None:
            return False
        number = self.note("move", relative)
        aside = self.path("moved", "%d" % number)
        full = os.path.join(self.root, relative)
        try:
            os.rename(full, aside)
        except OSError:  # a mount point, or another file system
            copy_tree(full, aside + native(u".new"), links=False)
            os.rename(aside + native(u".new"), aside)
            clear(full)
        self.moved.append((number, relative))
        return True

    def bring_back(self, number, relative):
        """Puts a thing that was moved away where it was."""
        full = os.path.join(self.root, relative)
        clear(full)
        os.rename(self.path("moved", "%d" % number), full)
        self.moved = [m for m in self.moved if m[0] != number]

    def keep_part(self, paths):
        """Copies what a part's update may rewrite, where that is little."""
        for path in paths:
            relative = self.relative(path) if os.path.lexists(path) else None
            if relative is None or not is_small(path):
                continue
            number = self.number + 1
            copy_tree(native(text(path)), self.path("part", "%d" % number))
            self.note("part", relative)

    def commit(self):
        """Ends the journal: what was done counts."""
        if self.log:
            self.log.close()
        old = self.base + native(u".old")
        clear(old)
        os.rename(self.base, old)
        sync_dir(os.path.dirname(self.base))
        clear(old)

    def undo(self):
        """Brings everything back as it was."""
        if self.log:
            self.log.close()
        clear(self.base + native(u".new"))
        clear(self.base + native(u".old"))
        if not os.path.isdir(self.base):
            return False
        head = read_json(self.root, JOURNAL + u"/head.json", u"unpack the archive into another directory")
        lines = self.lines()
        for relative in [line[2] for line in lines] + list(head["lists"]) + head["copies"]:
            check_inside(relative)
        for kind, number, relative in reversed(lines):
            full = os.path.join(self.root, native(relative))
            if kind == "move" and os.path.lexists(self.path("moved", "%d" % number)):
                make_parents(full)
                clear(full)
                os.rename(self.path("moved", "%d" % number), full)
            elif kind == "part":
                restore(self.path("part", "%d" % number), full)
        for relative, names in sorted(head["lists"].items()):
            folder = os.path.join(self.root, native(relative))
            inner = [p for p in head["lists"] if p.startswith(relative + u"/")]
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                path = relative + u"/" + text(name)
                if text(name) not in names and path not in inner:
                    clear(os.path.join(folder, name))
        for i, relative in enumerate(head["copies"]):
            copy = self.path("copy", "%d" % i)
            if os.path.lexists(copy):
                restore(copy, os.path.join(self.root, native(relative)))
            else:
                clear(os.path.join(self.root, native(relative)))
        old = self.base + native(u".old")
        os.rename(self.base, old)
        clear(old)
        return True

    def lines(self):
        """Gives the log; a last line that was cut off was never acted upon."""
        try:
            data = read_file(self.path("log"))
        except EnvironmentError:
            return []
        try:
            found = [json.loads(line.decode("ascii")) for line in data.split(b"\n")[:-1]]
        except (ValueError, RuntimeError):
            found = None
        if not each(row(lambda kind: kind in (u"move", u"part"), is_number, is_text))(found):
            raise Refused(u"%s/log is damaged" % JOURNAL, u"unpack the archive into another directory")
        return found


def check_inside(path):
    """Refuses a path of a journal that is absolute or climbs."""
    parts = slashed(path).split(u"/")
    if u"" in parts or u"." in parts or u".." in parts or u"\0" in path or os.path.isabs(path):
        raise Refused(u"%s is damaged: %s isn't a path in the tree" % (JOURNAL, json.dumps(path)), u"unpack the archive into another directory")


def make_parents(path):
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder)


def is_small(path):
    count = 0
    for folder, _, names in os.walk(path):
        count += len(names)
        if count > PART_FILES:
            return False
    return True


def copy_tree(source, target, links=True):
    """Copies a file or a directory with modes and times. Large files are
    linked where that is asked for: buildout and pip replace those whole."""
    found = os.lstat(source)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISDIR(found.st_mode):
        os.mkdir(target, 0o700)
        for name in os.listdir(source):
            copy_tree(os.path.join(source, name), os.path.join(target, name), links)
        os.chmod(target, stat.S_IMODE(found.st_mode) | 0o700)
        os.utime(target, (found.st_atime, found.st_mtime))
    elif stat.S_ISREG(found.st_mode):
        if links and found.st_size > LINKED and linked(source, target):
            return
        write_new(target, read_file(source), stat.S_IMODE(found.st_mode), (found.st_mtime, found.st_mtime))


def restore(copy, target):
    """Makes a file or directory what its copy is; equal files are not touched."""
    was = os.lstat(copy)
    now = os.lstat(target) if os.path.lexists(target) else None
    if now is not None and stat.S_IFMT(was.st_mode) != stat.S_IFMT(now.st_mode):
        clear(target)
        now = None
    if stat.S_ISDIR(was.st_mode):
        if now is None:
            make_parents(target)
            os.mkdir(target, 0o700)
        names = os.listdir(copy)
        for name in os.listdir(target):
            if name not in names:
                clear(os.path.join(target, name))
        for name in names:
            restore(os.path.join(copy, name), os.path.join(target, name))
        if stat.S_IMODE(os.lstat(target).st_mode) != stat.S_IMODE(was.st_mode):
            os.chmod(target, stat.S_IMODE(was.st_mode))
        return
    if now is not None and same(copy, was, target, now):
        return
    make_parents(target)
    new = os.path.join(os.path.dirname(target), native(u".binary-buildout-new"))
    clear(new)
    copy_tree(copy, new, links=False)
    replace(new, target)


def same(copy, was, target, now):
    if stat.S_ISLNK(was.st_mode):
        return os.readlink(copy) == os.readlink(target)
    if was.st_ino == now.st_ino and was.st_dev == now.st_dev and not WINDOWS:
        return True
    return (was.st_size == now.st_size and stat.S_IMODE(was.st_mode) == stat.S_IMODE(now.st_mode)
            and read_file(copy) == read_file(target))
