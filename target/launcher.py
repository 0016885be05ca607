#!/usr/bin/env python
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
import sys; sys.path[:] = [p for p in sys.path if p not in ("", ".") and not p.endswith(".binary-buildout")]

# Runs this tree's own zc.buildout, in the build, in the gate and on the target:
#
#   PYTHON -sSE launcher.py --mode=build  ...   the build, in the stage
#   PYTHON -sSE launcher.py --mode=target ...   bin/buildout
#   PYTHON -sSE launcher.py --signature DIR...  zc.buildout's hash of a develop directory
#   PYTHON -sSE launcher.py --recover           undoes an interrupted run
#   PYTHON -sSE launcher.py --reads CONFIG      whether a configuration goes with this tree
#
# In the build, zc.buildout runs as it is. On the target some of its functions are
# replaced, so that nothing is compiled, fetched or lost: see Run.

import os

# What lies in PYTHONPATH doesn't count either.
for p in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    sys.path[:] = [q for q in sys.path if q not in (p, os.path.abspath(p))]

import csv
import hashlib
import io
import json
import re
import stat
import struct
import subprocess

# Made of target/src by "go generate ./target": change it there. Each part is a module.

# ---- system -----------------------------------------------------------------
# What every program does with the system alike: messages, paths, files and the tree's lock.

FORMAT = 1
WINDOWS = os.name == "nt"
PY2 = sys.version_info[0] == 2
OWN = u".binary-buildout"
MANIFEST = OWN + u"/manifest.json"
FILES = OWN + u"/files.json"
LAUNCH = OWN + u"/launch.json"
LAUNCHER = OWN + u"/launcher.py"
STATE = OWN + u"/state.json"
LOCK = OWN + u"/lock"
JOURNAL = OWN + u"/journal"
INSTALLED = u".installed.cfg"


class Refused(Exception):
    """An error for a person: what is wrong, what to do, and the exit code."""

    def __init__(self, message, hint=u"", code=1):
        Exception.__init__(self, message)
        self.message, self.hint, self.code = message, hint, code


class Busy(Refused):
    """Another program has the tree's lock: the same will do later."""


def say(text, stream=None):
    """Prints a line as UTF-8, whatever the locale is."""
    stream = stream or sys.stdout
    data = (text + u"\n").encode("utf-8", "replace" if PY2 else "surrogateescape")
    try:
        stream.flush()
        out = getattr(stream, "buffer", stream)
        out.write(data)
        out.flush()
    except (EnvironmentError, ValueError):
        pass  # nobody listens


def complain(error):
    """Prints an error and its hint, and gives the exit code."""
    if isinstance(error, Refused):
        say(u"error: " + error.message, sys.stderr)
        if error.hint:
            say(u"hint: " + error.hint, sys.stderr)
        if os.environ.get("BINARY_BUILDOUT_ERRORS") == "json":  # a program asks
            say(text(json.dumps({"error": error.message, "hint": error.hint, "busy": isinstance(error, Busy)})), sys.stderr)
        return error.code
    name = getattr(error, "filename", None)
    reason = error.strerror or str(error)
    say(u"error: %s%s" % (text(name) + u": " if name else u"", text(reason)), sys.stderr)
    say(u"hint: nothing is lost: correct this, then run it again", sys.stderr)
    return 3


def text(path):
    """Gives a path or a message of the system as text."""
    if isinstance(path, bytes):
        return path.decode("utf-8" if not WINDOWS else sys.getfilesystemencoding(), "replace")
    if PY2 or WINDOWS:
        return plain(path if not PY2 else type(u"")(path))
    return os.fsencode(path).decode("utf-8", "replace")


def exact(path, what):
    """Gives a path as text, and refuses one that is not UTF-8."""
    try:
        if isinstance(path, bytes):
            return path.decode("utf-8" if not WINDOWS else sys.getfilesystemencoding())
        return plain(path) if WINDOWS or PY2 else os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(u"%s is not UTF-8: %s" % (what, text(path)), u"use a path of plain letters", 2)


def native(path):
    """Gives the form that the system's calls take: bytes, on Windows text. So the
    locale never counts, and Python 2 and 3 open the same names."""
    return path.replace(u"/", u"\\") if WINDOWS else path.encode("utf-8")


def plain(path):
    """Gives a path of Windows without the front by which some programs name it
    there, and which others can't use."""
    return path[4:] if WINDOWS and path[:4] == "\\\\?\\" and path[5:6] == ":" else path


def digest(data):
    return hashlib.sha256(data).hexdigest()


def open_file(path):
    """Gives a regular file, open for reading; a link is never followed."""
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
                 | getattr(os, "O_NONBLOCK", 0))
    f = os.fdopen(fd, "rb")
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        f.close()
        raise Refused(u"%s isn't a regular file" % text(path), u"unpack the archive again")
    return f


def read_file(path):
    """Gives the content of a regular file."""
    with open_file(path) as f:
        return f.read()


# What is in memory of a large file at once, bytes. One that is no larger is read and
# written by one call.
PIECE = 4 << 20


def pieces(path, seen=None):
    """Gives the content of a regular file, piece by piece; a hash that is given sees it too."""
    with open_file(path) as f:
        size = min(PIECE, os.fstat(f.fileno()).st_size + 1)  # so that memory is taken for what is there
        for piece in iter(lambda: f.read(size), b""):
            if seen is not None:
                seen.update(piece)
            yield piece


def digest_of(path):
    """Gives the digest of a regular file, however large it is."""
    seen = hashlib.sha256()
    for _ in pieces(path, seen):
        pass
    return seen.hexdigest()


def write_new(path, data, mode, times=None):
    """Writes a new file, synced: of bytes, or piece by piece. Something left there
    by a killed run goes."""
    try:
        os.unlink(path)
    except OSError:
        pass
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
                 | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(fd, "wb", -1 if isinstance(data, bytes) else PIECE) as f:
            for piece in (data,) if isinstance(data, bytes) else data:
                f.write(piece)
            f.flush()
            if not WINDOWS:
                os.fchmod(f.fileno(), mode & 0o777)
            os.fsync(f.fileno())
    except EnvironmentError as e:
        e.filename = e.filename or path  # a full disk doesn't say which
        raise
    if times is not None:
        os.utime(path, times)


def replace(old, new):
    """Renames over what is there."""
    if WINDOWS and PY2:
        if os.path.exists(new):
            os.unlink(new)
        os.rename(old, new)
    else:
        getattr(os, "replace", os.rename)(old, new)


def sync_dir(path):
    if WINDOWS:
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError:
        pass  # some file systems can't
    finally:
        os.close(fd)


def lock(root):
    """Takes the tree's lock, and gives the open file that holds it."""
    path = os.path.join(root, native(LOCK))
    fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
                 | getattr(os, "O_CLOEXEC", 0), 0o600)
    held = os.fdopen(fd, "r+b")
    try:
        if WINDOWS:
            import msvcrt
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl
            fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except EnvironmentError as e:
        import errno
        if e.errno in (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, getattr(errno, "EDEADLK", -1)):
            raise Busy(u"another bin/buildout or bootstrap.py is at work in %s" % text(root),
                       u"wait until it is done", 3)
    return held


def endless(path):
    """Gives a directory as Windows takes it without a limit of 259 characters, also
    for what lies in it."""
    return u"\\\\?\\" + path.replace(u"/", u"\\") if WINDOWS and path[1:3] == u":\\" else path


def clear(path):
    """Removes whatever is there."""
    try:
        mode = os.lstat(path).st_mode
    except EnvironmentError:
        return
    if not stat.S_ISDIR(mode):
        if WINDOWS:
            os.chmod(path, 0o700)
        os.unlink(path)
        return
    if not WINDOWS and stat.S_IMODE(mode) & 0o700 != 0o700:
        os.chmod(path, 0o700)
    for name in os.listdir(path):
        clear(os.path.join(path, name))
    os.rmdir(path)

# ---- documents --------------------------------------------------------------
# The documents of .binary-buildout: what each has to look like, reading and writing them.

# What each document has to look like. A shape is a function that says whether a
# value fits. None of them lets a text pass that no path can hold.

KIND, NUMBER = type(u""), (int, type(1 << 64))
UNFIT = re.compile(u"[\0\ud800-\udfff]" if sys.maxunicode > 0xffff else u"\0")
RELATIVE = re.compile(u"(?:(?!\\.\\.?/)[^/\0]+/)*(?!\\.\\.?\\Z)[^/\0]+\\Z")


def is_text(value):
    return isinstance(value, KIND) and not UNFIT.search(value)


def is_path(value):
    return is_text(value) and RELATIVE.match(value) is not None


def is_absolute(value):
    return is_text(value) and re.match(u"[A-Za-z]:[/\\\\]." if WINDOWS else u"/.", value) is not None


def is_number(value):
    return isinstance(value, NUMBER) and not isinstance(value, bool) and 0 <= value < 1 << 53


def is_mode(value):
    return is_number(value) and value <= 0o777


def is_time(value):
    return isinstance(value, NUMBER) and not isinstance(value, bool) and abs(value) < 1 << 38


def is_flag(value):
    return isinstance(value, bool)


def is_plain(value):
    """Says whether this is ASCII, as versions and names of libraries are."""
    return isinstance(value, KIND) and re.match(u"[ -~]+\\Z", value) is not None


def either(*shapes):
    return lambda value: any(shape(value) for shape in shapes)


def each(shape):
    return lambda value: isinstance(value, list) and all(shape(v) for v in value)


def row(*shapes):
    return lambda value: isinstance(value, list) and len(value) == len(shapes) and all(s(v) for s, v in zip(shapes, value))


def named(shape, name=is_text):
    return lambda value: isinstance(value, dict) and all(name(k) and shape(v) for k, v in value.items())


def members(needed, optional=None):
    """Gives the shape of an object. An optional name with null is as good as missing, and is removed."""
    def fits(value):
        return isinstance(value, dict) and wrong_key(value, needed, optional or {}) is None
    fits.needed, fits.optional = needed, optional or {}
    return fits


def wrong_key(value, needed, optional):
    """Gives a name of an object whose value is missing or wrong, or None."""
    for key in needed:
        if key not in value or not needed[key](value[key]):
            return key
    for key in optional:
        if value.get(key) is None:
            value.pop(key, None)
        elif not optional[key](value[key]):
            return key
    return None


def is_entry(value):
    """Says whether this is a line of files.json."""
    kind = value.get("type") or u"" if isinstance(value, dict) else None
    needed = {u"": {"mode": is_mode, "sha256": is_text}, u"dir": {"mode": is_mode}, u"link": {"link": is_text}}
    return kind in tuple(needed) and wrong_key(value, needed[kind], ENTRY) is None and is_path(value.get("path"))


ENTRY = {"mode": is_mode, "size": is_number, "sha256": is_text, "link": is_text}
SHAPES = {
    u"manifest.json": members({
        "name": is_text, "version": is_text, "target": is_text,
        "python": members({"version": is_plain, "implementation": is_text, "abi": is_plain}, {"bits": is_number, "libc": is_text}),
    }, {
        "label": is_text, "longest_path": is_text, "files_sha256": is_text,
        "floors": each(members({"kind": is_text, "version": is_text}, {"file": is_text})),
        "system_libraries": each(members({"name": is_plain}, {"needed_by": is_text, "package": is_text})),
        "buildout": is_text,
        "parts": each(members({"name": is_text, "recipe": is_text})),
        "relocations": each(members({"path": is_text}, {
            "class": is_text, "mode": is_mode, "size": is_number, "sha256": is_text, "link": is_text, "splits": named(is_text),
            "cstrings": each(members({"offset": is_number, "old": is_text, "prefix": is_number}))})),
        "signatures": each(members({"name": is_text, "path": is_text, "hash": is_text})),
        "extensions": each(members({"path": is_path}, {"sha256": is_text})),
        "bundled_python": members({"version": is_plain, "directory": is_path, "executable": is_path}),
    }),
    u"files.json": members({"files": each(is_entry)}),
    u"launch.json": members({}, {"path": each(is_path), "virtualenv": is_text, "config": is_text, "options": each(is_text)}),
    u"state.json": members({}, {
        "root": either(is_absolute, lambda value: value == u""), "interpreter": either(is_absolute, lambda value: value == u""),
        "prefix": is_text, "archive": is_text, "config": is_text, "mode": is_text,
        "files": named(is_text, is_path), "fitted": named(is_text), "signatures": named(is_text),
        "pending": lambda value: isinstance(value, dict),  # bootstrap.py's affair
    }),
}


def check_shape(found, name, hint):
    """Refuses a document that isn't of our making, before any of it is used."""
    shape = SHAPES.get(name.rpartition(u"/")[2])
    wrong = shape and wrong_key(found, shape.needed, shape.optional)
    if not wrong and name.endswith(STATE):
        found.setdefault("files", {})
        wrong = u"interpreter" if found.get("root") and not found.get("interpreter") else None
    if wrong:
        raise Refused(u"%s is damaged: %s" % (name, wrong), hint)


def same_archive(_):
    return u"use the bootstrap.py of the same archive"


def read_json(root, name, missing=None, known=FORMAT, newer=same_archive, each_object=None):
    """Gives a JSON document of .binary-buildout, or None if it isn't there. newer says
    of one with a higher format than is known what can be done. each_object gives what
    stands for an object in it."""
    path = os.path.join(root, native(name))
    hint = missing or u"unpack the archive again, and compare its SHA-256"
    if not os.path.lexists(path):
        if missing:
            raise Refused(u"%s is missing" % name, missing, 2)
        return None
    try:
        found = json.loads(read_file(path).decode("utf-8"), object_hook=each_object)
    except (ValueError, RuntimeError):  # no JSON, or nested without an end
        raise Refused(u"%s is damaged" % name, hint)
    if not isinstance(found, dict) or not is_number(found.get("format")):
        raise Refused(u"%s is damaged: it has no format number" % name, hint)
    if found["format"] > known:
        raise Refused(u"%s has format %d, and this program knows %d" % (name, found["format"], known),
                      newer(found), 2)
    check_shape(found, name, hint)
    return found


def write_json(root, name, value):
    """Writes a JSON document: the same value gives the same bytes."""
    data = json.dumps(value, sort_keys=True, indent=1, separators=(",", ": ")).encode("ascii") + b"\n"
    path = os.path.join(root, native(name))
    new = path + native(u".new")
    write_new(new, data, 0o644)
    replace(new, path)
    sync_dir(os.path.dirname(path))

# ---- moves ------------------------------------------------------------------
# Files and directories moved, copied and removed one by one.

LOADED = (u".exe", u".dll", u".pyd")


def make_folders(path):
    if not os.path.isdir(path):
        make_folders(os.path.dirname(path))
        os.mkdir(path, 0o700)


def linked(source, target):
    """Makes a second name of a file, and says whether that could be. Windows removes no
    name of a program or library that is loaded, so these get none there."""
    if WINDOWS and text(source).lower().endswith(LOADED):
        return False
    try:
        os.link(source, target)
    except (OSError, AttributeError):
        return False
    return True


def lay_copy(source, target):
    """Makes a second name of a file where that can be, else a copy; a link is made anew."""
    found = os.lstat(source)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(source), target)
        return
    if not linked(source, target):
        write_new(target, pieces(source), stat.S_IMODE(found.st_mode), (found.st_mtime, found.st_mtime))


def move(source, target):
    """Renames over what is there, to another file system too."""
    import errno
    try:
        replace(source, target)
    except EnvironmentError as e:
        if e.errno != errno.EXDEV:
            e.filename = target  # not where the new one lies
            raise
        temporary = os.path.join(os.path.dirname(target), native(u".binary-buildout-new"))
        clear(temporary)
        lay_copy(source, temporary)
        replace(temporary, target)
    if os.path.lexists(source):  # two names of one file: the rename did nothing
        os.unlink(source)


def is_folder(path):
    return os.path.isdir(path) and not os.path.islink(path)


def remove_empty(path):
    """Removes a directory if nothing is in it. A mount point stays."""
    import errno
    if not is_folder(path) or os.path.ismount(plain(path)):
        return
    try:
        os.rmdir(path)
    except EnvironmentError as e:
        if e.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
            raise

# ---- paths ------------------------------------------------------------------
# Paths as Python's own modules take them, and as the manifest has them.

def fs(path):
    """Gives a path as Python's own modules take it: str in both Pythons."""
    path = native(path) if not isinstance(path, bytes) and not WINDOWS else path
    return path if PY2 or not isinstance(path, bytes) else os.fsdecode(path)


def slashed(path):
    """Gives a path in the manifest's words: text, with slashes on Windows too."""
    return text(path).replace(u"\\", u"/") if WINDOWS else text(path)

# ---- journal ----------------------------------------------------------------
# The journal of a run of bin/buildout: what undoes it if it fails or is killed.

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

# ---- arguments --------------------------------------------------------------
# The arguments of bin/buildout.

class Arguments(object):
    """buildout's command line, read as zc.buildout reads it."""

    def __init__(self, words):
        self.config = None
        self.assigned = set()     # ("section", "option")
        self.defaults = True
        self.online = False       # asked for the newest
        self.shows = False        # --help or --version: nothing is run
        self.words = []           # options and assignments, without -c
        rest = list(words)
        while rest:
            word = rest[0]
            if word.startswith("-"):
                self.option(rest)
            elif "=" in word:
                rest.pop(0)
                key = [k.strip() for k in word.split("=", 1)[0].split(":")]
                self.assigned.add(tuple(key) if len(key) == 2 else ("buildout", key[0]))
                if key[-1] == "newest" and word.split("=", 1)[1].strip() == "true":
                    self.online = True
                self.words.append(word)
            else:
                break
        self.command = rest

    def option(self, rest):
        word = rest.pop(0)
        letters = word[1:]
        kept = ""
        while letters and letters[0] in "vqhWUoOnNDAs":
            if letters[0] in "oO":
                self.assigned.add(("buildout", "offline"))
            if letters[0] in "nN":
                self.assigned.add(("buildout", "newest"))
                self.online = self.online or letters[0] == "n"
            if letters[0] == "U":
                self.defaults = False
            if letters[0] in "hWA":
                self.shows = True
            kept += letters[0]
            letters = letters[1:]
        if letters.startswith("c"):
            if kept:
                self.words.append("-" + kept)
            self.config = letters[1:] or (rest.pop(0) if rest else "")
        elif letters.startswith("t"):
            self.words.append(word)
            if rest:
                self.words.append(rest.pop(0))
        else:
            self.shows = self.shows or word in ("--help", "--version")
            self.words.append(word)

    def runs(self):
        """Says whether this installs parts, and so deletes and rewrites."""
        return not self.shows and (not self.command or self.command[0] == "install")


def is_url(name):
    return re.match("[a-zA-Z0-9+.-]+://", name) is not None


def buildout_words(arguments, launch, root, mode):
    """Gives the words that zc.buildout's main() gets."""
    words = []
    if arguments.config:
        config = arguments.config if is_url(arguments.config) else os.path.abspath(arguments.config)
    else:
        config = os.path.join(fs(root), fs(launch.get("config") or u"buildout.cfg"))
    words += ["-c", config]
    if mode == "target" and os.environ.get("BINARY_BUILDOUT_USER_DEFAULTS") != "1":
        words.append("-U")
    options = list(launch.get("options") or ())
    if mode == "target":
        options += [u"buildout:newest=false", u"buildout:install-from-cache=false"]
    seen = set(arguments.assigned)
    for option in options:
        key, _, value = option.partition(u"=")
        section, _, name = key.rpartition(u":")
        if (section or u"buildout", name) in seen:
            continue
        seen.add((section or u"buildout", name))
        front = u"${buildout:directory}"
        if value.startswith(front + u"/") or value == front:
            value = text(root) + value[len(front):]
        words.append(fs(key + u"=" + value))
    return words + arguments.words + arguments.command

# ---- bundled ----------------------------------------------------------------
# The interpreter that lies in an archive: how it is started, and what starts under it.

# What starts bootstrap.py under it. An update lays a new one when all of a new
# interpreter is there, and the old interpreter goes after it was replaced: so the
# interpreter that it names is whole at each moment, other than manifest.json's.
STARTER = u"bootstrap.cmd" if WINDOWS else u"bootstrap"

# The python that a person or a program ran bootstrap.py with.
GIVEN = "BINARY_BUILDOUT_GIVEN"


def bundled_in(base):
    """Gives the path in the tree of its own interpreter, or None."""
    try:
        data = read_file(os.path.join(base, native(STARTER)))
    except (EnvironmentError, Refused):
        return None
    found = re.search(br"(?m)^(?:@set )?PYTHON=([A-Za-z0-9._+/\\-]+)\r?\n", data)
    return text(found.group(1)).replace(u"\\", u"/") if found and b"binary-buildout: starts" in data else None


def starting_command(base):
    """Gives what starts a tree's bootstrap.py under its own interpreter, or None. sh
    says first what that interpreter can't run on."""
    program = bundled_in(base)
    if program is None:
        return None
    if WINDOWS:
        return [plain(os.path.join(base, native(program))), "-BsSE", plain(os.path.join(base, u"bootstrap.py"))]
    return [b"/bin/sh", os.path.join(base, native(STARTER))]


def how_to_start(base):
    """Gives the command that a hint tells a person to run."""
    if bundled_in(base) is None:
        return u"python bootstrap.py"
    return u"bootstrap.cmd" if WINDOWS else u"./bootstrap"


def runs_from(folder):
    """Says whether a directory is the prefix of the interpreter that runs this."""
    prefix = getattr(sys, "base_prefix", sys.prefix)
    return os.path.realpath(native(exact(prefix, u"the interpreter's prefix"))) == os.path.realpath(folder)


def is_run(program):
    """Says whether a program is the interpreter that runs this."""
    path = native(exact(plain(os.path.abspath(sys.executable or "")), u"the interpreter's path"))
    return os.path.realpath(path) == os.path.realpath(program)


def given_python(base):
    """Gives the interpreter that this was started with before the tree's own took over,
    or None."""
    path = os.environ.get(GIVEN) or ""
    if not path or not os.path.exists(path):
        return None
    path = exact(path, u"the interpreter's path")
    return None if path.startswith(os.path.join(text(base), u"")) else path


def hand_over(base, arguments):
    """Goes on under the tree's own interpreter, if it has one and another one runs this."""
    program = bundled_in(base)
    if program is None:
        return
    folder = os.path.join(base, native(program.split(u"/")[0]))
    if runs_from(folder):
        return
    if GIVEN in os.environ and is_run(os.path.join(base, native(program))):
        raise Refused(u"%s doesn't find its own library: it takes %s for its prefix" % (program, text(sys.prefix)),
                      u"unpack the archive again", 2)
    command = starting_command(base) + arguments
    environment = dict(os.environ)
    environment[GIVEN] = sys.executable or ""
    if WINDOWS:
        try:
            sys.exit(subprocess.call(command, env=environment))
        except EnvironmentError as e:
            raise Refused(u"running %s: %s" % (program, text(e.strerror or str(e))), u"use the archive of the same release that is for this system", 2)
    os.execve(command[0], command, environment)

# ---- building ---------------------------------------------------------------
# What makes a build the same each time.

def steady_times(module):
    """Keeps the time out of the line that zc.buildout writes above what it adds to update-versions-file."""
    import datetime

    class Steady(datetime.datetime):
        @classmethod
        def now(cls, *args):
            return cls(1970, 1, 1) + datetime.timedelta(0, int(os.environ.get("SOURCE_DATE_EPOCH") or 0))

    class Front(object):
        def __getattr__(self, name):
            return Steady if name == "datetime" else getattr(datetime, name)
    if hasattr(module, "datetime"):
        module.datetime = Front()


def steady_names():
    """Gives a build's temporary directories the same names each time, the first
    that is free: makefiles of a Python that a part compiled name them."""
    import itertools
    import tempfile
    tempfile._get_candidate_names = lambda: ("%08d" % number for number in itertools.count(1))

# ---- loading ----------------------------------------------------------------
# sys.path, and zc.buildout of the tree.

def set_path(launch, root):
    """Gives sys.path: the eggs of zc.buildout, then the interpreter's own modules."""
    own = [os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.realpath(__file__)), ""]
    rest = [p for p in sys.path if p not in own]
    if not launch.get("virtualenv"):
        site = [p for p in rest if os.path.basename(p) in ("site-packages", "dist-packages")]
        forget_modules(site)
        rest = [p for p in rest if p not in site]
    eggs = [fs(root + b"/" + native(p) if not WINDOWS else root + "/" + p) for p in launch.get("path") or ()]
    for egg in eggs:
        if not os.path.exists(egg):
            raise Refused(u"%s is missing" % text(egg), u"unpack the archive again, then: python bootstrap.py", 2)
    sys.path[:] = eggs + rest
    sys.path_importer_cache.clear()


def forget_modules(folders):
    """Drops modules that .pth files of those directories have loaded already."""
    fronts = tuple(os.path.join(f, "") for f in folders)
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if fronts and path and path.startswith(fronts) and name != "__main__":
            del sys.modules[name]
    if fronts:
        sys.meta_path[:] = [m for m in sys.meta_path if type(m).__module__ in sys.modules or
                            getattr(m, "__module__", "") in sys.modules]


def load_buildout():
    """Imports zc.buildout of the tree. setuptools comes first: it brings distutils where the
    standard library has none."""
    import warnings
    warnings.filterwarnings("ignore", ".*pkg_resources.*")
    warnings.filterwarnings("ignore", "Module .* was already imported from None")
    try:
        import setuptools  # noqa: F401
        import zc.buildout.easy_install
        import zc.buildout.buildout
    except ImportError as e:
        raise Refused(u"this tree's zc.buildout can't be imported: %s" % text(str(e)),
                      u"unpack the archive again, then: python bootstrap.py")
    return zc.buildout


class Sorted(object):
    """The module os, with directories in the order of their names."""

    def __getattr__(self, name):
        return getattr(os, name)

    @staticmethod
    def listdir(path):
        return sorted(os.listdir(path))


def steady_paths(buildout):
    """zc.buildout 6 gives scripts the directories that .pth files name, in the
    order in which a file system happens to list them: with another, each script
    would be written anew."""
    utils = getattr(buildout, "utils", None)
    if hasattr(utils, "get_pth_paths"):
        utils.os = Sorted()

# ---- outlived ---------------------------------------------------------------
# Interpreters that gave way to another version's in an update or a rollback: each stays
# in its place while a process runs under it.

# .binary-buildout/outlived.json names them by their directories, with the version that
# they gave way to, and with what the version before left of each: a digest, "dir", or
# "link:" and where it points to. It is written before a change begins: an interpreter
# in it that is the tree's own is one whose change was undone, or that came back.
OUTLIVED = OWN + u"/outlived.json"
SHAPES[u"outlived.json"] = members({"interpreters": named(members({"to": is_text, "files": named(is_text, is_path)}), is_path)})

PROCESSES = b"/proc"


def interpreter_of(manifest):
    """Gives the directory of a version's own interpreter, or None."""
    return ((manifest or {}).get("bundled_python") or {}).get("directory")


def giving_way(own, other):
    """Gives an interpreter's directory, with a slash, if another version's takes its place.
    Windows lets none stay beside another one."""
    return (own + u"/",) if own and own != other and not WINDOWS else ()


def outlived(base):
    """Gives what each of them consists of, by its directory. Nothing that the application
    needs is in the file: one that is damaged stops no update, and the next one replaces it."""
    try:
        return (read_json(base, OUTLIVED) or {}).get("interpreters") or {}
    except Refused:
        return {}


def note_outlived(base, folder, left, to):
    """Writes down that an interpreter is going to give way to that of another version."""
    known = outlived(base)
    known[folder] = {"to": to, "files": dict((p, v) for p, v in left.items() if p.startswith(folder + u"/"))}
    write_json(base, OUTLIVED, {"format": FORMAT, "interpreters": known})


def sweep_outlived(base):
    """Removes each of them that nothing uses any more. The tree's lock is held."""
    known = outlived(base)
    if not known:
        return
    own, version = interpreter_of(read_json(base, MANIFEST)), digest(read_file(os.path.join(base, native(MANIFEST))))
    stay = {}
    for name, entry in sorted(known.items()):
        folder = os.path.join(base, native(name))
        if name == own or not is_folder(folder):
            continue
        used = is_used(folder)
        if used or used is None and entry["to"] == version:
            stay[name] = entry
            continue
        try:
            remove(base, name, entry["files"])
        except EnvironmentError:
            stay[name] = entry
    try:
        if not stay:
            clear(os.path.join(base, native(OUTLIVED)))
        elif stay != known:
            write_json(base, OUTLIVED, {"format": FORMAT, "interpreters": stay})
    except EnvironmentError:
        pass  # the disk is full: the change is done all the same, and the next run writes it


def remove(base, name, files):
    """Removes what a version left there, and bytecode. What people added stays."""
    top = os.path.join(base, native(name))
    for folder, folders, names in os.walk(top, topdown=False):
        inside = text(folder)[len(text(base)) + 1:].replace(os.sep, u"/")
        for n in folders + names:
            path, full = inside + u"/" + text(n), os.path.join(folder, n)
            if not is_folder(full) and (path.endswith((u".pyc", u".pyo")) or path in files and value_at(full) == files[path]):
                os.unlink(full)
        remove_empty(folder)
    if os.path.lexists(top):
        say(u"%s is no longer used, and has files in it that aren't the application's: remove it when you don't need them" % name)


def value_at(full):
    if os.path.islink(full):
        return u"link:" + text(os.readlink(full))
    return digest_of(full) if os.path.isfile(full) else None


def is_used(folder):
    """Says whether a process but this one runs a program of a directory, or has a library
    of it loaded. None where the system doesn't say."""
    if not os.path.exists(PROCESSES + b"/self/maps"):
        return None
    prefix, programs = os.path.join(os.path.realpath(folder), b""), programs_in(folder)
    return any(uses(os.path.join(PROCESSES, name), prefix, programs) for name in os.listdir(PROCESSES)
               if name.isdigit() and int(name) != os.getpid())


def programs_in(folder):
    """Gives the programs of an interpreter by device and inode: in a container, the
    directory may have another path."""
    top, found = os.path.join(folder, b"bin"), set()
    for name in os.listdir(top) if is_folder(top) else ():
        there = os.lstat(os.path.join(top, name))
        found.add((there.st_dev, there.st_ino))
    return found


def uses(process, prefix, programs):
    """Says whether a process runs one of the programs, or uses a file below prefix. Only the
    command line of another user's process can be read: it begins with the interpreter of a
    script's first line, unless the process has given itself a title."""
    try:
        program = os.stat(os.path.join(process, b"exe"))
        if (program.st_dev, program.st_ino) in programs:
            return True
        with open(os.path.join(process, b"maps"), "rb") as f:
            return any(prefix in line for line in f)
    except EnvironmentError:
        pass
    try:
        with open(os.path.join(process, b"cmdline"), "rb") as f:
            return f.read(4096).startswith(prefix)
    except EnvironmentError:
        return False  # it has ended

# ---- compilers --------------------------------------------------------------
# Stand-ins for compilers that fail, and say why.

COMPILERS = ("cc", "gcc", "c++", "g++", "clang", "clang++", "make", "gmake", "cargo", "rustc", "gfortran")
SHIM = b"""#!/bin/sh
case "${0##*/} $*" in
*" --version"*|*" -v"|*" -V"|*" -dump"*|*" -print"*) ;;
make*|gmake*|cargo*|*.[cCfmsSor]|*.[cCfmsSor]\\ *|*.cc*|*.cpp*|*.cxx*|*.f90*|*.rs*)
    echo "$BINARY_BUILDOUT_PART $0 $*" >> "${0%/*}/wanted" ;;
esac
echo "${0##*/}: there is no compiler on this system" >&2
exit 127
"""


class Shims(object):
    """Programs that stand in for a compiler that isn't there, last on PATH.
    They fail, and note that a part asked to compile: setuptools and pip install
    many packages without their extensions, say nothing, and exit 0. (pip also
    asks rustc for its version, and ctypes has gcc look for libraries.)"""

    def __init__(self, journal):
        self.folder = None
        if WINDOWS or any(which(name) for name in ("cc", "gcc", "clang")):
            return
        self.folder = journal.path("shims")
        os.mkdir(self.folder, 0o700)
        for name in COMPILERS:
            if not which(name):
                write_new(os.path.join(self.folder, native(text(name))), SHIM, 0o755)
        os.environ["PATH"] = os.environ.get("PATH", os.defpath) + os.pathsep + fs(self.folder)

    def wanted(self):
        """Gives the parts that asked for a compiler, in order."""
        if not self.folder or not os.path.exists(os.path.join(self.folder, b"wanted")):
            return []
        found = []
        for line in read_file(os.path.join(self.folder, b"wanted")).split(b"\n"):
            part = text(line.split(b" ")[0])
            if line and part not in found:
                found.append(part)
        return found


def which(name):
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None

# ---- develop ----------------------------------------------------------------
# What is whose in develop-eggs: cases/owners.json has the rows that
# internal/buildout is tested with too.

def normal(name):
    return re.sub(u"[-_.]+", u"_", name).lower().strip(u"_")


def package_of(link):
    """Gives the package that a NAME.egg-link is for."""
    return normal(link[:-len(u".egg-link")])


def owner(name, packages):
    """Gives the package that a file of develop-eggs was made for, by its name."""
    if name.endswith(u".egg-link"):
        return package_of(name)
    if name.endswith((u".dist-info", u".egg-info")):
        named = normal(name.rpartition(u".")[0].split(u"-")[0])
        return named if named in packages else None
    plain = normal(name)
    if plain.startswith(u"editable_"):
        plain = plain[len(u"editable_"):]
    fitting = [p for p in packages if re.match(re.escape(p) + u"_([0-9]|nspkg_pth\\Z|editable_pth\\Z)", plain)]
    return max(fitting, key=len) if fitting else None


def owners_of(names, recorded):
    """Gives the package of each file of develop-eggs that has one. Names say it, and
    what names don't say, a RECORD does: each backend has its own names.
    recorded: gives the RECORD of a .dist-info, as bytes."""
    packages = [package_of(n) for n in names if n.endswith(u".egg-link")]
    found = dict((n, owner(n, packages)) for n in names)
    for name in sorted(names):
        if found[name] and name.endswith(u".dist-info"):
            for beside in record_names(recorded(name)):
                found[beside] = found[name]
    return dict((n, package) for n, package in found.items() if package)


def record_names(data):
    """Gives what lies beside a .dist-info because its wheel was installed there: its
    RECORD is in the form of Python's csv (PEP 376)."""
    lines = [line if PY2 else text(line) for line in data.replace(b"\0", b"").splitlines()]
    try:
        found = set(text(line[0]).split(u"/")[0] for line in csv.reader(lines) if line)
    except csv.Error:  # a quote without an end
        return set()
    return found - set([u"", u"..", u"__pycache__"])

# ---- recipes ----------------------------------------------------------------
# What is changed in recipes and extensions of others.

# -- recipes

def steady_recipe(old, *args):
    """plone.recipe.zeoserver from 3.0 on writes paths in the order of a set, which
    the tree's own path decides. They get the order of its working set, in the build
    and on the target. That order is another one in the run that installs the eggs:
    in the next run the recipe sees it, and writes its scripts anew, as it did before."""
    recipe = old(*args)
    paths = getattr(recipe, "ws_locations", None)
    if str(getattr(recipe, "__module__", "")).startswith("plone.recipe.zeoserver") and isinstance(paths, property):
        def ws_locations(self):
            found = paths.fget(self)
            return in_order(found, self.zodb_ws) if isinstance(found, set) else found
        recipe.ws_locations = property(ws_locations)
    return recipe


def in_order(paths, working_set):
    """Gives the paths of a working set's distributions in its order, each once."""
    ordered = []
    for dist in working_set:
        if dist.location in paths and dist.location not in ordered:
            ordered.append(dist.location)
    return ordered


# -- extensions of buildout

def patch_extensions(module):
    """Has mr.developer keep its checkouts: no version-control program is run."""
    resources = module.pkg_resources
    old = resources.iter_entry_points

    def iter_entry_points(group, *args):
        for entry in old(group, *args):
            if group == "zc.buildout.extension" and entry.module_name.startswith("mr.developer"):
                patch_mr_developer()
            yield entry

    class Resources(object):
        def __getattr__(self, name):
            return getattr(resources, name)
    front = Resources()
    front.iter_entry_points = iter_entry_points
    module.pkg_resources = front


def patch_mr_developer():
    import logging
    import zc.buildout
    from mr.developer import common
    logger = logging.getLogger("mr.developer")

    def checkout(self, packages, **kw):
        for name in packages:
            if not os.path.exists(self.sources[name]["path"]):
                raise zc.buildout.UserError("the checkout of %s is not in this tree, and no version-control program "
                                            "is run here" % name)
            logger.info("Kept the checkout of '%s'.", name)
    common.WorkingCopies.checkout = checkout
    common.WorkingCopies.update = checkout


def print_picked(old, buildout):
    """Writes no versions file on the target, since each run would append to one that
    the configuration doesn't extend."""
    file, buildout.update_versions_file = buildout.update_versions_file, ""
    try:
        if buildout.show_picked_versions:
            old(buildout)
    finally:
        buildout.update_versions_file = file

# ---- shebang ----------------------------------------------------------------
# The first lines of a script: what the kernel can't start, /bin/sh does.

CODING = re.compile(br"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
ADDED = b"# coding: utf-8, for the paths in this file\n"
NOT_ASCII = re.compile(br"[\x80-\xff]")
LOCALE = (b"case \"${LC_ALL:-${LC_CTYPE:-$LANG}}\" in *[Uu][Tt][Ff]*) ;; "
          b"*) LC_ALL=C.UTF-8; export LC_ALL;; esac")

# The start of a line for /bin/sh that is a comment to Python, which skips a form
# feed. So what has to stand at a source's top may: its encoding, its docstring,
# "from __future__". To sh it is a command that fails: no file's name ends with a slash.
HIDDEN = b"\f#/ 2>/dev/null || "


def shebang(interpreter, arguments, rest):
    """Gives a script's first lines. The kernel takes 127 bytes and no space: what it
    can't run becomes a line for /bin/sh.
    Where something isn't ASCII, Python 2 wants the encoding named, and Python
    before 3.7 can't open such paths in the locale "C"."""
    tail = b" " + arguments if arguments else b""
    if WINDOWS and re.search(br"\s", interpreter) and not interpreter.startswith(b'"'):
        interpreter = b'"' + interpreter + b'"'  # as setuptools' NAME.exe reads it
    line = b"#!" + interpreter + tail
    coding, wide = b"", NOT_ASCII.search(line + rest) and not WINDOWS
    name = interpreter.rpartition(b"/")[2]
    python = re.match(br"(python|pypy)[^/]*\Z", name)  # else a part's perl, or the like
    two = PY2 and python or re.match(br"python2", name)  # or that of a part
    declared = CODING.match(rest.split(b"\n", 1)[0])
    if declared:
        coding, _, rest = rest.partition(b"\n")
        coding += b"\n"
    elif two and wide:
        coding = ADDED
    # UTF-8 may be no text in the encoding that the script has.
    octal = declared and python and NOT_ASCII.search(line) and not re.match(br"(?i)utf[-_]?8\Z", declared.group(1))
    old = wide and python and not PY2 and sys.version_info < (3, 7)
    if WINDOWS or not (len(line) > 127 or re.search(br"\s", interpreter) or old or octal):
        return line + b"\n" + coding + rest
    if not python:
        raise Refused(u"a script can't be started by %s: the path is too long, or has a space"
                      % text(interpreter), u"use a directory with a shorter path, without spaces", 2)
    word = b"'" + interpreter + b"'"
    if octal:
        word = b"\"$(printf " + NOT_ASCII.sub(lambda m: b"\\%03o" % ord(m.group()), word) + b")\""
    return (b"#!/bin/sh\n" + coding.lstrip(b" \t\f") + HIDDEN + (LOCALE + b"; " if old else b"")
            + b"exec " + word + tail + b" \"$0\" \"$@\"\n" + rest)


# What shebang() writes for /bin/sh; then what it wrote before, and what pip,
# virtualenv, uv, conda and mamba write: a string, which hides a docstring from Python.
SH_WORD = br"(?:'([^'\n]*)'|\"\$\(printf '([^'\n]*)'\)\"|\"([^\"$`\\\n]*)\"|([^\s'\"$`\\]+))(?: ([^\n]*?))? \"\$0\" \"\$@\""
SH_HEADS = (re.compile(br"#!/bin/sh\n(#[^\n]*\n)?" + re.escape(HIDDEN) + b"(?:" + re.escape(LOCALE) + b"; )?exec " + SH_WORD + b"\n"),
            re.compile(br"#!/bin/sh\n(#[^\n]*\n)?(?:'''exec'|''':'\n" + re.escape(LOCALE) + br"\nexec) " + SH_WORD + br"(?:\n' '''| #''')\n"))


def plain_shebang(data):
    """Gives a script that has lines for /bin/sh, with one #! line again."""
    for number, pattern in enumerate(SH_HEADS):
        found = pattern.match(data)
        if found:
            coding, single, octal, double, bare, arguments = found.groups()
            path = re.sub(br"\\([0-7]{3})", lambda m: bytes(bytearray([int(m.group(1), 8)])), octal or b"")
            kept = coding if coding and (not number or coding != b"# -*- coding: utf-8 -*-\n") else b""  # that was added
            data = (b"#!" + (single or path or double or bare) + (b" " + arguments if arguments else b"")
                    + b"\n" + kept + data[found.end():])
    line, end, rest = data.partition(b"\n")
    return line + end + rest[len(ADDED):] if rest.startswith(ADDED) else data

# ---- starter ----------------------------------------------------------------
# NAME-script.py for setuptools' NAME.exe, which reads it in the code page of Windows.

STARTED = re.compile(u"-script\\.pyw?\\Z")
PAGE = re.compile(br"(#![^\n]*?) -X coding=(cp[0-9]+)(?=\r?\n)")


def code_page():
    """Gives the encoding of paths for programs of Windows that know no Unicode."""
    import ctypes
    return u"cp%d" % ctypes.windll.kernel32.GetACP()


def for_starter(path, data):
    """Gives NAME-script.py for setuptools' NAME.exe, which takes the interpreter's
    path in Windows' code page. Python wants the encoding of a file's first line
    named in that line: an option that says nothing else does it."""
    line = data.split(b"\n", 1)[0]
    if not WINDOWS or not STARTED.search(path) or data[:2] != b"#!" or not NOT_ASCII.search(line):
        return data
    if os.environ.get("BINARY_BUILDOUT_STAGE") == "1":
        return data  # in a build, it will be started elsewhere
    page = code_page()
    try:
        first, _, rest = data.decode("utf-8").partition(u"\n")
        if page == u"cp65001":
            return data
        end = u"\r\n" if first.endswith(u"\r") else u"\n"
        return ((first.rstrip(u"\r") + u" -X coding=" + page + end).encode(page)
                + rest.encode(page, "backslashreplace"))
    except (UnicodeError, LookupError):
        return data


def from_starter(data):
    """Undoes for_starter(): gives the script in UTF-8."""
    found = PAGE.match(data)
    if not found or not NOT_ASCII.search(found.group(1)):
        return data
    try:
        return (found.group(1) + data[found.end():]).decode(text(found.group(2))).encode("utf-8")
    except (UnicodeError, LookupError):
        return data

# ---- scripts ----------------------------------------------------------------
# The scripts that zc.buildout writes, fitted to the tree's path.

# -- scripts

def fit_script(contents):
    """Gives a script as bootstrap.py leaves it: see shebang()."""
    data = contents if isinstance(contents, bytes) else contents.encode("utf-8", "surrogateescape")
    python = sys.executable if isinstance(sys.executable, bytes) else os.fsencode(sys.executable)
    start = b"#!" + python
    if not data.startswith((start + b"\n", start + b" ", start + b"\r\n")):
        return contents
    line, _, rest = data[len(start):].partition(b"\n")
    fitted = shebang(python, line.strip(), rest)
    if isinstance(contents, bytes):
        return fitted
    return fitted.decode("utf-8", "surrogateescape")


NAMESPACES = """
def namespaces():  # that a -nspkg.pth of the interpreter's began go on in what is above
    import os
    for name, module in sys.modules.items():
        if hasattr(module, '__path__') and not hasattr(module, '__file__'):
            found = [os.path.join(p, *name.split('.')) for p in sys.path]
            found = [p for p in found if os.path.isdir(p)]
            module.__path__[:] = found + [p for p in module.__path__ if p not in found]

namespaces()
del namespaces
"""

OWN_PATH = re.compile(r"^sys\.path\[0:0\] = \[\n(.*\n)*? *\]\n", re.M)  # 1.x indents it by four


def join_namespaces(contents):
    """In Python 2 a -nspkg.pth in the interpreter's site-packages makes its
    namespace a module before a script runs, and all that the application has
    of that namespace isn't found. Python 3's import system sees to it itself."""
    found = OWN_PATH.search(contents)
    if not PY2 or not found or NAMESPACES in contents:
        return contents
    return contents[:found.end()] + NAMESPACES + contents[found.end():]


class Template(str):
    """A template of a script whose first lines fit what it is filled with."""

    def __mod__(self, values):
        return fit_script(join_namespaces(str.__mod__(self, values)))


def patch_scripts(easy, root):
    """Makes zc.buildout write scripts that start: with a space in the
    interpreter's path, with one that is too long, with letters that Python 2
    wants declared. They come out as bootstrap.py leaves them, so that no
    script is written again. bin/buildout is not zc.buildout's to write.

    All scripts go through one function; it is patched, not their templates, since
    djangorecipe and others put own ones in their place. From 2.0 on interpreters
    don't, and nobody has an own template for those."""
    own = os.path.join(fs(root), "bin", "buildout")

    def fitting(old, script, contents):
        def wrapped(*args):
            args = list(args)
            if os.path.abspath(args[script]) in (own, own + "-script.py"):
                return [args[script]]
            args[contents] = fit_script(join_namespaces(args[contents]))
            return old(*args)
        return wrapped
    if hasattr(easy, "_create_script"):
        easy._create_script = fitting(easy._create_script, 1, 0)
        easy.py_script_template = Template(easy.py_script_template)
    elif hasattr(easy, "_write_script"):
        easy._write_script = fitting(easy._write_script, 0, 1)
    if WINDOWS:
        easy.open = open_starters


class Starter(io.BytesIO):
    """A NAME.exe that is written: nothing happens if it is there already.
    zc.buildout writes those of interpreters each time, and Windows lets nobody
    write to a program that runs."""

    def __init__(self, path):
        io.BytesIO.__init__(self)
        self.path = path

    def close(self):
        if not self.closed:
            data = self.getvalue()
            if not os.path.isfile(self.path) or read_file(self.path) != data:
                with open(self.path, "wb") as f:
                    f.write(data)
        io.BytesIO.close(self)


class Script(io.StringIO):
    """A NAME-script.py that is read or written, as zc.buildout sees it."""

    def __init__(self, path, data=None):
        found = from_starter(data).decode("utf-8", "surrogateescape") if data is not None else u""
        io.StringIO.__init__(self, found, None)
        self.path = None if data is not None else path

    def close(self):
        if not self.closed and self.path:
            data = self.getvalue().replace(u"\n", text(os.linesep)).encode("utf-8", "surrogateescape")
            with open(self.path, "wb") as f:
                f.write(for_starter(text(self.path), data))
        io.StringIO.close(self)


def open_starters(name, mode="r", *args, **kw):
    if mode == "wb" and text(name).lower().endswith(u".exe"):
        return Starter(name)
    if not PY2 and mode in ("r", "w") and STARTED.search(text(name)):
        return Script(name, read_file(name) if mode == "r" else None)
    return open(name, mode, *args, **kw)


def fit_own(data, root):
    """Fits the first lines of a script whose interpreter lies in this tree, as a
    Python does that a part compiled."""
    line, _, rest = data[2:].partition(b"\n")
    front = native(text(root) + u"/")
    if WINDOWS or not line.startswith(front):
        return data
    ends = [i for i in range(len(front), len(line)) if line[i:i + 1] == b" "] + [len(line)]
    for end in ends:
        if os.path.isfile(line[:end]):
            try:
                return shebang(line[:end], line[end:].strip(), rest)
            except Refused:
                return data  # no Python: what starts it is its own affair
    return data


def fit_scripts(root):
    """Fits the scripts that recipes write themselves, after the run."""
    folder = os.path.join(root, native(u"bin"))
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size > PART_BYTES:
            continue
        data = read_file(path)
        if data[:2] == b"#!":
            fitted = for_starter(text(name), fit_own(fit_script(from_starter(data)), root))
            if fitted != data:
                new = os.path.join(folder, native(u".binary-buildout-new"))
                write_new(new, fitted, stat.S_IMODE(found.st_mode))
                replace(new, path)

# ---- sources ----------------------------------------------------------------
# What shows that a develop package holds code that is compiled.

BUILD_OPTIONS = ("include-dirs", "library-dirs", "rpath", "swig", "define", "undef", "libraries", "link-objects",
                 "debug", "force", "compiler", "swig-cpp", "swig-opts", "environment")
SOURCE = re.compile(u"\\.(c|cc|cpp|cxx|c\\+\\+|h|hh|hpp|hxx|pyx|pxd|pxi|rs|f|f90|m|mm|s|asm)\\Z|^Cargo\\.(toml|lock)\\Z",
                    re.I)
SKIPPED = (u".git", u".hg", u".svn", u"CVS", u"build", u"__pycache__", u"node_modules")

# ---- patches ----------------------------------------------------------------
# What is changed in zc.buildout on the target: nothing is compiled, fetched or lost.

def wrap(owner, name, function):
    """Replaces a function by ours, which gets the old one first."""
    old = owner.__dict__.get(name) or getattr(owner, name)

    def wrapped(*args, **kw):
        return function(old, *args, **kw)
    wrapped.__name__ = name
    wrapped.__doc__ = old.__doc__
    wrapped.__dict__.update(getattr(old, "__dict__", {}))
    setattr(owner, name, wrapped)


class Run(object):
    """One run of bin/buildout on the target."""

    def __init__(self, root, state, manifest, arguments):
        self.root, self.state, self.manifest = root, state, manifest
        self.arguments = arguments
        self.journal = Journal(root)
        self.part = None          # the part at work
        self.failed = None        # the part, and the error
        self.removed = {}         # parts that were uninstalled, with their old options
        self.develop_directory = None
        self.owned = None         # names in develop-eggs, and who owns them
        self.copied = []          # directories that the journal has copies or lists of
        self.before = {}          # .installed.cfg, as it was
        self.buildout = None
        self.shims = None
        self.files = None
        self.installed = []

    # -- zc.buildout's functions

    def patch(self, buildout):
        module, easy = buildout.buildout, buildout.easy_install
        self.module, self.easy = module, easy
        wrap(module.Buildout, "install", self.install)
        wrap(module.Buildout, "_uninstall", self.uninstall)
        wrap(module.Buildout, "_uninstall_part", self.uninstall_part)
        wrap(module.Options, "_call", self.call)
        wrap(module.Options, "_initialize", self.initialize)
        wrap(module.Buildout, "_develop", self.develop_option)
        wrap(easy, "develop", self.develop)
        patch_scripts(easy, self.root)
        patch_extensions(module)
        if hasattr(module.Buildout, "_print_picked_versions"):  # not in 1.x
            wrap(module.Buildout, "_print_picked_versions", print_picked)
        if hasattr(easy, "_get_system_paths"):  # 1.x asks the interpreter for its site-packages
            plain = [p for p in sys.path if not p.startswith(fs(self.root))]
            easy._get_system_paths = lambda executable: (plain, [])
            easy._has_broken_dash_S = lambda executable: False

    def install(self, old, buildout, *args):
        self.buildout = buildout
        options = buildout["buildout"]
        place = lambda name: self.journal.relative(options[name + "-directory"])
        copies = [place("bin"), place("develop-eggs"), self.journal.relative(options["installed"] or ".installed.cfg")]
        copies += [native(u".mr.developer.cfg"), native(STATE)]
        lists = [p for p in (place("eggs"), place("parts")) if p]
        for path in list(lists[:1]):  # eggs/v5 lies in eggs
            while os.path.dirname(path):
                path = os.path.dirname(path)
                lists.append(path)
        self.develop_directory = place("develop-eggs")
        self.copied = [p for p in (place("bin"), place("develop-eggs"), place("eggs")) if p]
        self.before = buildout._read_installed_part_options()[0]
        self.journal.begin([c for c in copies if c], lists)
        self.shims = Shims(self.journal)
        try:
            result = old(buildout, *args)
        except BaseException as e:
            if self.failed is None:
                self.failed = self.part, e
            raise
        self.installed = installed_paths(buildout)
        return result

    def uninstall(self, old, buildout, installed):
        left = []
        for name in installed.split("\n"):
            path = buildout._buildout_path(name) if name else name
            if not name or not os.path.lexists(path):
                continue
            if not self.journal.move_away(path):
                left.append(name)
        old(buildout, "\n".join(left))

    def uninstall_part(self, old, buildout, part, options):
        self.removed[part] = dict(options[part])
        return self.within(part, old, buildout, part, options)

    def call(self, old, options, function):
        if options.name not in self.removed:
            before = (self.before.get(options.name) or {}).get("__buildout_installed__") or ""
            paths = [options.buildout._buildout_path(p) for p in before.split("\n") if p]
            fronts = tuple(os.path.join(fs(os.path.join(self.root, p)), "") for p in self.copied)
            self.journal.keep_part([p for p in paths if not p.startswith(fronts)])
        return self.within(options.name, old, options, function)

    def initialize(self, old, options):
        if options.name == "buildout":
            return old(options)
        return self.within(options.name, old, options)

    def within(self, part, function, *args):
        """Remembers which part is at work, and which one failed."""
        before, self.part = self.part, part
        os.environ["BINARY_BUILDOUT_PART"] = part
        try:
            return function(*args)
        except Exception as e:
            if self.failed is None:
                self.failed = part, e
            raise
        finally:
            self.part = before
            os.environ["BINARY_BUILDOUT_PART"] = before or ""

    # -- develop

    def develop_option(self, old, buildout):
        """zc.buildout splits this option at spaces, of which the directory's own
        path may have some: ${buildout:directory}/src/x, and all that mr.developer
        puts there. Relative paths mean the same."""
        options = buildout["buildout"]
        value, directory = options.get("develop"), options["directory"]
        if not value or not re.search(r"\s", directory):
            return old(buildout)
        front = r"(?<!\S)" + re.escape(os.path.join(directory, ""))
        options["develop"] = re.sub(front, "", value)
        try:
            return old(buildout)
        finally:
            options["develop"] = value  # parts may ask for it

    def develop(self, old, setup, dest, build_ext=None, *args, **kw):
        """Puts a develop package's links back, instead of building it again."""
        folder = os.path.realpath(setup if os.path.isdir(setup) else os.path.dirname(setup) or ".")
        found = self.develop_files(folder)
        if not found:
            return self.develop_new(old, folder, setup, dest, build_ext, *args, **kw)
        self.check_develop(folder, build_ext)
        link = None
        for number, relative in found:
            if number:
                self.journal.bring_back(number, relative)
            if relative.endswith(native(u".egg-link")):
                link = fs(os.path.join(self.root, relative))
        return link

    def develop_files(self, folder):
        """Gives what belongs to a directory and was moved out of develop-eggs, or
        still lies there: pairs of the number in the journal, or 0, and path.
        What the build left there and no package owns comes with any of them."""
        aside = dict((name, (0, os.path.join(self.develop_directory, name)))
                     for name in os.listdir(os.path.join(self.root, self.develop_directory)))
        aside.update((os.path.basename(relative), (number, relative)) for number, relative in self.journal.moved
                     if os.path.dirname(relative) == self.develop_directory)
        for name in sorted(aside):
            if not name.endswith(native(u".egg-link")):
                continue
            lines = [text(line.strip()) for line in read_file(self.now_at(*aside[name])).split(b"\n")]
            places = [lines[0]]
            if len(lines) > 1 and lines[1]:
                places.insert(0, os.path.normpath(lines[0] + u"/" + lines[1]))
            if text(folder) in [text(os.path.realpath(native(p))) for p in places]:
                package, owners = package_of(text(name)), self.owners(aside)
                return sorted(v for n, v in aside.items() if owners.get(n, v[0] and package) == package)
        return []

    def now_at(self, number, relative):
        """Says where a file of develop-eggs lies now."""
        return self.journal.path("moved", "%d" % number) if number else os.path.join(self.root, relative)

    def owners(self, aside):
        """Gives the package of each file of develop-eggs that has one."""
        if self.owned is None or self.owned[0] != set(aside):
            found = owners_of([text(n) for n in aside], lambda name: self.record_of(aside[native(name)]))
            self.owned = set(aside), dict((native(n), package) for n, package in found.items())
        return self.owned[1]

    def record_of(self, place):
        path = os.path.join(self.now_at(*place), native(u"RECORD"))
        return read_file(path) if os.path.isfile(path) else b""

    def develop_new(self, old, folder, setup, dest, build_ext, *args, **kw):
        """Sets up a package that was added here, which works if it needs no compiler."""
        saved = dict(os.environ)
        os.environ.update(PIP_NO_BUILD_ISOLATION="0", PIP_NO_INDEX="1")
        try:
            return old(setup, dest, build_ext, *args, **kw)
        except (Exception, SystemExit) as e:
            wanted = self.shims.wanted()
            raise self.user_error("the develop package %s can't be set up here%s: %s" % (
                os.path.relpath(folder, fs(self.root)), ": it needs a compiler" if wanted else "", e))
        finally:
            os.environ.clear()
            os.environ.update(saved)

    def user_error(self, message):
        import zc.buildout
        return zc.buildout.UserError(message)

    def check_develop(self, folder, build_ext):
        """Refuses where a develop package would have to be compiled again."""
        relative = slashed(folder)[len(text(self.root)) + 1:]
        extensions = [e for e in self.manifest.get("extensions") or ()
                      if e["path"].startswith(relative + u"/")]
        if not extensions:
            return
        built = None
        for extension in extensions:
            path = os.path.join(self.root, native(extension["path"]))
            if not os.path.exists(path):
                raise self.user_error(fs(u"%s is missing, and making it needs a compiler: package %s"
                                         % (extension["path"], relative)))
            time = os.lstat(path).st_mtime
            if digest(read_file(path)) == extension.get("sha256"):
                time = min(time, built[0]) if built else time
                built = time, extension["path"]
        if built:
            changed = self.changed_source(relative, built[0])
            if changed:
                raise self.user_error(fs(u"%s was changed after %s was compiled, and compiling it needs a compiler: "
                                         u"package %s" % (changed, built[1], relative)))
        old = self.removed.get(self.part)
        if old is not None and build_ext is not None:
            for key in BUILD_OPTIONS:
                if old.get(key) != self.current(self.part).get(key):
                    raise self.user_error("the option %s of %s was changed, and that needs a compiler"
                                          % (key, self.part))

    def current(self, part):
        return self.buildout[part] if part else {}

    def changed_source(self, relative, time):
        """Gives a source file in a package that is newer than what was compiled
        from it, and isn't the one that it was compiled from."""
        if self.files is None:
            listed = read_json(self.root, FILES) or {}
            left = self.state.get("files") or {}
            self.files = dict((e["path"], left.get(e["path"]) or e.get("sha256"))
                              for e in listed.get("files") or () if not e.get("type"))
        base = os.path.join(self.root, native(relative))
        for folder, folders, names in os.walk(base):
            folders[:] = sorted(n for n in folders if text(n) not in SKIPPED)
            for name in sorted(names):
                if not SOURCE.search(text(name)):
                    continue
                path = os.path.join(folder, name)
                found = os.lstat(path)
                if not stat.S_ISREG(found.st_mode) or found.st_mtime <= time:
                    continue
                inside = slashed(path)[len(text(self.root)) + 1:]
                if self.files and self.files.get(inside) != digest(read_file(path)):
                    return inside
        return None


def installed_paths(buildout):
    """Gives what the parts left, by .installed.cfg."""
    found = []
    for options in buildout._read_installed_part_options()[0].values():
        for line in (options.get("__buildout_installed__") or "").split("\n"):
            if line:
                found.append(buildout._buildout_path(line))
    return found

# ---- remember ---------------------------------------------------------------
# What zc.buildout works out again and again in one run, and always with the same result.
#
# Each part that has eggs makes its own list of all distributions, parses what each of
# them requires, and puts the pins of [versions] to it. Here both are kept for the run, by
# all that they depend on: the text of the metadata, and the requirement with its pin.
# WorkingSet.find of zc.buildout 4 and 5 and of newer setuptools (75.8.2 and 80.9.0) changes
# the key of a requirement that it looks up, and nothing else: a kept one is given with the
# key of a new one.

METADATA = {"Distribution": ("requires.txt", "depends.txt"), "DistInfoDistribution": ("METADATA", "PKG-INFO")}


def remember(buildout):
    """Has zc.buildout and its pkg_resources keep those answers."""
    easy = buildout.easy_install
    if hasattr(easy, "_constrained_requirement"):  # not in 1.x
        wrap(easy, "_constrained_requirement", Constrained())
    for name, files in sorted(METADATA.items()):
        keep_requirements(getattr(easy.pkg_resources, name, None), name, files)


class Constrained(object):
    """A requirement with its pin. An error isn't kept, and is raised anew."""

    def __init__(self):
        self.known = {}

    def __call__(self, old, constraint, requirement):
        key = (constraint, type(requirement), getattr(requirement, "unsafe_name", requirement.project_name),
               tuple(requirement.extras), tuple(requirement.specs), requirement.hashCmp)
        if key not in self.known:
            self.known[key] = old(constraint, requirement)
        return as_new(self.known[key])


def keep_requirements(kind, name, files):
    """Has distributions of one kind with the same metadata share what they require, by extra."""
    old = kind and kind.__dict__.get("_dep_map")
    if not isinstance(old, property):
        return
    own, known = "_%s__dep_map" % name, {}

    def requirements(dist):
        if own in dist.__dict__:
            return dist.__dict__[own]
        key = (type(dist),) + tuple(dist.get_metadata(f) if dist.has_metadata(f) else None for f in files)
        if key in known:
            dist.__dict__[own] = known[key]
            for wanted in known[key].values():
                for requirement in wanted:
                    as_new(requirement)
        else:
            known[key] = old.fget(dist)
        return known[key]
    kind._dep_map = property(requirements)


def as_new(requirement):
    """Gives the requirement with the key that pkg_resources gives to each new one."""
    requirement.key = requirement.project_name.lower()
    return requirement

# ---- starting ---------------------------------------------------------------
# The interpreter and environment that zc.buildout of the tree runs in.

def own_root():
    """Gives the tree that this file lies in."""
    return plain(os.path.realpath(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


UTF8_LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US.utf8", "UTF-8")


def utf8_locale():
    """Gives a locale of this system whose encoding is UTF-8, or None."""
    import locale
    for name in UTF8_LOCALES:
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        return name
    return None


def agree_on_utf8():
    """In the locale "C" Python 3.7 and newer take names for UTF-8, but site of
    3.11 and 3.12 reads .pth files as the locale says: as ASCII, and zc.buildout
    6 fails where the path has an umlaut."""
    if PY2 or WINDOWS or sys.getfilesystemencoding().lower() not in ("utf-8", "utf8"):
        return
    import locale
    if locale.nl_langinfo(locale.CODESET).lower() not in ("utf-8", "utf8"):
        utf8_locale()


def restart(launch, root, arguments):
    """Starts again where the interpreter wasn't started as docs/design.md
    says: without site-packages and PYTHON* variables, and with UTF-8 names
    where the locale "C" would make Python 3.6 refuse them."""
    again = os.environ.pop("BINARY_BUILDOUT_STARTED", "")
    flags, python, wanted = sys.flags, sys.executable, "-sSE"
    environment = dict(os.environ)
    # A build's hash seed is fixed, which -E would ignore: recipes write sets.
    ignored = flags.ignore_environment or os.environ.get("BINARY_BUILDOUT_STAGE") == "1"
    wrong = not (flags.no_site and flags.no_user_site and ignored)
    if launch.get("virtualenv"):
        wanted = "-sE"
        python = os.path.join(fs(root), *([u"Scripts", u"python.exe"] if WINDOWS else ["bin", "python"]))
        wrong = (not (flags.no_user_site and flags.ignore_environment) or bool(flags.no_site)
                 or os.path.abspath(sys.executable) != python)
    utf8 = []
    if WINDOWS and sys.version_info >= (3, 7):  # zc.buildout opens text as the code page says
        utf8, wrong = ["-X", "utf8"], wrong or not flags.utf8_mode
        environment["PYTHONUTF8"] = "1"  # for what it runs
    if not PY2 and not WINDOWS and sys.getfilesystemencoding().lower() not in ("utf-8", "utf8") and (
            sys.version_info < (3, 7)):
        name = utf8_locale()
        if name:
            environment.pop("LC_ALL", None)
            environment["LC_CTYPE"] = name
            wrong = True
    if not wrong or again:
        agree_on_utf8()
        return
    environment["BINARY_BUILDOUT_STARTED"] = "1"
    command = [python, wanted] + utf8 + [os.path.abspath(__file__)] + arguments
    if WINDOWS:
        sys.exit(subprocess.call(command, env=environment))
    os.execve(python, command, environment)


KEPT_PYTHON = ("PYTHONUTF8", "PYTHONHASHSEED", "PYTHONUNBUFFERED")
DROPPED = ("PYTHON", "PIP_", "SETUPTOOLS_", "DISTUTILS_", "VIRTUALENV_", "BUILDOUT_", "buildout_",
           "buildout-", "CONDA_", "UV_")


def name_platform():
    """Names the platform to a Python of 32 bits, which takes the processor of a 64-bit
    kernel for its own, and names eggs by it: on a kernel of 32 bits none of them would count, nor
    the reverse. sysconfig reads this variable in every version."""
    if sys.platform.startswith("linux") and struct.calcsize("P") == 4:
        name = {"x86_64": "i686", "aarch64": "armv7l", "armv8l": "armv7l"}.get(os.uname()[4])
        if name:
            os.environ.setdefault("_PYTHON_HOST_PLATFORM", "linux-" + name)


def clean_environment(mode, defaults):
    """Takes out what would make another tree of this one. A build keeps what
    it needs for private indexes and compilers; who starts it chose its
    PYTHONPATH, which brings the witness of what is compiled."""
    name_platform()
    for name in ("PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"):
        os.environ.pop(name, None)
    if mode == "build":
        return
    os.environ.pop("PYTHONPATH", None)
    for name in list(os.environ):
        if name.startswith(DROPPED) and name not in KEPT_PYTHON:
            if name == "BUILDOUT_HOME" and defaults:
                continue
            if name == "BUILDOUT_RESTART_AFTER_UPGRADE":
                continue
            del os.environ[name]
    os.environ["PYTHONNOUSERSITE"] = "1"
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    os.environ["PIP_RETRIES"] = "0"

# ---- state ------------------------------------------------------------------
# Whether the tree is set up for this place and this Python.

def check_state(root, launch):
    """Refuses a tree that wasn't fitted to this place and this interpreter."""
    state = read_json(root, STATE)
    hint = how_to_start(root)
    if state is None:
        raise Refused(u"this directory was not set up yet", hint, 2)
    if state.get("archive") and state["archive"] != digest(read_file(os.path.join(root, native(MANIFEST)))):
        raise Refused(u"another version was unpacked over this directory", hint, 2)
    if state.get("pending"):
        raise Refused(u"bootstrap.py was interrupted", hint, 2)
    if state.get("root") != text(root):
        raise Refused(u"this directory was moved: it was set up for %s" % state.get("root"), hint, 2)
    expected = state.get("interpreter") or u""
    if launch.get("virtualenv"):
        expected = u"/".join((text(root), u"bin", u"python")) if not WINDOWS else text(root) + u"\\Scripts\\python.exe"
    here = text(plain(os.path.abspath(sys.executable)))
    if here != expected:
        if not os.path.exists(native(expected)) or (
                os.path.realpath(native(here)) != os.path.realpath(native(expected))):
            raise Refused(u"this directory was set up for %s, and this is %s" % (expected, here), hint, 2)
    sys.executable = fs(expected)
    manifest = read_json(root, MANIFEST)
    want = (manifest or {}).get("python", {}).get("version")
    if want and tuple(want.split(u".")[:2]) != tuple(u"%d" % n for n in sys.version_info[:2]):
        raise Refused(u"%s is Python %d.%d now, and this directory is for %s"
                      % ((expected,) + sys.version_info[:2] + (want,)), hint + u" with that Python", 2)
    return state, manifest or {}

# .binary-buildout/journal/ is there while parts are being installed:
#
#   head.json   what was there before: names in eggs and parts
#   copy/N/     bin, develop-eggs, .installed.cfg
#   log         a line before each thing that is moved away or copied
#   moved/N     what zc.buildout would have deleted
#   part/N      what a part's update may rewrite
#
# It is made under another name and renamed, so it is there whole or not at all,
# and it goes the same way. Undoing can itself be killed, and done again.

SHAPES[u"head.json"] = members({"copies": each(is_text), "lists": named(each(is_text))})

# ---- launching --------------------------------------------------------------
# One run of zc.buildout, in the build, in the gate and on the target.

def finish_change(root):
    """Has bootstrap.py finish or undo an update or a rollback that was killed. It may bring another launcher.py: that one goes on."""
    if not os.path.isdir(os.path.join(root, native(OWN + u"/transaction"))):
        return
    command = starting_command(root) or [sys.executable, "-sE", os.path.join(fs(root), "bootstrap.py")]
    code = subprocess.call(command + ["--recover"])
    if code:
        sys.exit(code)
    os.environ.pop("BINARY_BUILDOUT_STARTED", None)
    python = sys.executable  # unless it lay in the tree, and went with its version
    if bundled_in(root):
        python = os.path.join(root, native(bundled_in(root)))
    elif not os.path.exists(python):
        python = native((read_json(root, STATE) or {}).get("interpreter") or u"")
    command = [python, "-sSE", os.path.abspath(__file__), "--mode=target"] + sys.argv[2:]
    if WINDOWS:
        sys.exit(subprocess.call(command))
    os.execv(python, command)


def launch_buildout(root, mode, words):
    if mode == "target":
        finish_change(root)
    launch = read_json(root, LAUNCH, u"unpack the archive again")
    restart(launch, root, ["--mode=" + mode] + words)
    if mode == "target":
        state, manifest = check_state(root, launch)
        folder = os.path.join(root, native(OWN))
        if not os.access(folder, os.W_OK) or not os.access(root, os.W_OK):
            raise Refused(u"%s is read-only" % text(root), u"run it as the user that it belongs to", 3)
    defaults = os.environ.get("BINARY_BUILDOUT_USER_DEFAULTS") == "1"
    arguments = Arguments(words)
    nested = os.environ.get("BINARY_BUILDOUT_RUN") == text_of_run(root)
    held = None
    if mode == "target" and not nested:
        held = lock(root)
        if Journal(root).undo():
            say(u"an interrupted bin/buildout was undone")
            state, manifest = check_state(root, launch)
        sweep_outlived(root)
    if mode == "target" and arguments.command[:1] in (["bootstrap"], ["init"]):
        raise Refused(u"bin/buildout %s would make a new buildout, and this one is installed" % text(arguments.command[0]), how_to_start(root), 2)
    if mode == "target" and arguments.runs() and not arguments.config and (
            state.get("config") not in (None, u"", launch.get("config"))):
        say(u"note: the last run was bin/buildout -c %s" % state["config"])
    if WINDOWS and os.environ.get("BINARY_BUILDOUT_STAGE") == "1":
        installed_as_utf8(root)
    passed = buildout_words(arguments, launch, root, mode)
    clean_environment(mode, defaults)
    os.environ["BINARY_BUILDOUT_RUN"] = text_of_run(root)
    os.chdir(root)
    set_path(launch, root)
    sys.argv[:] = [os.path.join(fs(root), "bin", "buildout")] + words
    buildout = load_buildout()
    steady_paths(buildout)
    remember(buildout)
    wrap(buildout.buildout, "_install_and_load", steady_recipe)
    if mode == "build":
        steady_names()
        steady_times(buildout.buildout)
    if mode == "build" or nested:
        if PY2:  # the same scripts as run_target
            patch_scripts(buildout.easy_install, root)
        if not nested:
            run_hook(buildout)
        return run_main(buildout, passed)
    if not arguments.online and not any(w.startswith("-t") for w in arguments.words):
        import socket
        socket.setdefaulttimeout(10)
    try:
        return run_target(Run(root, state, manifest, arguments), buildout, passed)
    finally:
        held.close()


def installed_as_utf8(root):
    """Writes .installed.cfg in UTF-8: it is in the code page where zc.buildout was run without this file."""
    path = os.path.join(root, native(INSTALLED))
    data = read_file(path) if os.path.isfile(path) else b""
    try:
        data.decode("utf-8")
    except UnicodeError:
        write_new(path + native(u".new"), data.decode(code_page(), "replace").encode("utf-8"), 0o644)
        replace(path + native(u".new"), path)


def text_of_run(root):
    return hashlib.sha256(text(root).encode("utf-8")).hexdigest()[:16]


def run_hook(buildout):
    """Runs the programs by which pack sees a build, or changes it first, in their order."""
    for path in filter(None, os.environ.pop("BINARY_BUILDOUT_HOOKS", "").split(os.pathsep)):
        with open(path, "rb") as f:
            exec(compile(f.read(), path, "exec"), {"buildout": buildout, "wrap": wrap, "__file__": path})


def run_main(buildout, words):
    """Runs zc.buildout's main(), and gives its exit status."""
    try:
        buildout.buildout.main(words)
    except SystemExit as e:
        if e.code is None or isinstance(e.code, int):
            return e.code or 0
        sys.stderr.write("%s\n" % (e.code,))
        return 1
    return 0


def run_target(run, buildout, words):
    run.patch(buildout)
    started = os.lstat(os.path.join(run.root, native(LOCK)))
    os.utime(os.path.join(run.root, native(LOCK)), None)
    started = os.lstat(os.path.join(run.root, native(LOCK))).st_ctime
    import signal
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: sys.exit(128 + number))
    status = 1
    try:
        status = run_main(buildout, words)
        wanted = run.shims.wanted() if run.shims else []
    except KeyboardInterrupt:
        status, wanted = 130, []
    finally:
        done = run.journal.log is not None
        if done and (status or run.shims and run.shims.wanted()):
            run.journal.undo()
    if done and (status or wanted):
        return report(run, status, wanted)
    if done:
        fit_scripts(run.root)
        record(run, started)
        run.journal.commit()
    elif status and run.failed:
        return report(run, status, wanted)
    return status


def report(run, status, wanted):
    """Prints what failed, after everything is as it was again."""
    part, error = run.failed or (None, None)
    hint = u"everything is as it was before"
    if wanted:
        where = u", ".join(u"part %s" % w if w else u"buildout" for w in wanted)
        hint += u"; undo the change, or change the buildout where it is built, and install its new archive"
        complain(Refused(u"%s needs a compiler, and there is none here" % where, hint))
        return status or 1
    if error is not None and not isinstance(error, (SystemExit, KeyboardInterrupt)):
        lines = [line for line in text(str(error)).splitlines() if line.strip()] or [text(type(error).__name__)]
        complain(Refused((u"part %s: " % part if part else u"") + u" ".join(lines)[:2000], hint))
    else:
        complain(Refused(u"buildout failed" + (u" in part %s" % part if part else u""), hint))
    return status or 1


def record(run, started):
    """Notes in state.json what this run left, for the next move."""
    files = dict(run.state.get("files") or {})
    tops = set([native(u"bin"), native(u"parts"), native(INSTALLED), native(u".mr.developer.cfg")])
    if run.develop_directory:
        tops.add(run.develop_directory)
    for path in run.installed:
        relative = run.journal.relative(path)
        if relative and slashed(relative).split(u"/")[0] != u"eggs":
            tops.add(relative)
    for top in sorted(tops):
        if not any(top.startswith(os.path.join(other, native(u""))) for other in tops):
            record_below(run.root, top, started, files)
    for path in list(files):
        if not os.path.lexists(os.path.join(run.root, native(path))):
            del files[path]
    state = dict(run.state, files=files)
    config = run.arguments.config
    if config:
        full = config if is_url(config) else slashed(os.path.abspath(config))
        front = slashed(run.root) + u"/"
        state["config"] = full[len(front):] if full.startswith(front) else text(full)
    if state != run.state:
        write_json(run.root, STATE, state)


def record_below(root, relative, started, files):
    full = os.path.join(root, relative)
    try:
        found = os.lstat(full)
    except OSError:
        return
    name = slashed(relative)
    if stat.S_ISDIR(found.st_mode):
        if not name.endswith((u"__pycache__", u".egg")):
            for entry in sorted(os.listdir(full)):
                record_below(root, os.path.join(relative, entry), started, files)
    elif name not in files and found.st_ctime < started:
        return
    elif stat.S_ISLNK(found.st_mode):
        target = text(os.readlink(full))
        if target == text(root) or target.startswith(text(root) + u"/"):
            files[name] = u"link:" + target
    elif stat.S_ISREG(found.st_mode) and found.st_size <= PART_BYTES and not name.endswith((u".pyc", u".pyo")):
        files[name] = digest(read_file(full))

# ---- names ------------------------------------------------------------------
# The names of projects.

def plain_name(name):
    """A project's name as PEP 503 writes it, so that two spellings of one are the same."""
    return re.sub("[-_.]+", "-", name).lower()

# ---- reading ----------------------------------------------------------------
# What launcher.py says of the tree: the hash of a develop directory, and which configuration it takes.

def site_packages():
    """Says where a virtualenv has what is installed, name by name."""
    if WINDOWS:
        return "Lib", "site-packages"
    return "lib", "python%d.%d" % sys.version_info[:2], "site-packages"


def signature(root, folders):
    """Gives the hashes that zc.buildout makes of develop directories. A virtualenv
    that was moved has no interpreter before bootstrap.py is through, so the one
    that runs this reads what it has installed."""
    launch = read_json(root, LAUNCH, u"unpack the archive again")
    virtual, launch = launch.get("virtualenv"), dict(launch, virtualenv="")
    restart(launch, root, ["--signature"] + folders)
    clean_environment("target", False)
    set_path(launch, root)
    if virtual:
        import site
        site.addsitedir(os.path.join(fs(root), *site_packages()))
    buildout = load_buildout()
    hashes = {}
    for folder in folders:
        if folder not in hashes:
            hashes[folder] = buildout.buildout._dir_hash(os.path.join(fs(root), folder))
        print(hashes[folder])
    return 0


def reads(root, config):
    """Reads a configuration with this tree's zc.buildout, and makes each part's
    recipe ready, as a run would before it installs anything. A section or an
    option that isn't there, a file that can't be read, is an error; what else a
    recipe objects to is for the run to say."""
    launch = read_json(root, LAUNCH, u"unpack the archive again")
    restart(launch, root, ["--reads", config])
    words = buildout_words(Arguments(["-c", os.path.join(fs(root), config)]), launch, root, "target")
    clean_environment("target", False)
    os.chdir(root)
    set_path(launch, root)
    zc_buildout = load_buildout()
    options = []
    for word in words[2:]:
        key, equals, value = word.partition("=")
        if equals:
            options.append(tuple(key.split(":")) + (value,))
    wrong = (zc_buildout.buildout.MissingSection, zc_buildout.buildout.MissingOption)
    try:
        found = zc_buildout.buildout.Buildout(words[1], options, False)
    except Exception as e:
        raise Refused(text(str(e)).strip() or text(type(e).__name__))
    for line in unmet_pins(found):
        print("pin " + line)
    # Whatever a recipe misses, it isn't fetched now.
    found.offline = True
    found["buildout"]["offline"] = "true"
    for part in found["buildout"]["parts"].split():
        try:
            found[part]
        except wrong as e:
            raise Refused(u"part %s: %s" % (text(part), text(str(e)).strip()))
        except (Exception, SystemExit):
            pass
    return 0


def unmet_pins(found):
    """Gives the pins of a configuration that ask for another version than the one
    that this tree has: "NAME WANTED HAVE ..."."""
    section = found["buildout"].get("versions")
    if not section or section not in found:
        return []
    have = {}
    top = found["buildout"]["eggs-directory"]
    folders = [top] + [os.path.join(top, name) for name in os.listdir(top)] if os.path.isdir(top) else []
    for folder in folders:
        if folder != top and (folder.endswith(".egg") or not os.path.isdir(folder)):
            continue
        for name in os.listdir(folder):
            fields = name.split("-")
            if name.endswith(".egg") and len(fields) > 2:
                have.setdefault(plain_name(fields[0]), set()).add(fields[1])
    lines = []
    for name in sorted(found[section]):
        pin = found[section][name].strip()
        there = have.get(plain_name(name), ())
        if there and re.match(r"[0-9][0-9A-Za-z.+!-]*\Z", pin) and not any(same_version(pin, v) for v in there):
            lines.append(" ".join([name, pin] + sorted(there)))
    return lines


def same_version(one, other):
    """Says whether two spellings are of one version: 1.0 and 1.0.0, 1.0-2 and 1.0_2."""
    def fields(version):
        found = re.sub("[-_]", ".", version.lower()).split(".")
        while len(found) > 1 and found[-1] == "0":
            found.pop()
        return [f.lstrip("0") or "0" for f in found]
    return fields(one) == fields(other)

# ---- program ----------------------------------------------------------------

def main(arguments):
    root = own_root()
    root = root if WINDOWS else (root if isinstance(root, bytes) else os.fsencode(root))
    try:
        exact(root, u"the path of this directory")
        if arguments[:1] == ["--recover"]:
            Journal(root).undo()
            return 0
        if arguments[:1] == ["--signature"]:
            return signature(root, arguments[1:])
        if arguments[:1] == ["--reads"] and len(arguments) == 2:
            return reads(root, arguments[1])
        if arguments[:1] in (["--mode=build"], ["--mode=target"]):
            return launch_buildout(root, arguments[0].partition("=")[2], arguments[1:])
        raise Refused(u"launcher.py --mode=build|target ..., --signature DIR, --recover", u"run bin/buildout", 2)
    except (Refused, EnvironmentError) as e:
        return complain(e)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
