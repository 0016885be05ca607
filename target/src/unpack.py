"""Unpacking an archive of either kind, and nothing outside of its directory."""
import calendar
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tarfile

from disk import take_space
from words import PY2, Stop, WINDOWS, fs, raw, read_json, text, which
from zips import Content, entries


def zstd():
    """The tool that is needed, None if Python does it, which 3.14 can."""
    if sys.version_info >= (3, 14):
        try:
            import compression.zstd
            return None
        except ImportError:
            pass
    tool = which("zstd")
    if not tool:
        raise Stop(2, "unpacking a .tar.zst: there is no zstd here, and this Python cannot", "install zstd, or take Python 3.14 with --python")
    return tool


def tar_entries(f):
    how = {"encoding": "utf-8"}
    if not PY2:
        how["errors"] = "surrogateescape"
    unpacker = None
    tool = zstd() if f.name.endswith(".zst") else None
    if tool:
        os.lseek(f.fileno(), 0, os.SEEK_SET)
        unpacker = subprocess.Popen([tool, "-dcq"], stdin=f, stdout=subprocess.PIPE)
        t = tarfile.open(fileobj=unpacker.stdout, mode="r|", **how)
    else:
        t = tarfile.open(fileobj=f, mode="r:zst" if f.name.endswith(".zst") else "r:gz", **how)
    try:
        for m in t:
            kind = "dir" if m.isdir() else "link" if m.issym() else "file" if m.isreg() and not m.issparse() else "other"
            yield raw(m.name), kind, m.mode, m.mtime, raw(m.linkname), (lambda: t.extractfile(m))
        while unpacker and unpacker.stdout.read(1 << 20):
            pass
        if unpacker and unpacker.wait():
            raise Stop(1, "unpacking %s: zstd ended with %d" % (f.name, unpacker.returncode))
    finally:
        t.close()
        if unpacker:
            unpacker.stdout.close()
            unpacker.wait()


def zip_entries(f):
    for entry in entries(f):
        kind, name = stat.S_IFMT(entry.mode), entry.name
        if name.endswith(b"/"):
            kind = "dir" if kind in (0, stat.S_IFDIR) and not entry.size else "other"
        else:
            kind = {0: "file", stat.S_IFREG: "file", stat.S_IFLNK: "link" if entry.size < 4096 else "other"}.get(kind, "other")
        time, date = entry.time, entry.date
        when = calendar.timegm((1980 + (date >> 9), max(date >> 5 & 15, 1), max(date & 31, 1), time >> 11, time >> 5 & 63, (time & 31) * 2, 0, 0, 0))
        for tag, value in entry.extras():
            if tag == 0x5455 and len(value) >= 5:  # the exact time
                when = struct.unpack("<i", value[1:5])[0]
        target = b"".join(iter(Content(f, entry).read, b"")) if kind == "link" else b""
        yield name, kind, entry.mode & 0o777 or 0o644, when, target, (lambda: Content(f, entry))


def make_dirs(path):
    if not os.path.isdir(path):
        make_dirs(os.path.dirname(path))
        os.mkdir(path)
        os.chmod(path, 0o755)


# What Windows takes for a stream, a drive, a device or another name.
ODD = re.compile(br"[\x00-\x1f<>:|?*\x22]|[. ]\Z|\A(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.I)


def inside(path, root):
    sep = u"\\" if WINDOWS else b"/"
    return (path + sep).startswith(root + sep)


def no_archive(path, what):
    return Stop(1, "unpacking %s: %s" % (path, what), "it is no archive of binary-buildout")


def room_for(path, tree):
    """Looks, when files.json is there, whether the disk takes what it lists."""
    try:
        sizes = [int(e.get("size") or 0) for e in read_json(os.path.join(tree, ".binary-buildout", "files.json"))["files"]]
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise no_archive(path, "its files.json cannot be read (%s)" % e)
    take_space("unpacking into " + os.path.dirname(tree), tree, sum((size + 4095) // 4096 * 4096 for size in sizes))


# What an archive has of .binary-buildout; the rest belongs to the machine.
OWN = ("launch.json", "launcher.py", "manifest.json", "files.json")


def unpack(f, tree):
    """Unpacks without the top directory, and gives the end of the longest
    path. Links come last: nothing is written through one."""
    top, links, dirs, longest, path = None, [], [], "", f.name
    asked, tree = tree, fs(tree) if WINDOWS else raw(tree)
    for name, kind, mode, when, target, content in (zip_entries if path.endswith(".zip") else tar_entries)(f):
        parts = name.rstrip(b"/").split(b"/")
        top = top or parts[0]
        clean = not [p for p in parts if p in (b"", b".", b"..") or WINDOWS and ODD.search(p)] and b"\\" not in name and b"\0" not in name
        if not clean or parts[0] != top or kind == "other" or len(parts) == 1 and kind != "dir":
            raise Stop(1, "unpacking %s: %s has no place in an archive" % (path, text(name)), "it is no archive of binary-buildout")
        to = os.path.join(tree, *[p.decode("utf-8") if WINDOWS else p for p in parts[1:]])
        longest = max(longest, to[len(tree):], key=len)
        make_dirs(to if kind == "dir" else os.path.dirname(to))
        if kind == "dir":
            dirs.append((to, mode, when))
        elif kind == "link":
            links.append((to, target.decode("utf-8").replace(u"/", u"\\") if WINDOWS else target, name))
        else:
            with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as f:
                shutil.copyfileobj(content(), f, 1 << 20)
            os.chmod(to, mode & 0o777)
            os.utime(to, (when, when))
            if parts[1:] == [b".binary-buildout", b"files.json"]:
                room_for(path, asked)
    for to, target, _ in links:
        os.symlink(target, to)
    real = os.path.realpath(tree)
    for to, target, name in links:
        if os.path.isabs(target) or not inside(os.path.realpath(to), real):
            raise Stop(1, "unpacking %s: the link %s leads out of it" % (path, text(name)), "it is no archive of binary-buildout")
    for to, mode, when in reversed(dirs):
        os.chmod(to, mode & 0o777)
        os.utime(to, (when, when))
    if not os.path.isfile(os.path.join(tree, "bootstrap.py" if WINDOWS else b"bootstrap.py")):
        raise Stop(1, "unpacking %s: it holds no bootstrap.py" % path, "it is no archive of binary-buildout")
    return longest
