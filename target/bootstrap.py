#!/usr/bin/env python
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
import sys; sys.path[:] = sys.path[not (getattr(sys.flags, "isolated", 0) or getattr(sys.flags, "safe_path", 0)):]

HELP = """\
usage: python bootstrap.py [--check] [--rollback] [--root DIR] [--help]

Sets this directory up for the place where it is and for the Python that runs
this program. The directory is a buildout that binary-buildout compiled
elsewhere. Neither a compiler nor a network is needed. Then run bin/buildout.

If the directory has an interpreter of its own, ./bootstrap (on Windows
bootstrap.cmd) needs no other Python, and this program continues under that
interpreter, whichever Python started it.

Run it again after the directory was moved, with another Python, or after a
delta was unpacked in it. A delta is applied completely or not at all.

  --check     verify every file against the archive, and change nothing
  --rollback  go back to the version before the last update
  --root DIR  set it up for DIR, where it will be moved to when this is done
  --help      this text

Exit codes: 0 done; 1 a file is missing or altered; 2 wrong usage, or not for
this system; 3 the system failed (read-only, disk full).
"""

# How it works. Everything is decided before anything is changed:
#
#   1. check: manifest, interpreter, system, path, owner.
#   2. stage: each file that has to change is written anew beside the old one,
#      under a temporary name, and synced. An error up to here removes them.
#   3. mark: state.json gets a "pending" record: the new values, and for each
#      file its digest before and after.
#   4. rename: the archive's version is kept under .binary-buildout/origin, the
#      new file takes its place. Then .installed.cfg, which needs hashes of what
#      was renamed, and bin/buildout.
#   5. state.json without "pending".
#
# A run that was killed in step 2 changed nothing; one killed later is finished
# by the next, which knows each file by its digest.

import os

# What lies in PYTHONPATH doesn't count either.
for p in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    sys.path[:] = [q for q in sys.path if q not in (p, os.path.abspath(p))]

import binascii
import contextlib
import hashlib
import io
import itertools
import json
import mmap
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

# ---- manifest ---------------------------------------------------------------
# The manifest's relocations: which of them are of our making.

def check_manifest(manifest):
    """Refuses a manifest that has the right shape (see documents.py) and isn't
    of our making, before any of it is used. What may be missing is there then."""
    def bad(what):
        raise Refused(u"%s is damaged: %s" % (MANIFEST, what), u"unpack the archive again")

    for key in ("floors", "system_libraries", "relocations", "signatures"):
        manifest.setdefault(key, [])
    manifest.setdefault("longest_path", u"")
    for lib in manifest["system_libraries"]:
        lib.setdefault("needed_by", u"?")
        if u"/" in lib["name"] and not lib["name"].startswith(u"/"):
            bad(u"system_libraries")
    seen = set()
    for item in manifest["relocations"]:
        check_relocation(item, seen, bad)
    for signature in manifest["signatures"]:
        if signature["path"] != u".":
            check_path(signature["path"], bad)


def check_relocation(item, seen, bad):
    path, shape, link = item["path"], item.get("class"), item.get("link") or u""
    check_path(path, bad)
    if path in seen:
        bad(u"%s is there twice" % path)
    seen.add(path)
    if path.split(u"/")[0] == OWN or path == u"bootstrap.py":
        bad(u"%s can't be relocated" % path)
    if shape not in (u"text", u"cstring", u"link", u"bytecode"):
        bad(u"%s has the unknown class %s" % (path, json.dumps(shape)))
    if shape == u"link" and (not LINK.match(link) and not OUTSIDE.match(link) or u".." in link.split(u"/")):
        bad(u"%s points to %s" % (path, json.dumps(item.get("link"))))
    for key, usual in (("mode", 0), ("size", 0), ("sha256", u""), ("splits", {}), ("cstrings", [])):
        item.setdefault(key, usual)
    for string in item["cstrings"]:
        if not 0 < string["prefix"] <= len(string["old"].encode("utf-8")):
            bad(u"a string of %s" % path)


LINK = re.compile(u"(?s)@binary-buildout-(root|python|prefix)@(/.*)?\\Z")
OUTSIDE = re.compile(u"[A-Za-z]:[/\\\\]" if WINDOWS else u"/")


def link_target(item, values):
    """Says where a link leads to: below a value, or, where pack was told to let it
    pass (--allow-outside), to the absolute path that it had there."""
    found = LINK.match(item["link"])
    return values[found.group(1)] + (found.group(2) or u"") if found else item["link"]


def check_path(path, bad):
    """Refuses a listed path that is absolute, has no plain slashes, or climbs."""
    parts = path.split(u"/")
    if (u"" in parts or u"." in parts or u".." in parts or u"\0" in path
            or (WINDOWS and re.search(u'[\\\\:<>"|?*]', path))):
        bad(u"%s isn't a path in the tree" % json.dumps(path))

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

# ---- binpatch ---------------------------------------------------------------
# Files that a delta describes by those that are here: what they have in common, and what is new.

# In documents/ and in patches/, beside delta.json of format 2, lie three files,
# read from the first byte to the last while one content after the other is made:
#
#   steps   for each step three numbers of seven bits a byte, the lowest first:
#           how many bytes are added, how many are put in, and how far the place
#           in the base moves on then (2n ahead, 2n - 1 back)
#   diff    what is added to the base's bytes, each modulo 256: mostly zeros
#   new     what is put in
#
# Those in documents make manifest.json and files.json, of the base's; delta.json
# has the size of each and the number of its steps. A line of "patches" in
# delta.json is [number of the file in files.json, number of the base's file in its
# files.json, number of steps]; patches/ makes them in that order.

DOCUMENT = row(is_number, is_number)
ROWS = each(row(is_number, is_number, is_number))
CHUNK = 1 << 16


def mask(digits, count):
    return int(digits * count, 16)


LOW, HIGH, ZEROS = mask(b"7f", CHUNK), mask(b"80", CHUNK), b"\0" * CHUNK


def as_number(data):
    return int(binascii.hexlify(data), 16)


def as_bytes(number, count):
    return binascii.unhexlify(("%%0%dx" % (2 * count) % number).encode("ascii"))


if hasattr(int, "from_bytes"):  # ten times as fast
    def as_number(data):  # noqa: F811
        return int.from_bytes(data, "big")

    def as_bytes(number, count):  # noqa: F811
        return number.to_bytes(count, "big")


def add(base, diff):
    """Gives the sums of two strings' bytes, each modulo 256, all of them at once: as
    one number, of which no byte carries into the next one."""
    if ZEROS.startswith(diff):
        return base
    a, b = as_number(base), as_number(diff)
    return as_bytes(((a & LOW) + (b & LOW)) ^ ((a ^ b) & HIGH), len(base))


def mapped(f):
    """Gives the content of an open file, without reading what isn't looked at."""
    if not os.fstat(f.fileno()).st_size:
        return contextlib.closing(io.BytesIO()), b""
    content = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    return contextlib.closing(content), content


class Streams(object):
    """The three files of a directory, and where they have been read to."""

    def __init__(self, incoming, folder):
        self.incoming, self.folder = incoming, folder
        self.files = {}
        self.steps = self.read_steps()

    def close(self):
        for f in self.files.values():
            f.close()

    def content(self, source, steps, size):
        """Gives what the next steps make of a file, piece by piece: so many bytes."""
        with open(source, "rb") as f:
            closing, base = mapped(f)
            with closing:
                for data in self.pieces(base, steps, size):
                    yield data

    def pieces(self, base, steps, size):
        """Makes what many steps make together, in pieces of at most CHUNK bytes: a file
        that was compiled anew has a step for each hundred bytes."""
        at, length = 0, len(base)
        parts, layout, room = [], [], CHUNK
        for added, put, seek in itertools.islice(self.steps, steps):
            size -= added + put
            if size < 0 or at + added > length:
                self.damaged(u"steps")
            while added + put > room:
                if layout:
                    yield self.piece(parts, layout)
                    parts, layout, room = [], [], CHUNK
                    continue
                some = (min(added, CHUNK), 0 if added else CHUNK)
                yield self.piece([base[at:at + some[0]]], [some])
                at, added, put = at + some[0], added - some[0], put - some[1]
            if added or put:  # of others there may be millions
                parts.append(base[at:at + added])
                layout.append((added, put))
                room -= added + put
            at += added + (-(seek + 1) // 2 if seek & 1 else seek // 2)
            if not 0 <= at <= length:
                self.damaged(u"steps")
        if size:
            self.damaged(u"steps")
        yield self.piece(parts, layout)

    def piece(self, base, layout):
        """Gives what steps make, which add to parts of the base and put in as a layout says."""
        base = b"".join(base)
        sums = add(base, self.take(u"diff", len(base))) if base else b""
        put = sum(count for _, count in layout)
        if not put:
            return sums
        new, parts, at, behind = self.take(u"new", put), [], 0, 0
        for added, count in layout:
            parts.append(sums[at:at + added])
            parts.append(new[behind:behind + count])
            at, behind = at + added, behind + count
        return b"".join(parts)

    def opened(self, name):
        if name not in self.files:
            full = self.incoming.full(self.folder + u"/" + name)
            if not os.path.isfile(full):
                self.damaged(name)
            self.files[name] = open(full, "rb")
        return self.files[name]

    def take(self, name, count):
        data = self.opened(name).read(count)
        if len(data) != count:
            self.damaged(name)
        return data

    def read_steps(self):
        """Gives the three numbers of each step, as long as they are asked for."""
        left = []
        for block in iter(lambda: self.opened(u"steps").read(CHUNK >> 2), b""):
            numbers, value, shift = left, 0, 0
            add = numbers.append
            more = b"" if ord(block[-1:]) < 0x80 else self.rest_of_number()
            for byte in bytearray(block + more):
                if byte < 0x80:
                    add(value | byte << shift if shift else byte)
                    value = shift = 0
                    continue
                value |= (byte & 0x7f) << shift
                shift += 7
                if shift > 56:
                    self.damaged(u"steps")
            whole = len(numbers) // 3 * 3
            left = numbers[whole:]
            for row in zip(numbers[0:whole:3], numbers[1:whole:3], numbers[2:whole:3]):
                yield row
        self.damaged(u"steps")

    def rest_of_number(self):
        """Gives the bytes up to the end of the number that is being read."""
        found = b""
        while not found or ord(found[-1:]) >= 0x80:
            found += self.take(u"steps", 1)
            if len(found) > 9:
                self.damaged(u"steps")
        return found

    def damaged(self, name):
        self.incoming.damaged(self.folder + u"/" + name)


class Patches(object):
    """The files that a delta describes by those of the base; each can be made once, in
    their order."""

    def __init__(self, incoming, before):
        self.incoming, self.streams = incoming, Streams(incoming, u"patches")
        self.rows, self.done = {}, 0
        files = incoming.files.get("files") or ()
        for number, (new, base, steps) in enumerate(incoming.delta.get("patches") or ()):
            if new >= len(files) or base >= len(before):
                incoming.damaged(u"delta.json")
            self.rows[files[new]["path"]] = number, before[base]["path"], steps

    def close(self):
        self.streams.close()

    def base(self, path):
        """Gives the path of the base's file that this one is described by, or None."""
        found = self.rows.get(path)
        return found and found[1]

    def chunks(self, path, source, entry):
        """Gives the content of a file, piece by piece; after the last one it has been
        compared with its digest."""
        number, _, steps = self.rows[path]
        if number != self.done:
            self.incoming.damaged(u"delta.json")
        self.done += 1
        have = hashlib.sha256()
        for data in self.streams.content(source, steps, entry.get("size", 0)):
            have.update(data)
            yield data
        if have.hexdigest() != entry["sha256"]:
            self.streams.damaged(u"diff")

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

# ---- transaction ------------------------------------------------------------
# A change of the tree, whole or not at all.

# .binary-buildout/transaction/ is there while the files of one version give way
# to those of another:
#
#   plan.json   what is done, in its order
#   old/PATH    what lay at PATH before
#   kept/N      edits of the administrator that get another name
#   back        is there from when it is undone instead
#   done        is there when all is done; what is left is to put it away
#
# Then it becomes previous/, the way back. "binary-buildout update" has the one
# that was there held, as previous/before/, until the new version has started: so
# a rollback from one that doesn't start leaves what there was.
#
# It is made under another name and renamed, so it is there whole or not at all,
# and it goes the same way. Each operation can be done or undone again after it
# was: what has to come from somewhere is no longer there once it was put.

CHANGE = OWN + u"/transaction"
PREVIOUS = OWN + u"/previous"
INCOMING = OWN + u"/incoming"
STAGED = OWN + u"/staged"
LISTED = OWN + u"/listed.json"
RECORD = OWN + u"/install.json"

SHAPES[u"state.json"].optional["pending"] = members({"root": is_absolute, "interpreter": is_absolute, "archive": is_text}, {
    "prefix": is_text, "signatures": named(each(is_text)),
    "files": named(row(either(is_text, lambda value: value is None), is_text, is_flag), is_path)})
PARTS = either(each(either(lambda value: isinstance(value, KIND), row(is_number, is_number))), DOCUMENT)
SHAPES.update({
    u"plan.json": members({"what": is_text, "from": is_text, "to": is_text, "keeps": is_flag}, {
        "from_version": is_text, "holds": is_flag, "report": each(row(is_text, is_text, is_text)), "kept": named(is_text)}),  # operations: check_plan
    u"delta.json": members({"name": is_text, "version": is_text, "base": is_text, "base_version": is_text, "archive": is_text,
                           "sha256": is_text, "epoch": is_time, "manifest.json": PARTS, "files.json": PARTS},
                          {"hold": is_flag, "source": is_text, "patches": ROWS}),
    u"listed.json": members({"archive": is_text, "files": named(is_text, is_path)}),
    u"install.json": members({}, {"archive": is_text, "sha256": is_text, "source": is_text, "attestation": members({})}),
})


class Transaction(object):
    """A list of operations on the tree, and the way back."""

    def __init__(self, base):
        self.base = endless(base)
        self.folder = self.full(CHANGE)

    def full(self, path):
        return os.path.join(self.base, native(path))

    def saved(self, path):
        return self.full(CHANGE + u"/old/" + path)

    def new(self):
        """Gives an empty directory to prepare the next one in."""
        folder = self.full(CHANGE + u".new")
        clear(folder)
        os.mkdir(folder, 0o700)
        return folder

    def begin(self, plan):
        """Writes the plan: from here on the change is finished, or undone."""
        write_json(self.base, CHANGE + u".new/plan.json", plan)
        os.rename(self.full(CHANGE + u".new"), self.folder)
        sync_dir(self.full(OWN))

    def run(self, plan):
        done = self.full(CHANGE + u"/done")
        if not os.path.lexists(done):
            try:
                for operation in plan["operations"]:
                    self.do(*operation)
                self.sync(plan)
                write_new(done, b"", 0o600)
            except (EnvironmentError, Refused):
                self.undo(plan)
                raise
        self.close(plan)

    def do(self, kind, path, *rest):
        full = self.full(path)
        if kind == u"mkdir":
            if not is_folder(full):
                os.mkdir(full, 0o700)
            os.chmod(full, rest[0])
        elif kind == u"rmdir":
            remove_empty(full)
        elif kind == u"outlivedir":
            pass
        elif kind == u"chmod":
            os.chmod(full, rest[1])
        elif kind == u"touch":
            os.utime(full, (rest[1], rest[1]))
        elif kind == u"put":
            source = self.full(rest[0])
            if os.path.lexists(source):
                if rest[1]:
                    self.save(path)
                move(source, full)
        elif kind == u"outlive":
            self.save(path)
        elif kind == u"drop":
            if os.path.lexists(full) and not is_folder(full):
                saved = self.saved(path)
                make_folders(os.path.dirname(saved))
                move(full, saved)
        else:
            raise Refused(u"%s holds the unknown operation %s" % (CHANGE, kind))

    def save(self, path):
        """Gives what lies at a path a second name, so that the path is never empty."""
        full, saved = self.full(path), self.saved(path)
        if os.path.lexists(saved) or not os.path.lexists(full):
            return
        make_folders(os.path.dirname(saved))
        if WINDOWS:  # what is open or loaded can be renamed, not replaced
            os.rename(full, saved)
            return
        temporary = self.full(CHANGE + u"/saving")
        clear(temporary)
        lay_copy(full, temporary)
        os.rename(temporary, saved)

    def undo(self, plan):
        """Restores what was there."""
        write_new(self.full(CHANGE + u"/back"), b"", 0o600)
        sync_dir(self.folder)
        for operation in reversed(plan["operations"]):
            self.undo_one(*operation)
        self.sync(plan)
        self.discard()
        self.sweep()

    def undo_one(self, kind, path, *rest):
        full, saved = self.full(path), self.saved(path)
        if kind == u"mkdir":
            remove_empty(full)
        elif kind == u"rmdir":
            if not os.path.lexists(full):
                os.mkdir(full, 0o700)
                os.chmod(full, rest[0])
        elif kind == u"chmod":
            os.chmod(full, rest[0])
        elif kind == u"touch":
            os.utime(full, (rest[0], rest[0]))
        elif kind == u"drop":
            if os.path.lexists(saved):
                move(saved, full)
        elif kind == u"put":
            self.take_back(full, self.full(rest[0]), saved, rest[1])

    def take_back(self, full, source, saved, had):
        """Undoes a put; what was put goes back to where it came from."""
        if os.path.lexists(source):  # it was never put
            if had and os.path.lexists(saved) and not os.path.lexists(full):
                move(saved, full)
            return
        aside = source + native(u".binary-buildout-back")
        if not had:
            if os.path.lexists(full):
                move(full, source)
            return
        if not os.path.lexists(aside):
            temporary = self.full(CHANGE + u"/saving")
            clear(temporary)
            lay_copy(full, temporary)
            os.rename(temporary, aside)
        if os.path.lexists(saved):
            move(saved, full)
        os.rename(aside, source)

    def sync(self, plan):
        """Makes the renames last."""
        folders = set(self.full(o[1]).rpartition(native(u"/"))[0] for o in plan["operations"])
        for folder in sorted(f for f in folders if is_folder(f)):
            sync_dir(folder)

    def close(self, plan):
        """Ends the change: what was done counts. The way back is kept, where there is one."""
        sweep_outlived(self.base)
        previous, before, held = self.full(PREVIOUS), self.full(PREVIOUS + u"/before"), self.full(CHANGE + u"/before")
        if plan["keeps"]:
            clear(before)
            if os.path.lexists(previous):
                os.rename(previous, held) if plan.get("holds") else self.drop_previous()
            os.rename(self.folder, previous)
            sync_dir(self.full(OWN))
        else:
            # Killed after the last of these renames, the next run finds the one that was held.
            if (read_json(self.base, PREVIOUS + u"/plan.json") or {}).get("to") == plan["from"]:
                if os.path.lexists(before):
                    os.rename(before, held)
                self.drop_previous()
            if os.path.lexists(held):
                os.rename(held, previous)
            # As long as it takes, a rollback that is run again knows that it was done.
            clear(self.full(PREVIOUS + u".old"))
            clear(self.full(CHANGE + u"/old"))
            self.discard()
        self.sweep()

    def drop_previous(self):
        gone = self.full(PREVIOUS + u".old")
        clear(gone)
        os.rename(self.full(PREVIOUS), gone)

    def discard(self):
        gone = self.folder + native(u".old")
        clear(gone)
        os.rename(self.folder, gone)
        sync_dir(self.full(OWN))
        clear(gone)

    def sweep(self):
        """Takes away what is left of one that was not begun, or is done; of a
        bin/buildout too, whose lock this has."""
        for name in (CHANGE + u".new", CHANGE + u".old", PREVIOUS + u".old", STAGED, JOURNAL + u".new", JOURNAL + u".old"):
            clear(self.full(name))

    def resume(self):
        """Finishes what a killed run began, or undoes it where that can't be. What
        to say of it, and whether a rollback is done by that."""
        plan = read_json(self.base, CHANGE + u"/plan.json", u"unpack the archive into another directory")
        check_plan(plan, CHANGE)
        if os.path.lexists(self.full(CHANGE + u"/back")):
            self.undo(plan)
            return u"an interrupted change to %s was undone" % plan["what"], False
        try:
            self.run(plan)
        except (EnvironmentError, Refused) as e:
            if os.path.isdir(self.folder):
                raise  # it was neither finished nor undone
            reason = e.message if isinstance(e, Refused) else text(e.strerror or str(e))
            return u"an interrupted change to %s could not be finished (%s), and was undone" % (plan["what"], reason), False
        return u"an interrupted change to %s was finished" % plan["what"], not plan["keeps"]


# What stands in an operation after its kind and its path.
BITS = lambda value: is_number(value) and value <= 0o7777  # a directory here may be sticky
OPERATIONS = {u"mkdir": (BITS,), u"rmdir": (BITS,), u"chmod": (BITS, BITS), u"touch": (is_time, is_time),
              u"put": (is_text, is_flag), u"drop": (),
              # An interpreter that gives way stays where it is, and has its second names in old/: see outlived.py.
              u"outlive": (), u"outlivedir": (BITS,)}


def check_plan(plan, folder):
    """Refuses a journal that isn't of our making, before any of it is done: each
    path lies in the tree, and what is put somewhere comes from this program's directory."""
    def bad(what):
        raise Refused(u"%s/plan.json is damaged: %s" % (folder, what), u"unpack the archive into another directory")

    operations = plan.get("operations")
    if not isinstance(operations, list) or not all(isinstance(o, list) and len(o) > 1 for o in operations):
        bad(u"operations")
    for operation in operations:
        kind, path, rest = operation[0], operation[1], operation[2:]
        shape = OPERATIONS.get(kind) if isinstance(kind, type(u"")) else None
        if shape is None:
            bad(u"the unknown operation %s" % json.dumps(kind))
        if not is_text(path) or not row(*shape)(rest):
            bad(u"an operation %s" % kind)
        check_path(path, bad)
        if kind == u"put":
            check_path(rest[0], bad)
            if not rest[0].startswith(OWN + u"/"):
                bad(u"%s wasn't prepared for this change" % rest[0])

# ---- plan -------------------------------------------------------------------
# What a change does with each path: what it lays, removes, and keeps of an edit.

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


def open_alone(path):
    """Opens a file of Windows so that no other process has it open too."""
    import ctypes
    create = ctypes.windll.kernel32.CreateFileW
    create.restype = ctypes.c_void_p
    handle = create(ctypes.c_wchar_p(path), 0xC0000000, 0, None, 3, 0x00200000, None)
    if handle in (None, ctypes.c_void_p(-1).value):
        raise ctypes.WinError()
    ctypes.windll.kernel32.CloseHandle(ctypes.c_void_p(handle))


def in_use(base, busy):
    """Says which files are open. One of the tree's interpreter, which runs this, stays open."""
    inside = [text(path)[len(text(base)) + 1:].replace(os.sep, u"/") for path in busy]
    hint = u"stop the application first; binary-buildout update --stop CMD does"
    if any(BUNDLED.match(path) for path in inside):
        hint = u"the interpreter changes, and Windows replaces no program that runs: install the new version into another directory"
    return Refused(u"in use: " + u", ".join(text(path) for path in busy[:5]), hint, 3)


def busy_files(paths, try_open=open_alone):
    """Gives those of the files that can't be opened alone."""
    busy = []
    for path in paths:
        if os.path.isfile(path) and not os.path.islink(path):
            try:
                try_open(path)
            except EnvironmentError:
                busy.append(path)
    return busy

# ---- check ------------------------------------------------------------------
# bootstrap.py --check: whether each file is as it was left.

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

# ---- ownership --------------------------------------------------------------
# Whose the files of a tree are that root would run, replay or write into.

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

# ---- abi --------------------------------------------------------------------
# ABI tags of interpreters: which loads what.

def plain_abi(abi):
    """Without the m of Python 3.7 and older, which tags carry and names may not."""
    return abi[:-1] if abi.startswith("cp3") and abi.endswith("m") else abi


def runs_abi(have, wanted):
    """Whether a Python loads what was compiled for an ABI. From 3.8 on a debug build also
    loads what a release build does, and never the other way round."""
    m = re.match(r"cp3(\d+)", have)
    return plain_abi(wanted) == plain_abi(have) or bool(m) and int(m.group(1)) >= 8 and have == wanted + "d"

# ---- libraries --------------------------------------------------------------
# Which shared libraries this system brings.

def elf_head(path):
    """Class and machine of an ELF file, which a library must share with us."""
    try:
        with open(path, "rb") as f:
            head = f.read(20)
    except EnvironmentError:
        return None
    return (head[4:6], head[18:20]) if head[:4] == b"\x7fELF" and len(head) == 20 else None


# Where the dynamic loader looks, whatever LD_LIBRARY_PATH says.
LIBRARY_DIRS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")


def has_library(name, python):
    """Says whether the system brings a shared library of our kind."""
    if WINDOWS or python.system == u"macos":
        return loads(name, python)
    ours = elf_head(native(python.program))
    dirs = list(LIBRARY_DIRS)
    for base in ("/lib", "/usr/lib"):
        try:
            dirs += [os.path.join(base, d) for d in os.listdir(base) if "-linux-" in d]
        except OSError:
            pass
    for path in [os.path.join(d, name) for d in dirs] + ldconfig(name):
        head = elf_head(path)
        if head and (ours is None or head == ours):
            return True
    return loads(name, python)


def ldconfig(name):
    """Gives what the loader's cache says."""
    for program in ("/sbin/ldconfig", "/usr/sbin/ldconfig"):
        if os.path.exists(program):
            try:
                run = subprocess.Popen([program, "-p"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                lines = text(run.communicate()[0]).splitlines()
            except OSError:
                continue
            return [line.rpartition(u"=> ")[2].strip() for line in lines if line.split()[:1] == [name]]
    return []


def loads(name, python):
    """Says whether a process can load a library: the last resort."""
    env = dict((k, v) for k, v in os.environ.items()
               if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH"))
    try:
        run = subprocess.Popen([native(python.program), "-sSE", "-c",
                                "import ctypes, sys; ctypes.CDLL(sys.argv[1])", name],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        run.communicate()
        return run.returncode == 0
    except OSError:
        return False

# ---- tags -------------------------------------------------------------------
# Platform tags, architectures and versions, as PEP 425, 513, 571, 599, 600
# and 656 have them. cases/platforms.json has the rows that matrix is tested with too.

ARCH = {"arm64": "aarch64", "amd64": "x86_64", "i386": "i686", "i586": "i686", "x86": "i686", "win32": "i686"}
LEGACY = {"1": "2.5", "2010": "2.12", "2014": "2.17"}  # PEP 513, 571, 599: the glibc of the old names of manylinux
LINUX = "(x86_64|aarch64|i686|armv6l|armv7l|ppc64|ppc64le|s390x|riscv64|loongarch64)"


def platform_needs(tag):
    """System, architecture, libc and floor that a platform tag asks for; the system is "" of a tag that is not known."""
    n = {"system": "", "arch": "", "libc": "", "floor": ""}
    modern = re.match(r"(manylinux|musllinux)_(\d+)_(\d+)_%s\Z" % LINUX, tag)
    legacy = re.match(r"manylinux(1|2010|2014)_%s\Z" % LINUX, tag)
    plain = re.match(r"linux_%s\Z" % LINUX, tag)
    mac = re.match(r"macosx_(\d+)_(\d+)_(arm64|x86_64|universal2|intel)\Z", tag)
    if modern:
        n.update(system="linux", arch=modern.group(4), floor=modern.group(2) + "." + modern.group(3),
                 libc={"manylinux": "glibc", "musllinux": "musl"}[modern.group(1)])
    elif legacy:
        n.update(system="linux", arch=legacy.group(2), floor=LEGACY[legacy.group(1)], libc="glibc")
    elif plain:
        n.update(system="linux", arch=plain.group(1))
    elif mac:
        n.update(system="macos", arch=mac.group(3), floor=mac.group(1) + "." + mac.group(2))
    elif tag in ("win32", "win_amd64", "win_arm64"):
        n.update(system="windows", arch={"win32": "x86"}.get(tag, tag[4:]))
    return n


def same_arch(wanted, have):
    """Whether a machine runs what was compiled for an architecture: macOS has
    files that hold two."""
    if wanted == "universal2":
        return have in ("arm64", "x86_64")
    if wanted == "intel":
        return have in ("x86_64", "i386")
    return ARCH.get(wanted, wanted) == ARCH.get(have, have)


def number(version):
    """A version as a list of numbers, which compare; zeros at the end say nothing."""
    parts = [int(re.match(r"\d*", p).group() or 0) for p in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return parts

# ---- requirements -----------------------------------------------------------
# Whether an archive is for this Python and this system, and which one of its release is.

def asset(manifest, abi=None, platform=None):
    """Gives the name of another archive of the same release."""
    have_abi, _, have_platform = manifest["target"].partition(u"-")
    label = u"-" + manifest["label"] if manifest.get("label") else u""
    return u"%s-%s-%s-%s%s" % (manifest["name"], manifest["version"], abi or have_abi,
                               platform or have_platform, label)


def other_python(minor):
    """Gives a python of that version on PATH, as a hint."""
    for place in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(place, "python" + minor)
        if place and os.access(path, os.X_OK):
            return u", or run: %s bootstrap.py" % text(path)
    return u""


def check_system(manifest, python):
    """Refuses an archive that isn't for this Python and this system."""
    want, tag = manifest["python"], manifest["target"].partition(u"-")[2]
    n = platform_needs(tag)
    wrong = u"this archive is for %s, and this is %s"
    if n["system"] != python.system:
        there = {"windows": u"win_amd64", "macos": u"macosx_*_arm64", "linux": u"linux_x86_64"}
        raise Refused(wrong % (n["system"] or json.dumps(tag), python.system),
                      u"use " + asset(manifest, python.abi, there.get(python.system, python.system)), 2)
    if want.get("bits", python.bits) != python.bits or not same_arch(n["arch"], python.machine):
        front = tag[:-len(n["arch"])] if tag.endswith(n["arch"]) else u"win_"
        mine = u"win32" if python.machine == "x86" else front + python.machine
        raise Refused(wrong % (u"%s (%d bits)" % (n["arch"], want.get("bits", 0)),
                               u"%s (%d bits)" % (python.machine, python.bits)),
                      u"use " + asset(manifest, python.abi, mine), 2)
    check_python(manifest, python)
    check_floors(manifest, python, n["arch"])


def check_python(manifest, python):
    want = manifest["python"]
    minor = u".".join(want["version"].split(u".")[:2])
    if want["implementation"].lower() != python.implementation:
        raise Refused(u"this archive is for %s %s, and this is %s" % (
            want["implementation"], minor, python.implementation), u"run it with CPython " + minor, 2)
    right = u"use " + asset(manifest, python.abi) + other_python(minor)
    if minor != python.minor:
        raise Refused(u"this archive is for Python %s, and this is Python %s (%s)"
                      % (minor, python.minor, python.path), right, 2)
    if not runs_abi(python.abi, want["abi"]):
        why = {u"t": u"free-threaded", u"d": u"debug"}.get(python.abi[-1:], u"")
        raise Refused(u"this archive is for the ABI %s, and this Python %s has %s%s (%s)"
                      % (want["abi"], python.minor, python.abi, u" (%s)" % why if why else u"",
                         python.path), right, 2)


def check_floors(manifest, python, arch):
    want = manifest["python"].get("libc", u"")
    if python.system == "linux":
        kind, have = python.libc, python.libc_version
        if want and kind and kind != want:
            other = u"musllinux_1_2_" if kind == "musl" else u"manylinux_2_28_"
            raise Refused(u"this archive is for %s, and this system has %s" % (want, kind),
                          u"use " + asset(manifest, python.abi, other + arch), 2)
    else:  # Windows has no floor
        kind, have = python.system, python.macos
    for floor in manifest["floors"]:
        if floor["kind"] == kind and have and number(have) < number(floor["version"]):
            raise Refused(u"this archive needs %s %s, and this system has %s (%s)"
                          % (kind, floor["version"], have, floor.get("file", u"")),
                          u"use an archive built for an older system, such as %s*" %
                          asset(manifest, python.abi, {u"glibc": u"manylinux_2_17_", u"musl": u"musllinux_1_1_",
                                                       u"macos": u"macosx_"}[kind]), 2)


def check_libraries(manifest, python):
    missing = [lib for lib in manifest["system_libraries"]
               if not has_library(lib["name"] if not PY2 or WINDOWS else lib["name"].encode("utf-8"), python)]
    if missing:
        packages = sorted(set(lib["package"] for lib in missing if lib.get("package")))
        raise Refused(u"this system lacks %s" % u", ".join(
            u"%s (needed by %s)" % (lib["name"], lib["needed_by"]) for lib in missing),
            u"install " + (u", ".join(packages) if packages else
                           u"the packages of your distribution that bring them"), 2)

# ---- binaries ---------------------------------------------------------------
# Strings that were compiled in, and the signature of a file that holds them.

def put_strings(data, item, root):
    """Replaces compiled-in strings in place. The tail stays where it is, since
    linkers let other strings begin in it; the front is filled with slashes."""
    new_root = root.encode("utf-8")
    parts, at = [], 0
    for string in sorted(item["cstrings"], key=lambda s: s["offset"]):
        old, offset = string["old"].encode("utf-8"), string["offset"]
        if data[offset:offset + len(old)] != old:
            raise Refused(u"%s doesn't hold what the manifest says at %d" % (item["path"], offset),
                          u"unpack the archive again")
        if offset < at:  # the same string, seen twice
            continue
        room = string["prefix"] - len(new_root)
        if WINDOWS:
            new = new_root[:2] + b"\\" * room + new_root[2:]
        else:
            new = b"/" * room + new_root
        parts += [data[at:offset], new, old[string["prefix"]:]]
        at = offset + len(old)
    return b"".join(parts + [data[at:]])


def sign(path):
    """Signs a Mach-O file (ad hoc), which any change makes necessary."""
    run = subprocess.Popen(["/usr/bin/codesign", "-s", "-", "-f", path],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = run.communicate()[0]
    if run.returncode:
        raise Refused(u"signing %s: %s" % (text(path), text(out).strip()), u"", 3)


MACHO = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
         b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")

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

# ---- placeholders -----------------------------------------------------------
# Placeholders, and the forms in which a value stands in the place of one.

FORMS = (u"", u"+slash", u"+double", u"+url", u"+json", u"+python", u"+bytes", u"+unicode", u"+sh")
LOWER = u"+lower"


def percent(value, safe):
    """Gives a path as URLs have it, percent-encoded but for some characters."""
    try:
        from urllib.parse import quote
    except ImportError:
        from urllib import quote
    return quote((value.replace(u"\\", u"/") if WINDOWS else value).encode("utf-8"), safe=safe).encode("ascii")


def spell(value, form, two=PY2):
    """Gives a value in a placeholder's form, as bytes. two: for Python 2 to read."""
    if form.endswith(LOWER):  # os.path.normcase, on Windows
        return spell(value.replace(u"/", u"\\").lower(), form[:-len(LOWER)], two)
    if form == u"+url":
        return percent(value, "/:" if WINDOWS else "/")
    if form == u"+slash":
        return value.replace(u"\\", u"/").encode("utf-8")
    if form == u"+double":
        return value.replace(u"\\", u"\\\\").encode("utf-8")
    if form == u"+json":
        return json.dumps(value)[1:-1].encode("ascii")
    if form == u"+unicode":
        return repr(value).lstrip("u")[1:-1].encode("ascii" if PY2 else "utf-8")
    if form in (u"+python", u"+bytes"):
        if two or form == u"+bytes":
            return repr(value.encode("utf-8")).lstrip("b")[1:-1].encode("ascii")
        return repr(value)[1:-1].encode("utf-8")
    if form == u"+sh":
        return re.sub(br"([^A-Za-z0-9/._+=@:\x80-\xff-])", br"\\\1", value.encode("utf-8"))
    return value.encode("utf-8")


MARK = u"@binary-buildout-"
PLACEHOLDER = re.compile(br"@binary-buildout-(root|python|prefix)((?:\+url|\+json|\+python|\+bytes|\+unicode|\+sh|\+slash|\+double)?(?:\+lower)?)@")
WIDE = dict((name, re.compile(b"".join(
    b"(" + b"|".join(re.escape(o.encode(name)) for o in part) + b")" + (b"?" if i in (2, 3) else b"")
    for i, part in enumerate(((MARK,), (u"root", u"python", u"prefix"), FORMS[1:], (LOWER,), (u"@",))))))
    for name in ("utf-16-le", "utf-16-be"))


# The modules of a Python 2 that a part compiled, whatever runs this.
TWO = re.compile(u"(^|/)lib(64)?/python2[0-9.]*/")


# A source's own encoding, in its first two lines, and an XML file's.
DECLARED = re.compile(br"(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
DECLARED_XML = re.compile(br"<\?xml[^>]*?encoding=[\"']([-\w.]+)")
UTF8 = (b"utf-8", b"utf8")


def escape_of(data):
    """Says how a character that isn't ASCII has to be written in a file that says
    that it isn't in UTF-8, as Python names it: None if it may stand as it is."""
    for pattern, escape in ((DECLARED_XML, "xmlcharrefreplace"), (DECLARED, "backslashreplace")):
        found = pattern.match(data)
        if found:
            return None if found.group(1).lower().replace(b"_", b"-") in UTF8 else escape
    return None


def substitute(data, values, path):
    """Puts the values in the place of the placeholders."""
    if data[:2] == b"#!" and MARK.encode("ascii") in data.split(b"\n", 1)[0]:
        line, _, rest = data[2:].partition(b"\n")
        interpreter, _, arguments = line.strip().partition(b" ")
        fill = lambda part: PLACEHOLDER.sub(lambda m: spell(values[text(m.group(1))], u""), part)
        data = shebang(fill(interpreter), fill(arguments.strip()), substitute(rest, values, path))
    two = PY2 or bool(TWO.search(path))
    escape = escape_of(data)

    def value(found):
        form = text(found.group(2) or b"")
        spelled = spell(values[text(found.group(1))], form, two)
        if escape and form in ((u"+python", u"+unicode") if escape == "backslashreplace" else (u"",)):
            spelled = spelled.decode("utf-8").encode("ascii", escape)
        return spelled
    data = PLACEHOLDER.sub(value, data)
    for name, pattern in WIDE.items():
        if MARK.encode(name) in data:
            data = pattern.sub(lambda m: spell(values[m.group(2).decode(name)], (
                (m.group(3) or b"") + (m.group(4) or b"")).decode(name)).decode("utf-8").encode(name), data)
    for name in ("ascii", "utf-16-le", "utf-16-be"):
        if MARK.encode(name) in data:
            raise Refused(u"%s holds a placeholder that this program doesn't know" % path,
                          u"use the bootstrap.py of the same archive")
    return for_starter(path, data)

# ---- boundaries -------------------------------------------------------------
# Where a path is found in bytes, and where the same bytes are part of a longer one.

# Path boundaries: pack/internal/place/boundary.go in Python, rule by rule. cases/boundaries.json
# has the cases that both are tested with.

NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+~@" + bytes(bytearray(range(0x80, 0x100)))
FILE_URL = re.compile(b"(?:[Ff][Ii][Ll][Ee]://(?:/|localhost)?|(?<![" + re.escape(NAME) + b"])[Ff][Ii][Ll][Ee]:)\\Z")
ESCAPED = re.compile(br"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
BEFORE, AHEAD = 1024, 16  # bytes that are looked at


def is_name(data):
    """Says whether this is one byte, and goes on with a file's name."""
    return len(data) == 1 and data in NAME


def byte_of(digits):
    return bytes(bytearray([int(digits, 16)]))


def goes_on(after, form, url):
    """Says whether the name that a path ends with goes on."""
    if is_name(after[:1]):
        return True
    if after[:1] == b".":
        return is_name(after[1:2])
    if after[:1] == b"%" and (url or form == u"+url"):
        found = re.match(b"%([0-9a-fA-F]{2})", after)
        return bool(found) and (is_name(byte_of(found.group(1))) or byte_of(found.group(1)) in b" .")
    found = ESCAPED.match(after) if not WINDOWS and form != u"+sh" else None
    if found and found.group(1):
        return is_name(byte_of(found.group(1)))
    return bool(found) and (found.group(2) != b"00" or is_name(byte_of(found.group(3))))


def ends_path(before):
    """Says whether a path that starts with a slash is the end of a longer one."""
    if FILE_URL.search(before):
        return False
    rest = before.rstrip(b"/")
    if len(rest) < len(before):  # doubled slash
        return is_name(rest[-1:]) or rest[-1:] == b"."
    rest = before.rstrip(NAME + b".")
    run = before[len(rest):]
    if run and (not run.strip(b".") or run == b"~"):
        return True  # ./srv/app, ../srv/app, ~/srv/app
    if len(rest) > 1 and rest[-1:] == b":" and re.match(b"[0-9]+\\Z", run):
        return rest[:-1].rstrip(NAME + b".")[-2:] == b"//"  # a port: http://localhost:8080/srv/app
    return bool(run) and rest[-1:] == b"/"


def bounded(before, after, form=u""):
    """Says whether a path that stands between these bytes isn't a part of a longer one."""
    return not goes_on(after, form, FILE_URL.search(before)) and (WINDOWS or not ends_path(before))


def variants(value):
    """Gives each way in which a path is looked for, always in the same order: its
    bytes, and the form of a placeholder that it is nearest to. None: it can't
    be written that way."""
    found = [(spell(value, form), form) for form in FORMS + (tuple(f + LOWER for f in FORMS) if WINDOWS else ())]
    for keep in ("/", "/:", ":", ""):
        text = percent(value, "~" + keep)
        found += [(text, u"+url"), (re.sub(b"%..", lambda m: m.group().lower(), text), u"+url")]
    text = spell(value, u"+json")
    for text in (text, re.sub(br"\\u....", lambda m: b"\\u" + m.group()[2:].upper(), text)):
        found += [(text, u"+json"), (text.replace(b"/", b"\\/"), u"+json")]
    found.append((value.replace(u"\\", u"\\\\").encode("ascii", "backslashreplace"), u"+python"))
    try:
        found.append((value.encode("latin-1"), u""))
    except UnicodeError:
        found.append((None, u""))
    return found


def replacer(old, new, has_urls=True):
    """Gives a function that replaces old root and interpreter by the new ones, in
    each form and encoding, longest first, at path boundaries."""
    pairs, wide, urls = {}, {}, {}
    known = [key for key in (u"root", u"python") if old[key]]  # an empty path is found everywhere
    for key in known:
        urls[spell(old[key], u"+url")] = spell(new[key], u"+url")
        for (was, form), (now, _) in zip(variants(old[key]), variants(new[key])):
            if was is not None:
                pairs.setdefault(was, (now if now is not None else spell(new[key], u""), form))
        for form in [f + lower for lower in (u"", LOWER) for f in (u"", u"+slash", u"+double")] if WINDOWS else [u""]:
            was, now = (spell(values[key], form).decode("utf-8") for values in (old, new))
            for name in ("utf-16-le", "utf-16-be"):
                wide.setdefault(was.encode(name), (now.encode(name), name))
    pattern, wide_pattern = longest_first(pairs), longest_first(wide)

    def narrow(found):
        data, start, end = found.string, found.start(), found.end()
        before, after = data[max(0, start - BEFORE):start], data[end:end + AHEAD]
        value, form = pairs[found.group()]
        if not bounded(before, after, form):
            return found.group()
        if has_urls and found.group() in urls and FILE_URL.search(before):
            return urls[found.group()]
        return value

    def broad(found):
        data, start, end = found.string, found.start(), found.end()
        value, name = wide[found.group()]
        plain = lambda part: part.decode(name, "ignore").encode("utf-8")
        before, after = data[max(0, start - BEFORE):start], data[end:end + 2 * AHEAD]
        if bounded(plain(before[len(before) % 2:]), plain(after)):
            return value
        return found.group()

    def in_utf16(data):
        parts, at, found = [], 0, wide_pattern.search(data)
        while found:
            again = wide_pattern.match(data, found.start() + 1) if found.start() % 2 else None
            if again and again.end() == found.end() + 1:
                found = again  # the first was the same in the other byte order, a byte off
            parts += [data[at:found.start()], broad(found)]
            at = found.end()
            found = wide_pattern.search(data, at)
        return b"".join(parts + [data[at:]])

    def run(data):
        change = lambda part: in_utf16(pattern.sub(narrow, part))
        script = plain_shebang(data)
        line, _, rest = script.partition(b"\n")
        for key in reversed(known):
            start = b"#!" + old[key].encode("utf-8")
            if line.startswith(start) and not goes_on(line[len(start):], u"", False):
                more, _, arguments = line[len(start):].partition(b" ")
                return shebang(new[key].encode("utf-8") + more, change(arguments.strip()), change(rest))
        return change(data)
    return run


def longest_first(pairs):
    return re.compile(b"|".join(re.escape(o) for o in sorted(pairs, key=lambda o: (-len(o), o))))

# ---- buildoutscript ---------------------------------------------------------
# The text of bin/buildout.

BUILDOUT = br'''# Written by bootstrap.py: runs the zc.buildout of this tree, as %(launcher)s says.
import sys; sys.path[:] = sys.path[not (getattr(sys.flags, "isolated", 0) or getattr(sys.flags, "safe_path", 0)):]
import os
here = os.path.realpath(__file__)
here = here[4:] if here[:4] == "\\\\?\\" else here  # what NAME.exe says on Windows
launcher = os.path.join(os.path.dirname(os.path.dirname(here)), ".binary-buildout", "launcher.py")
sys.argv[0] = os.path.abspath(__file__)
sys.argv[1:1] = ["--mode=target"]
with open(launcher, "rb") as f:
    code = compile(f.read(), launcher, "exec")
exec(code, {"__name__": "__main__", "__file__": launcher})
'''


def own_scripts(launch):
    """Gives what buildout_scripts() writes. Windows' virtualenvs have their scripts,
    zc.buildout's too, in Scripts, and zc.buildout its own in bin."""
    if not WINDOWS:
        return (u"bin/buildout",)
    folders = (u"bin", u"Scripts") if launch.get("virtualenv") else (u"bin",)
    return tuple(folder + u"/buildout" + end for folder in folders for end in (u"-script.py", u".exe"))


def buildout_scripts(tree, launch, values):
    """Gives bin/buildout, and on Windows the program that starts it."""
    body = BUILDOUT.replace(b"%(launcher)s", LAUNCHER.encode("ascii"))
    if launch.get("virtualenv"):
        python, flags = u"/".join((values[u"root"], u"bin", u"python")), b"-sE"
        if WINDOWS:
            python = values[u"root"] + u"\\Scripts\\python.exe"
    else:
        python, flags = values[u"python"], b"-sSE"
    if WINDOWS and sys.version_info >= (3, 7):
        flags += b" -X utf8"  # launcher.py would start it again
    script = shebang(python.encode("utf-8"), flags, body)
    if not WINDOWS:
        return [(u"bin/buildout", script)]
    script = for_starter(u"bin/buildout-script.py", script)
    program = None
    for egg in list(launch.get("path") or ()) + [u"Lib/site-packages"]:
        for name in (u"cli-64.exe", u"cli.exe"):
            program = program or tree.content(egg + u"/setuptools/" + name)[0]
    if program:
        return [(path, script if path.endswith(u".py") else program) for path in own_scripts(launch)]
    return [(u"bin/buildout-script.py", script), (u"bin/buildout.cmd", b"@\"" + python.encode("utf-8") + b"\" " + flags +
                                                  b" \"%~dp0buildout-script.py\" %*\r\n")]

# ---- bytecode ---------------------------------------------------------------
# The .pyc files of sources that hold a path of the tree.

def bytecode(path, source, filename, mtime):
    """Gives a .pyc of a source that we relocated, or None if it doesn't compile.
    From 3.7 on it is never compared with its source's time, and outside of
    installed distributions with its source's hash, so that an edit counts."""
    import marshal
    level = re.search(u"\\.opt-([12])\\.pyc\\Z", path)
    try:
        if PY2:
            code = compile(source.replace(b"\r\n", b"\n") + b"\n", filename.encode("utf-8"), "exec", 0, True)
        else:
            code = compile(source, filename, "exec", 0, True, int(level.group(1)) if level else 0)
    except (SyntaxError, ValueError, TypeError):
        return None
    body = marshal.dumps(code)
    size = len(source) & 0xffffffff
    if PY2:
        import imp
        return imp.get_magic() + struct.pack("<I", mtime & 0xffffffff) + body
    import importlib.util
    if sys.version_info < (3, 7):
        return importlib.util.MAGIC_NUMBER + struct.pack("<II", mtime & 0xffffffff, size) + body
    flags = 1 if is_installed(path) else 3  # PEP 552
    return importlib.util.MAGIC_NUMBER + struct.pack("<I", flags) + importlib.util.source_hash(source) + body


OWN_PYTHON = re.compile(u"python-[0-9]+[.][0-9]+[.][0-9]+[0-9a-z+]*/")  # the archive's own interpreter


def is_installed(path):
    """Says whether a file is an installed distribution's, which nobody edits."""
    return path.startswith(u"eggs/") or bool(OWN_PYTHON.match(path)) or any(p.endswith(u".egg") or p == u"site-packages" for p in path.split(u"/"))


def source_of(path):
    """Gives the source that a .pyc is compiled from."""
    folder, _, name = path.rpartition(u"/")
    if folder.rpartition(u"/")[2] == u"__pycache__":
        return folder[:-len(u"__pycache__")] + name.split(u".")[0] + u".py"
    return path[:-1]

# ---- writes -----------------------------------------------------------------
# The files and links that get a new content when a tree is fitted: each is staged beside the old one, then renamed over it.

class Step(object):
    """One file that gets new content."""

    def __init__(self, path, temporary, before, after, keep, fitted):
        self.path = path            # in the tree
        self.temporary = temporary  # written and synced, beside it
        self.before = before        # digest; None if there is no such file yet
        self.after = after
        self.keep = keep            # the file is the archive's, and is kept in origin/
        self.fitted = fitted        # the new one is made of the archive's

    def record(self):
        """Gives the step as state.json has it."""
        return [self.before, self.after, self.fitted]


class Writes(object):
    """What is staged and not yet renamed, and what is known of all files then."""

    def __init__(self, tree, files):
        self.tree = tree
        self.files = files  # by path, the digest that each file is left with
        self.fitted = {}    # of these, the ones that are made of the archive's version
        self.steps = []
        self.links = []     # (path, target)

    def temporary(self, path):
        """Gives a name beside a file. It is always the same one, so that a run removes
        what a killed run left there."""
        folder = path.rpartition(u"/")[0]
        name = u".binary-buildout-" + digest(path.encode("utf-8"))[:12]
        found = self.tree.inside((folder + u"/" if folder else u"") + name)
        if os.path.lexists(found):
            os.unlink(found)
        return found

    def stage(self, path, data, new, mode, times, keep, fitted=False):
        """Writes a file's new content beside it. keep: what is there is the
        archive's version; fitted: the new content is made of that."""
        temporary = self.temporary(path)
        if fitted:
            self.fitted[path] = digest(new)
        if new == data:
            self.files[path] = digest(new)
            return
        folder = os.path.dirname(temporary)
        if path.endswith(u".pyc") and not os.path.isdir(folder):
            os.mkdir(folder, 0o755)  # __pycache__, if unpacking left it out
        step = Step(path, temporary, digest(data) if data is not None else None, digest(new), keep, fitted)
        self.steps.append(step)
        write_new(temporary, new, mode, times)
        if new[:4] in MACHO and sys.platform == "darwin":
            sign(temporary)
            with open(temporary, "rb") as f:
                step.after = digest(f.read())
            if fitted:
                self.fitted[path] = step.after
        self.files[path] = step.after

    def records(self):
        """Gives what state.json says of the staged files, by path."""
        return dict((step.path, step.record()) for step in self.steps)

    def unstage(self):
        """Removes everything that was staged."""
        for step in self.steps:
            try:
                os.unlink(step.temporary)
            except OSError:
                pass

    def check_writable(self):
        """Refuses a tree in which one of the renames would fail."""
        folders = set([u"", OWN]) | set(s.path.rpartition(u"/")[0] for s in self.steps)
        for folder in sorted(folders):
            full = self.tree.inside(folder) if folder else self.tree.base
            if os.path.isdir(full) and not os.access(full, os.W_OK):
                raise Refused(u"%s is read-only" % text(full), u"make it writable for this user", 3)

    def keep_origin(self, path):
        """Keeps the archive's version of a file, as a second name of it."""
        origin = OWN + u"/origin/" + path
        parts = origin.split(u"/")
        for i in range(2, len(parts)):
            folder = self.tree.inside(u"/".join(parts[:i]) + u"/x").rpartition(native(u"/"))[0]
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o755)
        full, temporary = self.tree.inside(origin), self.tree.inside(OWN + u"/origin/.new")
        source = self.tree.inside(path)
        if os.path.lexists(temporary):
            os.unlink(temporary)
        if os.path.lexists(full) and os.path.samestat(os.lstat(full), os.lstat(source)):
            return  # renaming a name onto another of the same file does nothing
        try:
            os.link(source, temporary)
        except (OSError, AttributeError):
            found = os.lstat(source)
            write_new(temporary, read_file(source), stat.S_IMODE(found.st_mode), (found.st_mtime, found.st_mtime))
        replace(temporary, full)

    def apply(self):
        """Renames everything that is staged, and gives the number of files and links."""
        for step in self.steps:
            if step.keep:
                self.keep_origin(step.path)
            replace(step.temporary, self.tree.inside(step.path))
        for path, target in self.links:
            temporary = self.temporary(path)
            os.symlink(native(target), temporary)
            replace(temporary, self.tree.inside(path))
        count = len(self.steps) + len(self.links)
        self.steps, self.links = [], []
        return count

# ---- relocation -------------------------------------------------------------
# One fitting of a tree to a place and a Python: which content each file gets, and what state.json says meanwhile.

class Relocation(object):
    """One fitting of a tree to new values. What it decides is staged in writes."""

    def __init__(self, tree, new):
        self.tree, self.new = tree, new
        self.old = tree.values()
        state = tree.state or {}
        self.first = not state.get("root")  # never fitted whole
        self.pending = state.get("pending") or {}
        self.known = dict(state.get("files") or {})
        self.writes = Writes(tree, dict(self.known))
        self.sources = {}  # of Python modules that are written: the new content, and the time

    def original(self, path, item=None):
        """Gives what is on disk, the archive's version of it if that is known, and
        whether the file on disk is that version."""
        data, found = self.tree.content(path)
        if data is None:
            return None, None, False, None
        have = digest(data)
        if item and have == item["sha256"] and len(data) == item["size"]:
            return data, data, True, found
        if item and have in self.made_from_origin(path):
            origin, kept = self.tree.content(OWN + u"/origin/" + path)
            if origin is not None and digest(origin) == item["sha256"]:
                return data, origin, False, kept
        if self.first:
            raise Refused(u"%s is not as it was packed" % path,
                          u"unpack the archive again, and compare its SHA-256")
        return data, None, False, found

    def made_from_origin(self, path):
        """Gives the digests that this file has if we made it of the archive's version."""
        found = [((self.tree.state or {}).get("fitted") or {}).get(path)]
        pending = self.pending.get("files", {}).get(path)
        if pending and pending[2]:
            found.append(pending[1])
        return found

    def moved(self):
        return self.old != self.new or bool(self.pending)

    def decide(self):
        """Stages everything but .installed.cfg and bin/buildout."""
        manifest = self.tree.manifest
        late, ours = [], own_scripts(read_json(self.tree.base, LAUNCH) or {}) + (INSTALLED,)
        for item in manifest["relocations"]:
            if item["path"] in ours:
                continue
            if item["class"] == u"link":
                self.decide_link(item)
            elif item["class"] == u"bytecode":
                late.append(item)
            else:
                self.decide_file(item)
        for item in late:
            self.decide_bytecode(item)
        listed = set(item["path"] for item in manifest["relocations"]) | set(ours)
        for path in sorted(self.known):
            if path not in listed:
                self.decide_other(path)

    def decide_file(self, item):
        path = item["path"]
        data, origin, fresh, found = self.original(path, item)
        if data is None:
            if self.first:
                raise Refused(u"%s is missing" % path, u"unpack the archive again")
            self.writes.files.pop(path, None)  # buildout removed it
            return
        if origin is None:
            if self.moved() and item["class"] == u"text":
                new = self.replaced(path, data)
                self.writes.stage(path, data, new, stat.S_IMODE(found.st_mode), None, False)
                if path.endswith(u".py"):
                    self.sources[path] = new, int(found.st_mtime)
            else:
                self.writes.files[path] = digest(data)
            return
        if item["class"] == u"cstring":
            new = put_strings(origin, item, self.new[u"root"])
        else:
            new = substitute(origin, self.new, path)
            if path.endswith(u".py"):
                self.sources[path] = new, int(found.st_mtime)
        self.writes.stage(path, data, new, item["mode"] or stat.S_IMODE(found.st_mode),
                   (found.st_mtime, found.st_mtime), fresh, True)

    def replaced(self, path, data):
        """Replaces the old values in a file that buildout or a person changed.
        One that a killed run has already done stays."""
        before_after = self.pending.get("files", {}).get(path)
        if before_after and digest(data) == before_after[1]:
            return data
        return for_starter(path, replacer(self.old, self.new)(from_starter(data)))

    def decide_other(self, path):
        """Stages a file that buildout wrote here."""
        full = self.tree.inside(path)
        if not os.path.lexists(full):
            del self.writes.files[path]
            return
        if os.path.islink(full):
            target = exact(os.readlink(full), path)
            inside = target == self.old[u"root"] or target.startswith(self.old[u"root"] + u"/")
            if inside and self.moved():
                target = self.new[u"root"] + target[len(self.old[u"root"]):]
                self.writes.links.append((path, target))
            self.writes.files[path] = u"link:" + target
            return
        data, found = self.tree.content(path)
        if data is None:
            del self.writes.files[path]
        elif self.moved():
            self.writes.stage(path, data, self.replaced(path, data), stat.S_IMODE(found.st_mode), None, False)

    def decide_link(self, item):
        target = link_target(item, self.new)
        path = item["path"]
        full = self.tree.inside(path)
        folder = self.tree.inside(path.rpartition(u"/")[0]) if u"/" in path else self.tree.base
        if not os.path.isdir(folder):
            if self.first:
                raise Refused(u"%s is missing" % path.rpartition(u"/")[0], u"unpack the archive again")
            return
        self.writes.temporary(path)
        if os.path.lexists(full):
            if not os.path.islink(full):
                if self.first:
                    raise Refused(u"%s exists already, and isn't a link" % path, u"unpack the archive again")
                return
            if os.readlink(full) == native(target):
                return
        self.writes.links.append((path, target))

    def decide_bytecode(self, item):
        path = item["path"]
        source = source_of(path)
        if source not in self.sources:
            return
        data, found = self.tree.content(path)
        if data is not None and not self.moved() and digest(data) == self.known.get(path):
            return
        body, mtime = self.sources[source]
        new = bytecode(path, body, self.new[u"root"] + u"/" + source, mtime)
        if new is not None:
            self.writes.stage(path, data, new, item["mode"] or 0o644, None, False)

    def mark(self, signatures):
        """Notes in state.json what was begun: from here on, a run that was killed is finished by the next."""
        state = dict(self.tree.state or {})
        state.setdefault("format", FORMAT)
        for key in ("root", "interpreter", "archive", "config"):
            state.setdefault(key, u"")
        state.setdefault("files", {})
        state["pending"] = {"root": self.new[u"root"], "interpreter": self.new[u"python"],
                            "prefix": self.new[u"prefix"], "archive": self.tree.archive,
                            "signatures": signatures,
                            "files": self.writes.records()}
        pending = self.pending.get("files", {})
        for path in pending:  # of an interrupted run; done already, or staged again
            if path not in state["pending"]["files"]:
                state["pending"]["files"][path] = pending[path]
        write_json(self.tree.base, STATE, state)

    def finish(self, signatures):
        """Does the last writes: .installed.cfg, bin/buildout, and the state. Gives the number of files."""
        items = dict((item["path"], item) for item in self.tree.manifest["relocations"])
        self.decide_installed(items.get(INSTALLED), signatures)
        self.decide_buildout()
        state = read_json(self.tree.base, STATE)
        state["pending"]["files"].update(self.writes.records())
        write_json(self.tree.base, STATE, state)
        count = self.writes.apply()
        del state["pending"]
        state.update(format=FORMAT, mode=u"target", archive=self.tree.archive, files=self.writes.files,
                     fitted=self.writes.fitted, root=self.new[u"root"], interpreter=self.new[u"python"],
                     prefix=self.new[u"prefix"], signatures=dict((name, new) for name, _, new in signatures))
        state.setdefault("config", u"")
        write_json(self.tree.base, STATE, state)
        self.tree.state = state
        return count

    def decide_installed(self, item, signatures):
        data, origin, fresh, found = self.original(INSTALLED, item)
        if data is None:
            return
        mode = stat.S_IMODE(found.st_mode)
        if origin is not None:
            new = substitute(origin, self.new, INSTALLED)
            mode = item["mode"] or mode
        elif not self.moved():
            new = data
        else:
            before_after = self.pending.get("files", {}).get(INSTALLED)
            done = before_after and digest(data) != before_after[0]
            new = data if done else replacer(self.old, self.new, False)(data)
        for name, olds, hashed in signatures:
            for old in olds:
                new = new.replace((name + u"-" + old).encode("utf-8"), (name + u"-" + hashed).encode("utf-8"))
        self.writes.stage(INSTALLED, data, new, mode, (found.st_mtime, found.st_mtime), fresh, origin is not None)

    def decide_buildout(self):
        launch = read_json(self.tree.base, LAUNCH)
        if launch is None:
            return
        for path, new in buildout_scripts(self.tree, launch, self.new):
            data, _ = self.tree.content(path)
            folder = self.tree.inside(path).rpartition(native(u"/"))[0]
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o755)
            self.writes.stage(path, data, new, 0o755, None, False)

# ---- fit --------------------------------------------------------------------
# Fits a tree: the files in it, and the hashes of develop packages that .installed.cfg has.

def signatures_of(tree, python):
    """Gives the hash of each develop directory as it is now, by the tree's own zc.buildout."""
    signatures = tree.manifest["signatures"]
    if not signatures:
        return []
    out = tree.run_launcher(python, ["--signature"] + [native(s["path"]) for s in signatures]).split()
    if len(out) != len(signatures):
        raise Refused(u"running %s: no signatures" % LAUNCHER)
    return out


def fit(tree, new, python):
    """Fits the tree to the values, and gives the number of files that changed."""
    work = Relocation(tree, new)
    writes = work.writes
    try:
        writes.check_writable()
        work.decide()
        writes.check_writable()
        before = known_signatures(tree, python, work)
        same = work.old == new and not work.pending and tree.state.get("archive") == tree.archive
        same = same and not writes.steps and not writes.links
        if not same:
            work.mark(before)
    except BaseException:
        writes.unstage()
        raise
    if same:
        return finish_same(tree, work)
    count = writes.apply()
    names = [s["name"] for s in tree.manifest["signatures"]]
    after = signatures_of(tree, python)
    return count + work.finish([(name, before.get(name, []), hashed) for name, hashed in zip(names, after)])


def finish_same(tree, work):
    """Writes bin/buildout again where that differs: nothing else does when nothing moved."""
    work.decide_buildout()
    count = work.writes.apply()
    if count:
        write_json(tree.base, STATE, dict(tree.state, files=work.writes.files))
    return count


def known_signatures(tree, python, work):
    """Gives for each name the hashes that .installed.cfg may hold for it."""
    if work.pending:
        return work.pending.get("signatures") or {}
    found = {}
    for signature in tree.manifest["signatures"]:
        found.setdefault(signature["name"], []).append(signature["hash"])
    if tree.state is not None and work.moved():
        for signature, hashed in zip(tree.manifest["signatures"], signatures_of(tree, python)):
            if hashed not in found[signature["name"]]:
                found[signature["name"]].append(hashed)
        for name, hashed in (tree.state.get("signatures") or {}).items():
            if hashed not in found.setdefault(name, []):
                found[name].append(hashed)
    return found

# ---- location ---------------------------------------------------------------
# Which path a tree can lie at, and an interpreter.

# The characters of a path that no format we know has to quote, and the space,
# parentheses and non-ASCII letters, which the placeholders' forms take care of.
PLAIN = re.compile(u"[A-Za-z0-9/._+=@~^() \u0080-\U0010ffff-]*\\Z" if sys.maxunicode > 0xffff
                   else u"[A-Za-z0-9/._+=@~^() \u0080-\uffff-]*\\Z")
WINDOWS_PLAIN = re.compile(u"[A-Za-z0-9/._+=@~^() \\\\:\u0080-\uffff-]*\\Z")


def usable(path, what):
    """Refuses a path that a script, a configuration or a shell can't hold."""
    if not (WINDOWS_PLAIN if WINDOWS else PLAIN).match(path):
        bad = sorted(set(re.sub(u"[A-Za-z0-9/._+=@~^() \u0080-\uffff-]", u"", path)))
        raise Refused(u"%s has a character that scripts and configurations can't hold (%s): %s"
                      % (what, u" ".join(json.dumps(c) for c in bad), json.dumps(path)),
                      u"letters, digits, spaces and . _ - + = @ ~ ( ) will do", 2)
    if re.search(u"coding[:=][ \t]*[-\\w.]", path):
        raise Refused(u"%s has what Python takes for a script's encoding: %s" % (what, json.dumps(path)),
                      u"use a path without \"coding=\"", 2)
    if any(part != part.strip() for part in path.split(u"/")):
        raise Refused(u"%s has a directory whose name begins or ends with a space: %s"
                      % (what, json.dumps(path)), u"use another name", 2)


def check_letters(path, what):
    """Refuses what setuptools' NAME.exe can't start, or Python opens by another
    encoding than UTF-8."""
    try:
        path.encode("ascii")
        return
    except UnicodeError:
        pass
    page = code_page()
    try:
        path.encode("utf-8" if page == u"cp65001" else page)
    except (UnicodeError, LookupError):
        raise Refused(u"%s has letters that are not in the code page of this Windows (%s), which scripts are started by: %s"
                      % (what, page, path), u"use a path of plain letters", 2)
    if sys.version_info < (3, 7):
        raise Refused(u"%s has letters that aren't ASCII, and Python before 3.7 reads no UTF-8 on Windows: %s"
                      % (what, path), u"use a path of plain letters", 2)


def check_place(manifest, root, python):
    """Refuses a path that is too long, or that formats can't hold."""
    usable(root, u"the path of this directory")
    usable(python.path, u"the interpreter's path")
    longest = None
    spaced = [(name, path) for name, path in ((u"root", root), (u"python", python.path)) if u" " in path]
    for item in manifest["relocations"]:
        for name, path in spaced:
            if (item.get("splits") or {}).get(name):
                raise Refused(u"%s can't hold a path with a space (%s), and there is one in %s"
                              % (item["path"], item["splits"][name], json.dumps(path)),
                              u"use a path without spaces, or put quotes around it in what writes that file and pack again", 2)
        for string in item.get("cstrings") or ():
            if longest is None or string["prefix"] < longest[0]:
                longest = string["prefix"], item["path"]
    size = len(root.encode("utf-8"))
    if longest and size > longest[0]:
        raise Refused(u"the path of this directory has %d bytes, and %s takes no more than %d"
                      % (size, longest[1], longest[0]), u"move the tree to a shorter path", 2)
    if WINDOWS:
        check_letters(root, u"the path of this directory")
        check_letters(python.path, u"the interpreter's path")
    if WINDOWS and len(root) + 1 + len(manifest["longest_path"]) > 259:
        raise Refused(u"the path of this directory is too long: Windows takes 259 characters, and %s would have %d"
                      % (manifest["longest_path"], len(root) + 1 + len(manifest["longest_path"])),
                      u"move the tree to a path of at most %d characters"
                      % (258 - len(manifest["longest_path"])), 2)

# ---- incoming ---------------------------------------------------------------
# A delta that was laid or unpacked, and what it has to be.

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
LARGEST = {u"manifest.json": 24 << 20, u"files.json": 32 << 20}
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

# ---- listed -----------------------------------------------------------------
# What the archive of a tree consists of.

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

# ---- laidover ---------------------------------------------------------------
# An archive that was unpacked over another one by tar.

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

# ---- probe ------------------------------------------------------------------
# What an interpreter tells of itself, by a text that any Python runs: with -c
# where it is another one, by asked() where it is this one. internal/install asks
# by the same text.

PROBE = """
import os, re, struct, subprocess, sys
try:
    import sysconfig
except ImportError:
    sysconfig = None
impl = (sys.implementation.name if hasattr(sys, "implementation") else sys.subversion[0]).lower()
abi = ("cp" if impl == "cpython" else impl) + "%d%d" % sys.version_info[:2]
debug = "d" if hasattr(sys, "gettotalrefcount") else ""
if sys.version_info[0] == 2:
    malloc = sysconfig and sysconfig.get_config_var("WITH_PYMALLOC")
    abi += debug + ("m" if malloc in (None, 1) else "") + ("u" if sys.maxunicode > 65535 else "")
elif hasattr(sys, "abiflags"):
    abi += sys.abiflags.replace("m", "")
else:
    abi += ("t" if sysconfig and sysconfig.get_config_var("Py_GIL_DISABLED") else "") + debug
bits = struct.calcsize("P") * 8
if hasattr(os, "uname"):
    machine = os.uname()[4].lower()
    if bits == 32:
        machine = {"x86_64": "i686", "amd64": "x86", "aarch64": "armv7l", "armv8l": "armv7l"}.get(machine, machine)
else:  # the program counts, which may be for another machine than this Windows
    machine = {"win32": "x86", "win-amd64": "amd64", "win-arm64": "arm64"}.get(sysconfig.get_platform(), "")
system = {"linux": "linux", "linux2": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
libc = version = macos = ""
if system == "linux":
    # A musl system may have the loader of glibc beside its own, and the other
    # way round: what counts is the one that this program names. (What it is
    # mapped from may be called libc.so.)
    musl = None
    for path in ("/proc/self/exe", sys.executable):
        try:
            with open(path, "rb") as f:
                musl = re.search(b"/[ -~]*/ld-musl-[ -~]+", f.read(1 << 16))
            break
        except Exception:
            pass
    try:
        if musl:
            libc = "musl"
            p = subprocess.Popen([musl.group()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for line in p.communicate()[0].decode("ascii", "replace").splitlines():
                if line.startswith("Version"):
                    version = str(line.split()[1])
        else:
            libc, version = os.confstr(2).split()  # _CS_GNU_LIBC_VERSION; Python 2.7 has no name for it
    except Exception:
        pass
elif system == "macos":
    import platform
    macos = platform.mac_ver()[0]
    if macos.startswith("10.16"):  # what an interpreter built for an old SDK is told
        try:
            p = subprocess.Popen(["/usr/bin/sw_vers", "-productVersion"], stdout=subprocess.PIPE, env={"SYSTEM_VERSION_COMPAT": "0"})
            macos = str(p.communicate()[0].decode("ascii").strip()) or macos
        except Exception:
            pass
prefix = getattr(sys, "real_prefix", getattr(sys, "base_prefix", sys.prefix))
told = {
    "executable": sys.executable, "version": sys.version.split()[0], "implementation": impl, "abi": abi, "bits": bits,
    "system": system, "machine": machine, "libc": libc, "libc_version": version, "macos": macos,
    "virtualenv": prefix != sys.prefix}
"""


def asked():
    """What this interpreter tells."""
    found = {}
    exec(compile(PROBE, "<probe>", "exec"), found)
    return found["told"]

# ---- python -----------------------------------------------------------------
# The interpreter that runs this, in the words of the manifest.

class Python(object):
    """The interpreter that runs this file, in the words of the manifest. path and
    prefix are what the tree gets; program is what is run now: it differs from
    path where the interpreter lies in a tree that is fitted to another place."""

    def __init__(self, base, root, bundled=None):
        if bundled:
            self.program, self.path, self.prefix = self.of_tree(base, root, bundled)
        else:
            self.path = self.program = self.executable(base)
            self.prefix = exact(getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix),
                                u"the interpreter's prefix")
        told = asked()
        self.minor = u"%d.%d" % sys.version_info[:2]
        for name in ("implementation", "abi", "bits", "system", "machine", "libc", "libc_version", "macos"):
            setattr(self, name, told[name])

    @staticmethod
    def of_tree(base, root, bundled):
        """Gives the archive's own interpreter: what runs, and by which path and prefix the tree has it."""
        if not runs_from(os.path.join(base, native(bundled["directory"]))):
            raise Refused(u"this archive has an interpreter of its own, %s, and this is %s" % (bundled["executable"], text(sys.executable or "")),
                          u"unpack the archive again: the program bootstrap is missing in its top directory", 2)
        front = text(native(root + u"/"))
        return (plain(text(os.path.join(base, native(bundled["executable"])))),
                front + text(native(bundled["executable"])), front + text(native(bundled["directory"])))

    @staticmethod
    def executable(root):
        """sys.executable, absolute, not resolved: a link like the system's
        python3 stays that when the system is updated. One in this tree is what
        it was made from."""
        if not sys.executable:
            raise Refused(u"this Python doesn't know its own path", u"start it by its full path", 2)
        found = plain(os.path.abspath(sys.executable))
        inside = os.path.join(text(root), u"")
        for path in (found, getattr(sys, "_base_executable", None) or found, os.path.realpath(found)):
            path = os.path.abspath(path)
            if not (exact(path, u"the interpreter's path") + u"").startswith(inside):
                break
        else:
            raise Refused(u"%s is part of this directory, which has to be set up first" % text(found),
                          u"run bootstrap.py with the system's python", 2)
        real = getattr(sys, "real_prefix", None)
        if real:  # a virtualenv of the old kind doesn't start without its site-packages
            for name in ("python%d.%d" % sys.version_info[:2], "python%d" % sys.version_info[0], "python"):
                if os.access(os.path.join(real, "bin", name), os.X_OK):
                    path = os.path.join(real, "bin", name)
                    break
        return exact(path, u"the interpreter's path")

# ---- rollback ---------------------------------------------------------------
# Back to the version before the last update.

def rollback(tree):
    """Restores the version before the last update, which is kept whole."""
    plan = read_json(tree.base, PREVIOUS + u"/plan.json")
    if plan is None or plan.get("to") != tree.archive:
        raise Refused(u"there is no version to go back to", u"an update keeps the one before it; "
                      u"install the archive of another one beside this directory", 2)
    check_plan(plan, PREVIOUS)
    was = plan.get("from_version") or u"%.12s" % plan["from"]
    change = Transaction(tree.base)
    saved = lambda path: PREVIOUS + u"/old/" + path
    try:
        prepared = os.path.join(change.new(), native(u"kept"))
        os.mkdir(prepared, 0o700)
        left = left_in(tree)
        left.update(plan.get("kept") or {})
        back = Plan(tree.base, left, prepared)
        own = interpreter_of(tree.manifest)
        back.outlives = giving_way(own, interpreter_of(read_json(tree.base, saved(MANIFEST))))
        for operation in sorted(plan["operations"], key=lambda o: (o[0] != u"rmdir", o[1])):
            undo_later(back, operation, saved, tree)
        wanted = set(o[1] for o in plan["operations"] if o[0] in (u"drop", u"outlive"))
        back.remove_bytecode(wanted)
        operations = back.operations()
        back.check_access(operations)
        write_old_state(tree, plan, prepared)
        operations.append([u"put", STATE, CHANGE + u"/kept/state.json", True])
        # What a killed update left there would be applied again at once.
        clear(os.path.join(tree.base, native(INCOMING)))
        if back.outlives:
            note_outlived(tree.base, own, left, plan["from"])
        change.begin({"format": FORMAT, "what": u"%s %s" % (tree.manifest["name"], was), "from": plan["to"],
                      "to": plan["from"], "from_version": tree.manifest["version"], "keeps": False, "operations": operations, "report": back.report, "kept": {}})
    except BaseException:
        change.sweep()
        raise
    change.run(read_json(tree.base, CHANGE + u"/plan.json"))
    for _, _, line in back.report:
        say(line)
    say(u"%s %s is there again" % (tree.manifest["name"], was))


def undo_later(back, operation, saved, tree):
    """Plans the contrary of an operation that was done some time ago."""
    kind, path = operation[0], operation[1]
    have = back.have(path)
    if path == STATE:
        return
    if kind == u"drop" or kind == u"put" and operation[3] or kind == u"outlive":
        item = item_at(os.path.join(tree.base, native(saved(path))))
        if item is None:
            return  # it was not there either
        item.source = saved(path)
        back.lay(path, item, None if back.below_blocked(path) and path not in back.blocked else have)
    elif kind in (u"put", u"mkdir"):
        back.remove(path, have)
    elif kind in (u"rmdir", u"outlivedir"):
        if have is None or have.kind != u"dir":
            back.lay_folder(path, operation[2], have)
    elif kind in (u"chmod", u"touch") and have is not None:
        back.times.append([kind, path, operation[3], operation[2]])


def write_old_state(tree, plan, prepared):
    """Writes the old state.json, with the latest digests of files that didn't change."""
    state = read_json(tree.base, PREVIOUS + u"/old/" + STATE, u"install the archive of that version into another directory")
    changed = set(o[1] for o in plan["operations"])
    for path, left in ((tree.state or {}).get("files") or {}).items():
        if path not in changed and path in state["files"]:
            state["files"][path] = left
    data = json.dumps(state, sort_keys=True, indent=1, separators=(",", ": ")).encode("ascii") + b"\n"
    write_new(os.path.join(prepared, native(u"state.json")), data, 0o644)

# ---- tree -------------------------------------------------------------------
# The tree: where its files lie, what its manifest says, and what is known of it.

class Tree(object):
    """This directory, and what is known of it. Paths are the manifest's."""

    def __init__(self, root):
        self.root = root
        self.base = endless(native(root))
        self.safe = set()
        data = b""
        if os.path.lexists(os.path.join(self.base, native(MANIFEST))):
            self.inside(MANIFEST)
            data = read_file(os.path.join(self.base, native(MANIFEST)))
        self.archive = digest(data)
        self.manifest = read_json(self.base, MANIFEST, u"unpack the archive again: bootstrap.py lies in its top directory")
        check_manifest(self.manifest)
        self.state = read_json(self.base, STATE)

    def inside(self, path):
        """Gives the path for the system's calls. No directory on the way may be a link."""
        parts = path.split(u"/")
        for i in range(1, len(parts)):
            folder = u"/".join(parts[:i])
            if folder in self.safe:
                continue
            full = os.path.join(self.base, native(folder))
            if os.path.lexists(full):
                if not stat.S_ISDIR(os.lstat(full).st_mode):
                    raise Refused(u"%s isn't a directory" % folder, u"unpack the archive again")
                self.safe.add(folder)
        return os.path.join(self.base, native(path))

    def content(self, path):
        """Gives the bytes and the stat of a regular file, or None, None."""
        full = self.inside(path)
        if not os.path.lexists(full):
            return None, None
        found = os.lstat(full)
        if not stat.S_ISREG(found.st_mode):
            return None, None
        return read_file(full), found

    def values(self):
        """Gives the values that the tree was last fitted to, or None."""
        return values_of(self.state) if self.state and self.state.get("root") else None

    def run_launcher(self, python, arguments):
        command = [native(python.program), "-sSE", plain(os.path.join(self.base, native(LAUNCHER)))] + arguments
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=plain(self.base))
        out, err = run.communicate()
        if run.returncode:
            raise Refused(u"running %s: %s" % (LAUNCHER, text(err).strip() or run.returncode))
        return text(out)


def values_of(state):
    """Gives root, python and prefix of a state, or of its pending record."""
    return {u"root": state["root"], u"python": state["interpreter"], u"prefix": state.get("prefix", u"")}

# ---- names ------------------------------------------------------------------
# The names of projects.

def plain_name(name):
    """A project's name as PEP 503 writes it, so that two spellings of one are the same."""
    return re.sub("[-_.]+", "-", name).lower()

# ---- changes ----------------------------------------------------------------
# What changed from one version to another, as build-side internal/changes says it.

EGG_NAME = re.compile(u"^([^/-]+)-([^/-]+)(?:-py[^/]*)?\\.egg\\Z")
INSTALLED_NAME = re.compile(u"^([^/-]+)-([^/-]+)\\.dist-info\\Z")


def changed_lines(old, old_files, new, new_files, most):
    """Gives the account of two manifests and their lists of files: eggs first, at most so many."""
    lines = [u"what changed from %s to %s:" % (old["version"], new["version"])]
    eggs = changed_eggs(old_files, new_files)
    if eggs:
        lines.append(u"  eggs: " + kinds_of(eggs))
        lines += [u"    " + said(*egg) for egg in eggs[:most]]
        if len(eggs) > most:
            lines.append(u"    and %d more" % (len(eggs) - most))
    rows = [(u"parts", compared(parts_of(old), parts_of(new)))]
    rows += [(u"runs on", compared({u"Python": old["python"]["version"]}, {u"Python": new["python"]["version"]})),
             (u"runs on", compared({u"zc.buildout": old.get("buildout")}, {u"zc.buildout": new.get("buildout")})),
             (u"needs", compared(floors_of(old), floors_of(new))),
             (u"system libraries", compared(libraries_of(old), libraries_of(new)))]
    lines += [u"  %s: %s" % (heading, u"; ".join(said(*c) for c in changed)) for heading, changed in rows if changed]
    return lines + file_lines(old_files, new_files)


def parts_of(manifest):
    return dict((p["name"], p["recipe"]) for p in manifest.get("parts") or ())


def floors_of(manifest):
    return dict((f["kind"], f["version"]) for f in manifest.get("floors") or ())


def libraries_of(manifest):
    return dict((l["name"], l["name"]) for l in manifest.get("system_libraries") or ())


def compared(old, new):
    """Gives (name, was, is) of what differs; None for what is new or gone."""
    return sorted((name, old.get(name), new.get(name)) for name in set(old) | set(new) if old.get(name) != new.get(name))


def said(name, was, now):
    if was is None:
        return (name if now == name else name + u" " + now) + u", new"
    if now is None:
        return (name if was == name else name + u" " + was) + u", gone"
    return u"%s %s -> %s" % (name, was, now)


def counted(*counts):
    return u", ".join(u"%d %s" % (n, word) for n, word in counts if n)


def kinds_of(changed):
    added, removed = len([c for c in changed if c[1] is None]), len([c for c in changed if c[2] is None])
    return counted((len(changed) - added - removed, u"with another version"), (added, u"new"), (removed, u"gone"))


def changed_eggs(old_files, new_files):
    old, new, out = eggs_of(old_files), eggs_of(new_files), []
    for plain in set(old) | set(new):
        (was_name, was), (name, now) = old.get(plain, (None, ())), new.get(plain, (None, ()))
        gone, come = u", ".join(sorted(set(was) - set(now))), u", ".join(sorted(set(now) - set(was)))
        if gone or come:
            out.append((name or was_name, gone or None, come or None))
    return sorted(out)


def eggs_of(files):
    """Gives the distributions of a list of files: (name, versions) by the plain name."""
    found, seen, inside = {}, set(), None
    for entry in files:
        if inside and entry["path"].startswith(inside):
            continue  # a large egg has thousands
        names = entry["path"].split(u"/")
        for i, name in enumerate(names):
            egg = None
            if name.endswith(u".egg"):
                egg = EGG_NAME.match(name)
            elif i and name.endswith(u".dist-info") and names[i - 1] == u"site-packages":
                egg = INSTALLED_NAME.match(name)
                if egg is None:
                    break
            if egg:
                path = u"/".join(names[:i + 1])
                inside = path + u"/"
                if path not in seen:
                    seen.add(path)
                    plain = plain_name(egg.group(1))
                    versions = found.get(plain, (None, []))[1]
                    found[plain] = (egg.group(1), versions + [egg.group(2)])
                break
    return found


def file_lines(old_files, new_files):
    old, new = contents_of(old_files), contents_of(new_files)
    counts = counted((len([p for p in new if p in old and new[p] != old[p]]), u"changed"),
                     (len([p for p in new if p not in old]), u"new"), (len([p for p in old if p not in new]), u"gone"))
    if not counts:
        return []
    sizes = tuple(sum(e.get("size") or 0 for e in files) / 1048576.0 for files in (old_files, new_files))
    return [u"  files: %s; %.1f MiB -> %.1f MiB" % ((counts,) + sizes)]


def contents_of(files):
    return dict((e["path"], (e.get("type"), e.get("mode"), e.get("sha256"), e.get("link"))) for e in files if e.get("type") != u"dir")

# ---- configuration ----------------------------------------------------------
# Whether the configuration that bin/buildout was last run with goes with the new version.

def check_config(tree, staging, python, plan):
    """Refuses a version that the configuration used here doesn't go with: the
    one that bin/buildout was last run with, or one that was edited."""
    launch = read_json(staging.base, LAUNCH) or {}
    usual = launch.get("config") or u"buildout.cfg"
    config = (tree.state or {}).get("config") or usual
    edited = [p for kind, p, _ in plan.report if kind == u"new" and p.endswith(u".cfg")]
    outside = config.startswith(u"/") and not WINDOWS
    if not launch.get("path") or config == usual and not edited or re.match(u"[a-zA-Z]+:", config):
        return
    if not os.path.isfile(os.path.join(tree.base, native(config))):
        return
    folder, _, name = config.rpartition(u"/")
    added = added_configurations(tree, staging, set([u"", u"" if outside else folder]))
    if outside:
        added.append(outside_configurations(tree, staging, folder))
    aside = native(u".binary-buildout-aside")
    for path in edited:
        os.rename(staging.full(path), staging.full(path) + aside)
        lay_copy(os.path.join(tree.base, native(path)), staging.full(path))
    try:
        code, out, err = read_config(staging, python, ELSEWHERE + u"/" + name if outside else config)
    finally:
        for full in added + [staging.full(p) for p in edited]:
            clear(full)
        for path in edited:
            os.rename(staging.full(path) + aside, staging.full(path))
    hint = u"correct it, or run bin/buildout with another -c, then update again"
    if code == 1:
        wrong = ([line for line in err.splitlines() if line.startswith(u"error: ")] or [err])[0][len(u"error: "):]
        if outside and not re.search(u"^part |referenced section|[Mm]issing option", wrong):
            return  # it may be what isn't beside it here
    else:
        wrong = unmet_pins(tree, staging, python, plan, pins_in(out), usual)
        if wrong and edited:
            hint = u"undo the edit of %s, and put what this server needs into a file that extends %s, for bin/buildout -c" % (u", ".join(edited), usual)
    if wrong:
        raise Refused(u"%s, which bin/buildout was last run with, doesn't work with %s: %s" % (
            config, staging.incoming.what(), wrong.replace(text(staging.full(ELSEWHERE)), folder).replace(text(staging.base), text(tree.base))), hint)


ELSEWHERE = u".binary-buildout-outside"


def outside_configurations(tree, staging, folder):
    """Puts the configurations of a directory outside of the tree into the staged
    tree, for which they are then, as they are for this one now."""
    there = staging.full(ELSEWHERE)
    os.mkdir(there, 0o700)
    old, new = ({u"root": text(base), u"python": u""} for base in (tree.base, staging.base))
    for name in os.listdir(native(folder) or b"/"):
        full = os.path.join(native(folder), name)
        if name.endswith(b".cfg") and os.path.isfile(full) and os.access(full, os.R_OK):
            with open(full, "rb") as f:
                write_new(os.path.join(there, name), replacer(old, new)(f.read()), 0o600)
    return there


def read_config(staging, python, config):
    """Has the staged tree's zc.buildout read a configuration."""
    run = subprocess.Popen([staging.program(python), "-sSE", plain(staging.full(LAUNCHER)), "--reads", native(config)],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=plain(staging.base))
    out, err = run.communicate()
    return run.returncode, text(out), text(err)


def pins_in(out):
    """Gives what "launcher.py --reads" says of pins: [name, wanted, versions that are there ...]."""
    return [line.split()[1:] for line in out.splitlines() if line.startswith(u"pin ")]


def unmet_pins(tree, staging, python, plan, pins, usual):
    """Says which versions a configuration asks for that will not be there. An
    egg that was added here stays, and counts; and a pin that the new version's
    own configuration has isn't a fault of this one."""
    added = set()
    for folder in (u"eggs", u"eggs/v5"):
        full = os.path.join(tree.base, native(folder))
        for name in os.listdir(full) if is_folder(full) else []:
            path = folder + u"/" + text(name)
            if path.endswith(u".egg") and path not in plan.left:
                added.add(tuple(text(name).lower().replace(u"_", u"-").replace(u".", u"-").split(u"-py")[0].split(u"-")))
    pins = [p for p in pins if tuple(u"-".join(p[:2]).lower().replace(u"_", u"-").replace(u".", u"-").split(u"-")) not in added]
    if not pins:
        return u""
    own = pins_in(read_config(staging, python, usual)[1])
    return u"; ".join(u"it wants %s %s, and %s is there" % (p[0], p[1], u", ".join(p[2:])) for p in pins if p not in own)


def added_configurations(tree, staging, folders):
    """Puts the configurations that the administrator added into the staged tree."""
    added = []
    for folder in sorted(folders):
        here = os.path.join(tree.base, native(folder)) if folder else tree.base
        there = staging.full(folder) if folder else staging.base
        for name in os.listdir(here):
            target = os.path.join(there, name)
            if name.endswith(native(u".cfg")) and os.path.isfile(os.path.join(here, name)) and not os.path.lexists(target):
                make_folders(there)
                lay_copy(os.path.join(here, name), target)
                added.append(target)
    return added

# ---- staging ----------------------------------------------------------------
# The whole new tree below .binary-buildout/staged, fitted by the new version's own bootstrap.py.

def status(path):
    """Gives what lstat says of a path; None if nothing is there."""
    try:
        return os.lstat(path)
    except EnvironmentError:
        return None


class Staging(object):
    """The whole new tree, beside the one that is there."""

    def __init__(self, tree, incoming):
        self.tree, self.incoming = tree, incoming
        self.base = os.path.join(tree.base, native(STAGED))
        self.times = []      # of files that stay: their time becomes the new archive's
        self.left_out = set()
        self.relocated = set(i["path"] for i in incoming.manifest["relocations"])
        self.entries = self.read_entries()
        self.before = dict((e["path"], e) for e in self.entries)
        self.patches = Patches(incoming, self.entries)
        self.brought, self.made = set(), set()
        self.contents = self.moved()  # by digest: the paths that had it in the version that is here
        self.modes = []

    def read_entries(self):
        """Gives the lines of the files.json that is here. What is the same in the new one
        is in memory once: of Plone's 22,000 lines that is most."""
        new = dict((e["path"], e) for e in self.incoming.files.get("files") or ())

        def once(entry):
            path = entry.get("path")
            known = new.get(path) if is_text(path) else None
            return known if known == entry else entry

        return (read_json(self.tree.base, FILES, each_object=once) or {}).get("files") or []

    def moved(self):
        """Gives where the contents are that neither came along nor were at their path before."""
        found = dict((e["sha256"], []) for e in self.incoming.files.get("files") or () if "sha256" in e
                     and (self.before.get(e["path"]) or {}).get("sha256") != e["sha256"])
        for e in self.entries:
            if e.get("sha256") in found and e["path"].split(u"/")[0] != u"var":
                found[e["sha256"]].append(e["path"])
        return found

    def payload(self):
        """Gives the paths whose files came along. No directory on the way may be a link."""
        top = self.incoming.full(u"files")
        skipped, found = len(text(top)) + 1, set()
        for folder, folders, names in os.walk(top):
            inside = text(folder)[skipped:].replace(os.sep, u"/")
            inside += u"/" if inside else u""
            for name in folders:
                self.incoming.full(u"files/%s%s/x" % (inside, text(name)))
            found.update(inside + text(name) for name in names)
        return found

    def full(self, path):
        return os.path.join(self.base, native(path))

    def lay(self):
        clear(self.base)
        os.mkdir(self.base, 0o700)
        self.lay_documents()
        try:
            self.brought = self.payload()
            for entry in self.incoming.files.get("files") or ():
                self.lay_entry(entry)
        finally:
            self.patches.close()  # what is open can't be removed on Windows
        for full, mode in reversed(self.modes):
            os.chmod(full, mode & 0o777)
        # The plan of a large tree needs the memory.
        self.patches, self.contents, self.brought, self.made, self.modes = None, {}, set(), set(), []

    def lay_documents(self):
        make_folders(self.full(OWN))
        for name, data in sorted(self.incoming.documents.items()):
            write_new(self.full(OWN + u"/" + name), data, 0o644, (self.incoming.epoch, self.incoming.epoch))
        self.incoming.documents = {}  # Plone's are five megabytes

    def lay_entry(self, entry):
        path, kind = entry["path"], entry.get("type") or u""
        full = self.full(path)
        folder = os.path.dirname(full)
        if folder not in self.made:
            make_folders(folder)
            self.made.add(folder)
        if kind == u"dir":
            if not is_folder(full):
                os.mkdir(full, 0o700)
            self.modes.append((full, entry["mode"]))
        elif kind == u"link":
            os.symlink(native(entry["link"]), full)
        else:
            self.lay_file(path, entry, full)

    def copy(self, source, target, mode):
        """Makes a second name of a file that is not used for anything else, or a copy."""
        found = os.lstat(source)
        if stat.S_IMODE(found.st_mode) == mode & 0o777 and int(found.st_mtime) == self.incoming.epoch:
            lay_copy(source, target)
        else:
            self.lay_content(source, target, mode)

    def lay_content(self, source, target, mode, seen=None):
        """Writes a copy, piece by piece; a hash that is given sees it."""
        write_new(target, pieces(source, seen), mode, (self.incoming.epoch, self.incoming.epoch))

    def lay_file(self, path, entry, full):
        if path in self.brought:
            payload, seen = self.incoming.full(u"files/" + path), hashlib.sha256()
            self.lay_content(payload, full, entry["mode"], seen)
            if seen.hexdigest() != entry["sha256"]:
                raise Refused(u"%s of %s is damaged" % (path, self.incoming.what()), u"unpack the delta again")
            return
        if self.patches.base(path) is not None:
            self.lay_patched(path, entry, full)
            return
        if path.split(u"/")[0] == u"var":
            self.left_out.add(path)
            return
        source = self.elsewhere(path, entry)
        if source is not None:
            self.lay_content(source, full, entry["mode"])
            return
        here = self.tree.inside(path)
        found = status(here)
        mode = entry["mode"] & 0o777
        if found is not None and self.holds(here, found, entry):
            if WINDOWS or stat.S_IMODE(found.st_mode) == mode:
                lay_copy(here, full)
                if int(found.st_mtime) != self.incoming.epoch:
                    self.times.append([u"touch", path, int(found.st_mtime), self.incoming.epoch])
            else:
                self.lay_content(here, full, mode)
            return
        origin = self.tree.inside(OWN + u"/origin/" + path)
        if os.path.lexists(origin) and self.holds(origin, os.lstat(origin), entry):
            self.copy(origin, full, mode)
            return
        self.lay_other(path, entry, here, found, full)

    def lay_patched(self, path, entry, full):
        base = self.patches.base(path)
        source = self.as_it_was(base)
        if source is None:
            self.lacks(base)
        write_new(full, self.patches.chunks(path, source, entry), entry["mode"], (self.incoming.epoch, self.incoming.epoch))

    def as_it_was(self, path):
        """Says where a file of the version that is here lies as its archive has it, or None."""
        entry = self.before.get(path) or {}
        for name in (path, OWN + u"/origin/" + path):
            full = self.tree.inside(name)
            if "sha256" in entry and os.path.lexists(full) and self.holds(full, os.lstat(full), entry):
                return full
        return None

    def elsewhere(self, path, entry):
        """Gives a file with the content that a path has in the new version alone, or None.
        It is copied: a second name would change when somebody edits the other one."""
        if (self.before.get(path) or {}).get("sha256") == entry["sha256"]:
            return None
        places = (self.as_it_was(other) for other in self.contents.get(entry["sha256"]) or ())
        return next((place for place in places if place is not None), None)

    @staticmethod
    def holds(full, found, entry):
        return (stat.S_ISREG(found.st_mode) and found.st_size == entry.get("size", 0)
                and digest_of(full) == entry["sha256"])

    def lay_other(self, path, entry, here, found, full):
        """Stages a file that the new version has as the old one had it, and that was
        changed or removed here. The edit stays; what belongs to buildout has to be there."""
        was = self.before.get(path) or {}
        if was.get("sha256") != entry["sha256"] or path in self.relocated or (
                found is None and is_owned(path) and not was_taken(path)) or (found is not None and not stat.S_ISREG(found.st_mode)):
            self.lacks(path)
        elif found is None:
            self.left_out.add(path)
        else:
            lay_copy(here, full)

    def lacks(self, path):
        state = u"not as it was installed" if os.path.lexists(self.tree.inside(path)) else u"missing"
        raise Refused(u"%s is %s, and the update doesn't bring it" % (path, state),
                      u"update with the whole archive: binary-buildout update DIR ARCHIVE")

    def program(self, python):
        """Gives the interpreter of the new version, where it lies now."""
        bundled = self.incoming.manifest.get("bundled_python")
        if bundled:
            return plain(self.full(bundled["executable"]))
        if not self.tree.manifest.get("bundled_python"):
            return native(python.program)
        given = given_python(self.tree.base)
        if given is None:
            minor = u".".join(self.incoming.manifest["python"]["version"].split(u".")[:2])
            raise Refused(u"%s has no interpreter in it, and the update removes the one that is here" % self.incoming.what(),
                          u"run: python%s bootstrap.py" % minor, 2)
        return native(given)

    def fit(self, python, root):
        """Has the new version's own bootstrap.py do what it does in a fresh install."""
        self.check_length(root)
        command = starting_command(self.base) if self.incoming.manifest.get("bundled_python") else None
        command = command or [self.program(python), "-sE", plain(self.full(u"bootstrap.py"))]
        run = subprocess.Popen(command + ["--root", native(root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=plain(self.base))
        out, err = run.communicate()
        if run.returncode:
            lines = dict(line.split(u": ", 1) for line in text(err).splitlines() if u": " in line)
            raise Refused(u"preparing %s: %s" % (self.incoming.what(), lines.get(u"error") or text(err).strip()),
                          lines.get(u"hint") or u"", run.returncode if run.returncode in (1, 2) else 3)

    def check_length(self, root):
        """Refuses a path that is too long: Windows takes 259 characters where a program
        doesn't ask for more, and Python doesn't, which reads zc.buildout and develop packages in here."""
        launch = read_json(self.base, LAUNCH) or {}
        folders = list(launch.get("path") or ()) + [s["path"] for s in self.incoming.manifest["signatures"]]
        folders = tuple(u"" if f == u"." else f + u"/" for f in folders)
        paths = [e["path"] for e in self.incoming.files.get("files") or () if e["path"].startswith(folders)]
        longest = STAGED + u"/" + max(paths + [LAUNCHER], key=len)
        if WINDOWS and len(root) + 1 + len(longest) > 259:
            raise Refused(u"the path of this directory is too long for an update: Windows takes 259 characters, and %s would have %d"
                          % (longest, len(root) + 1 + len(longest)),
                          u"move the tree to a path of at most %d characters" % (258 - len(longest)), 2)

    def items(self):
        """Gives everything that the new tree has, by path, and what it is. Files that
        are the tree's own under a second name are None: they stay."""
        found = {}
        for folder, folders, names in os.walk(self.base):
            inside = text(folder)[len(text(self.base)):].replace(os.sep, u"/").lstrip(u"/")
            for name in folders + names:
                path = (inside + u"/" if inside else u"") + text(name)
                path = (self.before.get(path) or {}).get("path", path)  # one string of it is enough
                full = self.full(path)
                if path == LOCK:
                    continue
                there = None if WINDOWS else status(os.path.join(self.tree.base, native(path)))
                if there is not None and stat.S_ISREG(there.st_mode) and os.path.samestat(there, os.lstat(full)):
                    found[path] = None
                else:
                    found[path] = item_at(full)
                    found[path].source = STAGED + u"/" + path
        return found

# ---- update -----------------------------------------------------------------
# An update: it plans, checks and applies what lies in incoming/.

SHOWN_EGGS = 20  # of what changed, in the last lines of an update


def plan_update(tree, staging, prepared):
    """Gives the plan by which the tree becomes the staged one."""
    left, own, new = left_in(tree, staging.entries), interpreter_of(tree.manifest), interpreter_of(staging.incoming.manifest)
    # One that was here before, and that a process still uses.
    left.update(outlived(tree.base).get(new, {}).get("files") or {})
    plan = Plan(tree.base, left, prepared)
    plan.outlives = giving_way(own, new)
    wanted = staging.items()
    left_out = set(e["path"] for e in staging.incoming.files.get("files") or () if e["path"] not in wanted)
    for path in sorted(wanted):
        item = wanted[path]
        if item is None or path == STATE or path == OWN:
            continue
        have = plan.have(path)
        if path.split(u"/")[0] == u"var" and (have is not None or path in left or os.path.islink(plan.full(u"var"))):
            continue
        if item.kind == u"dir":
            plan.lay_folder(path, item.mode, have)
        else:
            plan.lay(path, item, have)
    gone = [p for p in left if p not in wanted and p not in left_out]
    eggs = [p for p in gone if left[p] == u"dir" and p.endswith(u".egg") and is_owned(p)]
    plan.eggs = tuple(p + u"/" for p in eggs)
    for path in eggs:
        plan.remove_whole(path, left)
    for path in sorted(gone + [p for p in own_files(tree.base) if p not in wanted and p not in (STATE, RECORD, OUTLIVED)]):
        plan.remove(path, plan.have(path))
    for path in [p for p in gone if not p.startswith(plan.outlives)]:  # directories that a part made here
        folder = path.rpartition(u"/")[0]
        while u"/" in folder and folder not in wanted and folder not in left and is_owned(folder):
            plan.folders.append([u"rmdir", folder, 0o755])
            folder = folder.rpartition(u"/")[0]
    plan.remove_bytecode(wanted)
    plan.times += [t for t in staging.times if wanted.get(t[1], 1) is None]
    return plan


def write_record(tree, staging):
    """Writes install.json, by which "binary-buildout install" knows what is here."""
    old = read_json(tree.base, RECORD) or {}
    delta = staging.incoming.delta
    source = delta.get("source") or old.get("source")
    if source is None:
        return
    # What is asked of each version's attestation stays.
    lines = [u'  "format": 1'] + [u'  "%s": %s' % (k, json.dumps(v, ensure_ascii=False, sort_keys=True)) for k, v in (
        (u"archive", delta["archive"]), (u"sha256", delta["sha256"]), (u"source", source), (u"attestation", old.get("attestation"))) if v is not None]
    data = u"{\n" + u",\n".join(lines) + u"\n}\n"
    # A password, or a signature of object stores.
    address = source.partition(u"://")[2]
    secret = u"@" in address.partition(u"/")[0] or u"?" in address
    write_new(staging.full(RECORD), data.encode("utf-8"), 0o600 if secret else 0o644)


def apply_update(tree, incoming, python, root, look=False):
    """Makes the tree the incoming version, or leaves it as it is; with look,
    it is left in any case."""
    change = Transaction(tree.base)
    lines = begin(tree, change, incoming, python, root, look)
    if look:
        return 0
    incoming.files = {}  # of a large tree the plan and the lists of files take most memory
    plan = read_json(tree.base, CHANGE + u"/plan.json")
    change.run(plan)
    drop_incoming(tree.base, tree.archive, incoming.digest)
    for line in lines:
        say(line)
    return len([o for o in plan["operations"] if o[1].split(u"/")[0] != OWN])


def begin(tree, change, incoming, python, root, look):
    """Prepares the whole change, and writes its plan: from here on it is finished, or
    undone. Gives what is to say of it."""
    staging = Staging(tree, incoming)
    try:
        incoming.check(python, root)
        staging.lay()
        staging.fit(python, root)
        write_record(tree, staging)
        prepared = os.path.join(change.new(), native(u"kept"))
        os.mkdir(prepared, 0o700)
        plan = plan_update(tree, staging, prepared)
        operations = plan.operations()
        plan.check_access(operations)
        write_state(tree, staging, plan)
        operations.append([u"put", STATE, STAGED + u"/" + STATE, True])
        check_config(tree, staging, python, plan)
        if look:
            change.sweep()
            return []
        changed = account(tree, incoming, staging.entries)
        sync_sources(tree.base, operations)
        if plan.outlives:
            note_outlived(tree.base, plan.outlives[0][:-1], plan.left, incoming.digest)
        change.begin({"format": FORMAT, "what": incoming.what(), "from": tree.archive, "to": incoming.digest, "keeps": True, "holds": incoming.delta.get("hold") is True,
                      "from_version": tree.manifest["version"], "to_version": incoming.manifest["version"],
                      "operations": operations, "report": plan.report, "kept": kept_files(plan)})
    except BaseException as e:
        change.sweep()
        if isinstance(e, Refused) and e.code != 3:
            clear(tree.inside(INCOMING + u"/x").rpartition(native(u"/"))[0])
        raise
    return [line for _, _, line in plan.report] + changed


def account(tree, incoming, old):
    """Gives what changes from an old list of files, in lines."""
    return changed_lines(tree.manifest, old, incoming.manifest, incoming.files.get("files") or (), SHOWN_EGGS)


def kept_files(plan):
    return dict((o[1], item_at(os.path.join(plan.prepared, native(o[2].rpartition(u"/")[2]))).value)
                for o in plan.adds if o[0] == u"put" and o[2].startswith(CHANGE + u"/kept/"))


def write_state(tree, staging, plan):
    """Writes the staged state.json, with what is remembered from one version to the next."""
    state = read_json(staging.base, STATE)
    state["config"] = (tree.state or {}).get("config") or state.get("config") or u""
    state["files"].update(plan.extra)
    write_json(staging.base, STATE, state)


def sync_sources(base, operations):
    """Makes what is put in place later last already."""
    if hasattr(os, "sync") and len(operations) > 2000:
        os.sync()
        return
    for operation in operations:
        if operation[0] == u"put":
            full = os.path.join(base, native(operation[2]))
            if os.path.isfile(full) and not os.path.islink(full):
                sync_file(full)


def sync_file(path):
    if WINDOWS:
        return
    try:
        fd = os.open(path, os.O_RDONLY)
    except EnvironmentError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

# ---- bootstrapping ----------------------------------------------------------
# One run of bootstrap.py: it finishes what was begun, then fits, updates or rolls back.

def resume(base):
    """Finishes or undoes what a killed run began. None if there was nothing,
    else whether a rollback is done by that."""
    change = Transaction(base)
    if not os.path.isdir(change.folder):
        return None
    held = lock(base)
    try:
        said, rolled_back = change.resume()
    finally:
        held.close()
    say(said)
    return rolled_back


def again(base, arguments, *pythons):
    """Goes on as the bootstrap.py that lies here now: under the tree's own interpreter,
    or the first of these that is there. The one that runs this may have gone; where it
    hasn't, it isn't used any more."""
    command = starting_command(base)
    if command is None:
        state = read_json(base, STATE) or {}
        for python in pythons + (sys.executable, native(given_python(base) or u""), native(state.get("interpreter") or u"")):
            if python and os.path.exists(python):
                command = [python, "-sE", os.path.join(base, native(u"bootstrap.py"))]
                break
        else:
            raise Refused(u"the interpreter that ran this is no longer there", u"python bootstrap.py", 3)
    if WINDOWS:
        return subprocess.call(command + arguments)
    os.execv(command[0], command + arguments)


def bootstrap(base, root):
    """Fits the tree that lies in base to root: the same place, or the one that
    it will be renamed to."""
    tree = Tree(base)
    manifest = tree.manifest
    python = Python(native(base), root, manifest.get("bundled_python"))
    if base == root and is_settled(tree, root) and is_waiting(tree):
        return update(tree, python, root)
    check_system(manifest, python)
    check_libraries(manifest, python)
    check_place(manifest, root, python)
    check_writable(tree)
    held = lock(tree.base)
    say(u"%s %s for %s, with %s" % (manifest["name"], manifest["version"], manifest["target"], python.path))
    try:
        tree = recovered(tree, python, base)
        gone = laid_over(tree)
        new = {u"root": root, u"python": python.path, u"prefix": python.prefix}
        pending = (tree.state or {}).get("pending")
        if pending and values_of(pending) != new and pending.get("archive") == tree.archive:
            fit(tree, values_of(pending), python)  # finish what was begun before this move
        count = fit(tree, new, python)
        if gone:
            remove_laid_over(tree, gone)
        listed = read_json(tree.base, LISTED)
        if listed is None or listed.get("archive") != tree.archive:
            write_listed(tree)
        sweep_outlived(tree.base)
    finally:
        held.close()
    say(u"%d files relocated" % count if count else u"nothing to do: it is set up for this place and this Python")
    if base == root and is_waiting(tree):
        return update(Tree(base), python, root)
    say_next(tree)
    return 0


def check_writable(tree):
    if not os.access(os.path.join(tree.base, native(OWN)), os.W_OK) or not os.access(tree.base, os.W_OK):
        raise Refused(u"%s is read-only" % text(tree.base), u"make it writable for this user", 3)


def is_settled(tree, root):
    """Says whether the tree is fitted, whole, and to this place."""
    state = tree.state or {}
    return state.get("root") == root and not state.get("pending") and state.get("archive") == tree.archive


def is_waiting(tree):
    """Says whether an update waits in incoming/."""
    return os.path.isdir(os.path.join(tree.base, native(INCOMING)))


def recovered(tree, python, base):
    """Undoes an interrupted bin/buildout."""
    if not os.path.lexists(tree.inside(JOURNAL)):
        return tree
    tree.run_launcher(python, ["--recover"])
    say(u"an interrupted bin/buildout was undone")
    return Tree(base)


def update(tree, python, root, look=False):
    """Applies what lies in incoming/, or only looks whether it can be."""
    check_writable(tree)
    held = lock(tree.base)
    try:
        tree = recovered(tree, python, text(tree.base))
        Transaction(tree.base).sweep()
        try:
            incoming = incoming_of(tree)
        except Refused:
            clear(os.path.join(tree.base, native(INCOMING)))
            raise
        if incoming is None:
            clear(os.path.join(tree.base, native(INCOMING)))
            say(u"nothing to do: %s %s is here" % (tree.manifest["name"], tree.manifest["version"]))
            return 0
        say(u"from %s %s to %s, with %s" % (tree.manifest["name"], tree.manifest["version"], incoming.what(), python.path))
        count = apply_update(tree, incoming, python, root, look)
        if look:
            return 0
        say(u"%d files and directories changed" % count)
    finally:
        held.close()
    if is_waiting(tree):
        return again(native(root), [])  # the next delta
    say_next(Tree(root))
    return 0


def look(root):
    """Refuses what lies in incoming/ as an update would, while the application
    still runs."""
    tree = Tree(root)
    if is_settled(tree, root) and is_waiting(tree):
        return update(tree, Python(native(root), root, tree.manifest.get("bundled_python")), root, True)
    return 0


def go_back(base, root):
    """Rolls back, and lets the old version's bootstrap.py look whether the tree was moved since."""
    tree = Tree(base)
    python = Python(native(base), root, tree.manifest.get("bundled_python"))
    check_writable(tree)
    held = lock(tree.base)
    try:
        tree = recovered(tree, python, base)
        Transaction(tree.base).sweep()
        rollback(tree)
    finally:
        held.close()
    old = (read_json(native(root), STATE) or {}).get("interpreter") or u""
    return again(native(root), [], native(old))


def say_next(tree):
    config = (tree.state or {}).get("config") or u""
    launch = read_json(tree.base, LAUNCH) or {}
    more = u" -c " + config if config and config != launch.get("config") else u""
    say(u"next: " + (u"bin/buildout" if not WINDOWS else u"bin\\buildout") + more)

# ---- program ----------------------------------------------------------------

def main(arguments):
    if arguments in (["--help"], ["-h"]):
        say(text(HELP.rstrip()))
        return 0
    try:
        root = exact(plain(os.path.realpath(os.path.dirname(os.path.abspath(__file__)))), u"the path of this directory")
        if arguments == ["--check"]:
            return check(Tree(root))
        check_owner(native(root))  # before anything is replayed
        hand_over(native(root), arguments)
        rolled_back = resume(native(root))
        if rolled_back is not None:
            if rolled_back and arguments == ["--rollback"]:
                arguments = []  # that was it
            return again(native(root), arguments) if arguments != ["--recover"] else 0
        if arguments == ["--recover"]:
            return 0
        if arguments == ["--rollback"]:
            return go_back(root, root)
        if arguments == ["--look"]:
            return look(root)
        if len(arguments) == 2 and arguments[0] == "--root":
            return bootstrap(root, exact(os.path.abspath(arguments[1]), u"the path of --root"))
        if arguments:
            raise Refused(u"unknown argument %s" % text(arguments[0]), u"python bootstrap.py --help", 2)
        return bootstrap(root, root)
    except (Refused, EnvironmentError) as e:
        return complain(e)
    except KeyboardInterrupt:
        return complain(Refused(u"interrupted", u"run it again: it resumes where it stopped", 130))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
