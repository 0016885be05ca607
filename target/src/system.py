"""What every program does with the system alike: messages, paths, files and the tree's lock."""
import hashlib
import json
import os
import stat
import sys


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
        while True:
            piece = f.read(size)
            if seen is not None:
                seen.update(piece)
            if piece:
                yield piece
            if len(piece) < size:  # the end: to ask once more takes a call for each file
                return


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
