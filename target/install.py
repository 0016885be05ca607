# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
"""Installs an archive of binary-buildout on a machine that has only a Python.

install.sh and install.ps1 have its SHA-256, and give it its options; nobody runs
it by itself. It is for Python 2.7 and 3, on POSIX and Windows, has nothing but the
standard library, and is ASCII.
"""
import os, sys
# Nothing from the directory that we are in. (os is there before any search.)
HERE = os.path.normcase(os.path.abspath(os.curdir))
sys.path[:] = [p for p in sys.path if os.path.normcase(os.path.abspath(p)) != HERE]

import base64
import calendar
import contextlib
import errno
import glob
import hashlib
import json
import re
import shutil
import signal
import stat
import struct
import subprocess
import tarfile
import threading
import time
import zlib

# Made of target/src by "go generate ./target": change it there. Each part is a module.

# ---- words ------------------------------------------------------------------
# Texts, paths and commands of others, for Python 2 and 3 alike.

PY2 = sys.version_info[0] == 2
WINDOWS = os.name == "nt"

# What a path of Python 2 is encoded in.
LOCAL = "mbcs" if WINDOWS else "utf-8"


class Stop(Exception):
    """A failure: exit code, what it is, and what a person can do."""

    def __init__(self, code, text, hint=""):
        Exception.__init__(self, text)
        self.code, self.text, self.hint = code, text, hint


def raw(s):
    return s if isinstance(s, bytes) else s.encode("utf-8", "surrogateescape")


def native(v):
    """JSON for Python 2: texts as bytes, like all others there."""
    if PY2 and isinstance(v, dict):
        return dict((native(k), native(x)) for k, x in v.items())
    if PY2 and isinstance(v, list):
        return [native(x) for x in v]
    return v.encode(LOCAL) if PY2 and isinstance(v, type(u"")) else v


def read_json(path):
    with open(path, "rb") as f:
        return native(json.loads(f.read().decode("utf-8")))


# What steers a terminal, or turns the direction of a text.
CONTROL = re.compile(br"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def plain(s):
    """Bytes for a person: what others wrote, as an answer of a server, steers nothing."""
    return CONTROL.sub(lambda m: raw("".join("\\x%02x" % c for c in bytearray(m.group()))), raw(s))


def say(text, stream=None):
    stream = stream or sys.stderr
    stream.flush()
    if WINDOWS and not PY2:  # a console has an encoding of its own
        encoding = stream.encoding or "ascii"
        stream.write(plain(text).decode("utf-8", "surrogateescape").encode(encoding, "backslashreplace").decode(encoding) + "\n")
    else:
        stream = getattr(stream, "buffer", stream)
        stream.write(plain(text) + b"\n")
    stream.flush()


def word(s):
    """A word for a shell: on Windows for PowerShell."""
    if re.match(r"[\w@%+=:,./\\-]+\Z" if WINDOWS else r"[\w@%+=:,./-]+\Z", s):
        return s
    return "\x27" + s.replace("\x27", "\x27\x27" if WINDOWS else "\x27\\\x27\x27") + "\x27"


def command(*words):
    """A command as a person types it; PowerShell runs a quoted one by an ampersand."""
    words = [word(w) for w in words]
    return ("& " if WINDOWS and words[0].startswith("\x27") else "") + " ".join(words)


def fs(path):
    """A path for calls of the system: on Windows without the limit of 259 characters."""
    if not WINDOWS:
        return path
    path = os.path.abspath(path if isinstance(path, type(u"")) else path.decode(LOCAL))
    if path.startswith(u"\\\\?\\"):
        return path
    return u"\\\\?\\UNC" + path[1:] if path.startswith(u"\\\\") else u"\\\\?\\" + path


def run(args, limit=None, told=None, **more):
    """Exit code, standard output and, unless it goes there too, standard error.
    With a limit, in seconds, what hangs is ended. What is told it is its input:
    everybody here can read a command line."""
    more.setdefault("stderr", subprocess.PIPE)
    if limit and not WINDOWS:  # with what it has started, which holds the pipe
        more["preexec_fn"] = os.setsid
    try:
        with open(os.devnull, "rb") as nothing:  # not what this program itself is read from
            p = subprocess.Popen(args, stdin=nothing if told is None else subprocess.PIPE, stdout=subprocess.PIPE, **more)
    except EnvironmentError as e:
        return 127, b"", raw(str(e))
    timer = threading.Timer(limit or 0, p.kill if WINDOWS else lambda: os.killpg(p.pid, signal.SIGKILL))
    if limit:
        timer.start()
    try:
        out, err = p.communicate(told)
    except BaseException:  # a signal: it must not work on in what is removed
        p.kill()
        p.wait()
        raise
    finally:
        timer.cancel()
    return p.returncode, out, err or b""


def text(b):
    return b if PY2 else b.decode("utf-8", "replace" if WINDOWS else "surrogateescape")


def which(name):
    for d in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(d, name + (".exe" if WINDOWS else ""))
        if os.path.isabs(d) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None

# ---- digests ----------------------------------------------------------------
# The size and SHA-256 of an archive.

def sum_of(f):
    size, digest = 0, hashlib.sha256()
    f.seek(0)
    for block in iter(lambda: f.read(1 << 20), b""):
        size += len(block)
        digest.update(block)
    f.seek(0)
    return size, digest.hexdigest()


def right(path, asset):
    """Whether a file is the one that index.json names."""
    with open(path, "rb") as f:
        return sum_of(f) == (asset["size"], asset["sha256"])


def check(f, asset):
    size, digest = sum_of(f)
    if size != asset["size"] or digest != asset["sha256"]:
        raise Stop(1, "%s has %d bytes and SHA-256 %s, and index.json says %d and %s" % (
            asset["archive"], size, digest, asset["size"], asset["sha256"]),
            "the file is damaged, or was altered: fetch it again, and ask who made it")

# ---- disk -------------------------------------------------------------------
# The space that is left on a disk.

def free_space(directory):
    """The bytes that are left for us on a directory's disk, None where nothing says it."""
    if hasattr(os, "statvfs"):
        st = os.statvfs(directory)
        return st.f_bavail * st.f_frsize if st.f_blocks else None
    if hasattr(shutil, "disk_usage"):  # Windows, but for Python 2
        return shutil.disk_usage(directory).free
    return None


def take_space(doing, directory, size):
    """Refuses to begin what takes more bytes of a disk than it has left."""
    free = free_space(directory)
    if free is not None and free < size:
        raise Stop(3, "%s: %d MB are free, and %d MB are needed" % (doing, free >> 20, (size >> 20) + 1), "make room on that disk")

# ---- zips -------------------------------------------------------------------
# The one reading of a zip: the header of each file says what the directory
# says, and they follow each other from the first byte to the directory, which
# ends where the one end record begins. As archive/readzip.go has it.

# They bound the directory, bytes, and the files in it.
MAX_DIRECTORY, MAX_ENTRIES = 32 << 20, 200000

# The flags that there may be: the sizes follow the content, names are UTF-8.
SIZES_FOLLOW, UTF8 = 1 << 3, 1 << 11
STORED, DEFLATED = 0, 8
FULL16, FULL32 = 0xffff, 0xffffffff


class NotOne(ValueError):
    """A zip that another program may read otherwise."""


def read_at(f, at, size):
    f.seek(at)
    data = f.read(size) if at >= 0 else b""
    return data if len(data) == size else b""


def directory_of(f):
    """Where the directory begins, its size, and the number of its entries."""
    f.seek(0, 2)
    at = f.tell() - 22
    end = read_at(f, at, 22)
    if end[:4] != b"PK\x05\x06" or end[20:] != b"\0\0":
        raise NotOne("something follows its end")
    count, size, offset = struct.unpack("<HII", end[10:20])
    if count == FULL16 or FULL32 in (size, offset):
        at -= 76
        more = read_at(f, at, 76)
        if more[:4] != b"PK\x06\x06" or more[56:60] != b"PK\x06\x07" or struct.unpack("<Q", more[64:72])[0] != at:
            raise NotOne("its end is not where it says")
        count, size, offset = struct.unpack("<QQQ", more[32:56])
    if size > MAX_DIRECTORY or count > MAX_ENTRIES:
        raise NotOne("its directory is larger than any can be")
    if offset + size != at:
        raise NotOne("its directory is not where its end says")
    return offset, size, count


class Entry(object):
    """A file, directory or link, as the directory has it."""

    def __init__(self, data, at):
        fields = struct.unpack("<4s4x4H3I5H2I", data[at:at + 46])
        self.flags, self.method, self.time, self.date, self.sum, self.packed, self.size = fields[1:8]
        lengths, self.mode, self.offset = fields[8:11], fields[13] >> 16, fields[14]
        if fields[0] != b"PK\x01\x02":
            raise NotOne("its directory is damaged")
        self.end = at + 46 + sum(lengths)
        if self.end > len(data):
            raise NotOne("its directory is damaged")
        self.name = data[at + 46:at + 46 + lengths[0]]
        self.extra = data[at + 46 + lengths[0]:self.end - lengths[2]]
        self.comment = lengths[2]
        self.large()

    def extras(self):
        extra = self.extra
        while len(extra) >= 4:
            tag, size = struct.unpack("<HH", extra[:4])
            yield tag, extra[4:4 + size]
            extra = extra[4 + size:]

    def large(self):
        """The sizes that need more than 32 bits."""
        names = [name for name in ("size", "packed", "offset") if getattr(self, name) == FULL32]
        for tag, value in self.extras():
            if tag == 1 and names:
                if len(value) < 8 * len(names):
                    raise NotOne("its directory is damaged")
                for i, name in enumerate(names):
                    setattr(self, name, struct.unpack("<Q", value[8 * i:8 * i + 8])[0])
                return

    def check(self, f, at):
        """Compares the header of the file, at an offset, with this, and gives where the next one begins."""
        def same(small, large):
            return small == FULL32 or small == large

        head = read_at(f, at, 30 + len(self.name))
        if head[:4] != b"PK\x03\x04":
            raise NotOne("its header is not where the file before it ends")
        flags, method, _, _, crc, packed, size, name, extra = struct.unpack("<4H3I2H", head[6:30])
        self.start = at + 30 + name + extra
        if self.offset != at:
            raise NotOne("its content is not where the directory says")
        if name != len(self.name) or head[30:] != self.name:
            raise NotOne("it has another name in its own header")
        if (flags, method) != (self.flags, self.method):
            raise NotOne("it has other flags or another method in its own header")
        if flags & ~(SIZES_FOLLOW | UTF8):
            raise NotOne("it is encrypted, or has flags that no archive of ours has")
        if self.comment:
            raise NotOne("its entry in the directory is none of ours")
        if method not in (STORED, DEFLATED):
            raise NotOne("it is compressed by method %d" % method)
        end = self.start + self.packed
        if not flags & SIZES_FOLLOW:
            if crc != self.sum or not same(packed, self.packed) or not same(size, self.size):
                raise NotOne("it has another size or sum in its own header")
            return end
        sizes = "<QQ" if max(self.packed, self.size) >= FULL32 else "<II"
        tail = b"PK\x07\x08" + struct.pack("<I", self.sum) + struct.pack(sizes, self.packed, self.size)
        if read_at(f, end, len(tail)) != tail:
            raise NotOne("it has another size or sum after its content")
        return end + len(tail)


def entries(f):
    """The files of a zip in their order."""
    offset, size, count = directory_of(f)
    data, at, end, found = read_at(f, offset, size), 0, 0, []
    while at < len(data):
        if len(data) - at < 46:
            raise NotOne("its directory is damaged")
        entry = Entry(data, at)
        end = entry.check(f, end)
        found.append(entry)
        at = entry.end
    if end != offset or len(found) != count:
        raise NotOne("something stands between its files and its end")
    return found


class Content(object):
    """What is in a file, to be read once: its size and its sum have to be right."""

    def __init__(self, f, entry):
        self.f, self.entry, self.at, self.left = f, entry, entry.start, entry.packed
        self.unpacker = zlib.decompressobj(-15) if entry.method == DEFLATED else None
        self.rest, self.size, self.sum = b"", 0, 0

    def packed(self):
        self.f.seek(self.at)
        data = self.f.read(min(1 << 16, self.left))
        if not data and self.left:
            raise NotOne("it ends before its end")
        self.at, self.left = self.at + len(data), self.left - len(data)
        return data

    def piece(self, most):
        """Some bytes; none at the end."""
        if not self.unpacker:
            return self.packed()
        while self.rest or self.left:
            data = self.unpacker.decompress(self.rest or self.packed(), most)
            self.rest = self.unpacker.unconsumed_tail
            if self.unpacker.unused_data:
                raise NotOne("something follows its content")
            if data:
                return data
        return self.unpacker.flush()

    def read(self, most=1 << 20):
        data = self.piece(max(most, 1))
        self.size += len(data)
        self.sum = zlib.crc32(data, self.sum) & FULL32
        if self.size > self.entry.size or not data and (self.size, self.sum) != (self.entry.size, self.entry.sum):
            raise NotOne("its content has another size or sum than it says")
        return data

# ---- unpack -----------------------------------------------------------------
# Unpacking an archive of either kind, and nothing outside of its directory.

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

# ---- brought ----------------------------------------------------------------
# What stands for index.json where a release has none: an index of the one archive that
# install-nopython.sh chose by SHA256SUMS, and compared with it.

LARGEST_MANIFEST = 24 << 20  # of manifest.json, bytes, as bootstrap.py has it


def index_of(path, tag):
    """Gives index.json with this one archive in it, as its own manifest.json has it."""
    name = os.path.basename(path)
    try:
        with open(path, "rb") as f:
            size, digest = sum_of(f)
            m = manifest_in(f)
        entry = {"archive": name, "size": size, "sha256": digest, "target": m["target"], "label": m.get("label") or "", "floors": m.get("floors") or [],
                 "python": m["bundled_python"]["version"], "python_bundled": True}
        return raw(json.dumps({"format": 1, "name": m["name"], "version": m["version"], "tag": tag, "archives": [entry]}))
    except (tarfile.TarError, zlib.error, EOFError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise Stop(1, "reading %s: %s" % (name, e), "it is damaged: fetch or make it again")


def manifest_in(f):
    for name, kind, _, _, _, content in tar_entries(f):
        if kind == "file" and text(name).split("/")[1:] == [".binary-buildout", "manifest.json"]:
            data = content().read(LARGEST_MANIFEST + 1)
            if len(data) > LARGEST_MANIFEST:
                raise ValueError("its manifest.json is too large")
            return json.loads(data.decode("utf-8"))
    raise ValueError("it has no manifest.json")

# ---- meter ------------------------------------------------------------------
# How far a download is.

def size_of(path):
    try:
        return os.path.getsize(path)
    except EnvironmentError:  # it is not there yet, or no more
        return 0


class Meter(threading.Thread):
    """Says on a terminal how far a download is, how fast, and how long it takes yet."""

    def __init__(self, paths, total):
        threading.Thread.__init__(self)
        self.daemon, self.paths, self.total, self.over = True, paths, total, threading.Event()

    def __enter__(self):
        if sys.stderr.isatty():
            self.start()

    def __exit__(self, *unused):
        self.over.set()
        if self.is_alive():
            self.join()

    def done(self):
        return sum(size_of(path) for path in self.paths)

    def run(self):
        first, began, shown = self.done(), time.time(), False
        while not self.over.wait(0.5):
            done = self.done()
            rate = (done - first) / max(time.time() - began, 0.001)
            left = "%d s left" % ((self.total - done) / rate) if rate > 0 else "stalled"
            sys.stderr.write("\r%.1f of %.1f MiB, %.1f MiB/s, %s   " % (done / 1048576.0, self.total / 1048576.0, rate / 1048576.0, left))
            sys.stderr.flush()
            shown = True
        if shown:
            sys.stderr.write("\n")

# ---- addresses --------------------------------------------------------------
# Addresses: which are taken, what may be shown of them, and where one may lead on to.

# Where archives come from.

def without_password(address):
    """An address as it may be shown: without user and password, a token is
    either, and without a query, which signs those of object stores. Of what is
    hardly an address all up to the last @ may be a password."""
    m = re.match(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)(.*)\Z", address, re.S)
    if not m:
        before, at, after = address.rpartition("@")
        m = re.match(r"([A-Za-z][A-Za-z0-9+.-]*:/*)?", before)
        return (m.group(1) or "") + "...@" + after if at and ":" in before else address
    scheme, host, path = m.groups()
    if "@" in path and re.search("[@:]", host):
        return scheme + "...@" + path.rpartition("@")[2].partition("?")[0]
    path, query, _ = path.partition("?")
    return scheme + host.rpartition("@")[2] + path + (query and "?...")


# What each tool takes for the same address.
ADDRESS = re.compile(r"https?://(?:[^\s/?#@\\]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::[0-9]*)?(?:[/?#][^\s\\]*)?\Z")


def quote(s, safe="/"):
    """As urllib has it, which needs socket on Python 2."""
    return "".join(chr(c) if re.match(r"[A-Za-z0-9._~-]", chr(c)) or chr(c) in safe else "%%%02X" % c for c in bytearray(raw(s)))


def secure():
    """Whether this Python can check certificates."""
    try:
        import ssl
    except ImportError:
        return False
    return hasattr(ssl, "create_default_context")


# What to do about an answer that is not that of the server.
IN_BETWEEN = "check the address; if it is right, something answers in the place of the server: a proxy, or the login page of a network"


def led_on(err):
    """Where wget was led to, as it notes the headers of an answer; "" of any other."""
    answer = re.split(br"(?m)^ *HTTP/[0-9.]+ ", err)[-1]
    m = re.search(br"(?mi)^ *Location: *(\S+)", answer) if re.match(br"30[12378]\b", answer) else None
    return text(m.group(1)) if m else ""


def on_to(url, location):
    try:
        from urllib.parse import urljoin
    except ImportError:
        from urlparse import urljoin
    after = urljoin(url, location)
    if url.startswith("https:") and not after.startswith("https:") or not ADDRESS.match(after):
        raise downgraded(url)
    return after


def downgraded(url):
    return Stop(3, "fetching %s: it is redirected from https to http, which anybody on the way can change" % without_password(url), IN_BETWEEN)


def retry_after(header):
    """Seconds: the header is their number, or a date."""
    import email.utils
    if re.match(r"[0-9]+\Z", header):
        return min(int(header), 300)
    date = email.utils.parsedate_tz(header)
    return min(max(int(email.utils.mktime_tz(date) - time.time()), 0), 300) if date else 0

# ---- work -------------------------------------------------------------------
# A directory of our own beside DIR, and removing and renaming.

if WINDOWS:
    import msvcrt
else:
    import fcntl


# Downloading, unpacking, placing.

def remove(path):
    """Removes a tree, directories without write permission too; on Windows files without it."""
    path = fs(path)
    for at, dirs, files in os.walk(path):
        for name in dirs + (files if WINDOWS else []):
            if not os.path.islink(os.path.join(at, name)):
                os.chmod(os.path.join(at, name), 0o700)
    shutil.rmtree(path, True)


def delete(path):
    if os.path.isdir(path) and not os.path.islink(path):
        remove(path)
    elif os.path.lexists(path):
        os.remove(path)


def rename(old, new):
    """On Windows whoever looks at a file, as virus scanners do, keeps it from being renamed."""
    for wait in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2) if WINDOWS else ():
        try:
            return os.rename(fs(old), fs(new))
        except EnvironmentError as e:
            if getattr(e, "winerror", None) not in (5, 32):
                raise
        time.sleep(wait)
    os.rename(fs(old), fs(new))


def lock(f):
    if WINDOWS:
        msvcrt.locking(f, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)


def locked(f, name):
    """Locks an open file, if nobody has; false too where its name leads to another one
    by now, which whoever had the lock removed."""
    try:
        lock(f)
        return os.fstat(f).st_ino == os.stat(name).st_ino
    except EnvironmentError:
        return False


class Work(object):
    """A directory beside DIR, ours alone, locked until the process ends."""

    def __init__(self, path):
        self.path = path
        try:
            if not os.path.lexists(path):
                os.mkdir(path, 0o700)
            st = os.lstat(path)
            if not stat.S_ISDIR(st.st_mode) or not WINDOWS and (st.st_uid != os.geteuid() or st.st_mode & 0o022):
                raise Stop(3, "making a directory to work in: %s is there and is not ours" % path, "remove it")
            name = os.path.join(path, ".lock")
            self.lock = os.open(name, os.O_CREAT | os.O_RDWR, 0o600)
        except EnvironmentError as e:
            raise Stop(3, "making a directory to work in: %s" % e, "install as a user who may write " + os.path.dirname(path))
        if not locked(self.lock, name):
            raise Stop(3, "locking %s" % path, "another install into the same directory is running; wait for it to end")

    def clear(self, *keep):
        for name in os.listdir(self.path):
            if name not in (".lock",) + keep:
                delete(os.path.join(self.path, name))

    def keep_parts(self):
        """Leaves of a run that failed what the next one goes on with."""
        parts = [name for name in os.listdir(self.path) if name.endswith(".part") and os.path.getsize(os.path.join(self.path, name))]
        self.clear(*parts)
        if not parts:
            self.remove()

    def remove(self):
        if WINDOWS:  # which removes no file that is open
            os.close(self.lock)
            return remove(self.path)
        remove(self.path)
        os.close(self.lock)

# ---- here -------------------------------------------------------------------
# What the directory holds, as internal/install/here.go sees it.

# What the directory holds, as internal/install/here.go sees it.

def real(path):
    """An absolute path without links. In a directory that all may write to, as
    /tmp is, another user may have made a link: the kernel does not follow it
    (protected_symlinks), and neither does this."""
    if WINDOWS:
        return os.path.realpath(path)
    at, names, links = "/", path.split("/"), 0
    while names:
        name = names.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            at = os.path.dirname(at)
            continue
        up, at = at, os.path.join(at, name)
        if not os.path.islink(at):
            continue
        links += 1
        if links > 40:
            raise Stop(2, "following the link %s: it leads in a circle" % path, "remove the link")
        above = os.stat(up)
        if above.st_mode & 0o1002 == 0o1002 and os.lstat(at).st_uid not in (os.geteuid(), above.st_uid):
            raise Stop(2, "following the link %s: another user made it, in a directory that everybody can write to" % at, "name what it points to, if that is meant")
        target = os.readlink(at)
        at, names = "/" if target[:1] == "/" else up, target.split("/") + names
    return at


def final(into):
    """The directory as an absolute path whose parent is real."""
    path = os.path.abspath(into)
    if os.path.islink(path):
        link, path = path, real(path)
        if not os.path.exists(path):
            raise Stop(2, "following the link %s: what it points to is not there" % link, "remove the link, or make what it points to")
    parent = real(os.path.dirname(path))
    if os.path.dirname(path) == path:
        raise Stop(2, path + " is the root of the file system")
    if not os.path.isdir(parent):
        raise Stop(2, "looking at %s: there is no such directory" % parent, "make the parent directory first")
    return os.path.join(parent, os.path.basename(path))


def look(path):
    """None if nothing is there, else manifest, state and record of what is."""
    if not os.path.lexists(path):
        return None
    if not os.path.isdir(path):
        raise Stop(2, path + " is not a directory", "give a directory that does not exist, or is empty")
    if not os.listdir(path) or interrupted(path):
        return None
    ours = os.path.join(path, ".binary-buildout")
    try:
        manifest = read_json(os.path.join(ours, "manifest.json"))
        what = "%s %s" % (manifest["name"], manifest["version"])
    except (EnvironmentError, ValueError, KeyError, TypeError):
        raise Stop(2, "installing into %s: it is not empty, and is no installation of binary-buildout" % path, "give another directory, or move this one away")
    try:
        state = read_json(os.path.join(ours, "state.json"))
    except (EnvironmentError, ValueError):
        state = {}
    if not state.get("root"):
        raise Stop(2, "installing into %s: bootstrap.py has not run in the %s that is unpacked there" % (path, what),
                   "run: %s, or move the directory away" % command("python", os.path.join(path, "bootstrap.py")))
    try:
        record = read_json(os.path.join(ours, "install.json"))
    except (EnvironmentError, ValueError):
        record = {}
    with open(os.path.join(ours, "manifest.json"), "rb") as f:
        return {"what": what, "sha256": record.get("sha256"), "base": hashlib.sha256(f.read()).hexdigest(), "state": state}


# Where the parent of the directory cannot be written, or it is a mount point:
# in it, as internal/install/place.go does it.
INSIDE = ".binary-buildout."


def moved(path):
    """What an interrupted install in the directory itself was moving up."""
    try:
        names = read_json(os.path.join(path, INSIDE + "new", "entries.json"))
    except (EnvironmentError, ValueError):
        return []
    return [n for n in names if isinstance(n, type(""))] if isinstance(names, list) else []


def interrupted(path):
    """Whether it holds nothing but what an install that was killed left."""
    known = set(moved(path) + [INSIDE + "new", INSIDE + "download"]) - set([".binary-buildout"])
    names = set(os.listdir(path))
    return names <= known and bool(names & set([INSIDE + "new", INSIDE + "download"]))


def undo(path):
    """Removes what was moved up; a name that leads elsewhere is none of ours."""
    for name in moved(path):
        if not name or name in (".", "..") or re.search(r"[/\\]", name):
            raise Stop(3, "clearing up after an interrupted install in %s: entries.json names %s" % (path, json.dumps(name)))
        delete(os.path.join(path, name))


def move_up(work, tree, path):
    """Renames the entries of the tree into the directory, .binary-buildout last."""
    names = sorted(n for n in os.listdir(tree) if n != ".binary-buildout") + [".binary-buildout"]
    with open(os.path.join(work, "entries.json"), "wb") as f:
        f.write(raw(json.dumps(names)))
    try:
        for name in names:
            rename(os.path.join(tree, name), os.path.join(path, name))
    except BaseException:
        undo(path)
        raise


def other_version(path, there, asset, index, shelf):
    hint = command("binary-buildout", "update", path, without_password(shelf.source)) + "; or add --update"
    for d in asset.get("deltas") or []:
        if d["base"] == there["base"]:
            hint += "; or fetch %s, %s, and run: %s" % (
                without_password(shelf.where(d["delta"])), command("tar", "-xzf", d["delta"], "-C", path),
                command(there["state"].get("interpreter") or "python", os.path.join(path, "bootstrap.py")))
    return Stop(2, "installing %s %s into %s: %s is there" % (index["name"], index["version"], path, there["what"]), hint)

# ---- hold -------------------------------------------------------------------
# Whether what was unpacked is what files.json lists.

def found_at(path):
    """Type, mode, size, digest and target of what was unpacked, as files.json has them."""
    st = os.lstat(path)
    mode = stat.S_IMODE(st.st_mode)
    if stat.S_ISLNK(st.st_mode):
        return "link", 0, 0, "", text(raw(os.readlink(path))).replace("\\" if WINDOWS else "/", "/")
    if stat.S_ISDIR(st.st_mode):
        return "dir", mode, 0, "", ""
    with open(path, "rb") as f:
        size, digest = sum_of(f)
    return "", mode, size, digest, ""


def hold(path, tree):
    """Refuses what was unpacked unless it is what files.json lists, whose digest manifest.json has."""
    own = os.path.join(tree, ".binary-buildout")
    try:
        with open(os.path.join(own, "files.json"), "rb") as f:
            digest = sum_of(f)[1]
        manifest = read_json(os.path.join(own, "manifest.json"))
        if manifest["format"] > 1:
            raise Stop(2, "unpacking %s: its format is %s, and this program knows up to 1" % (path, manifest["format"]), "take a newer install.sh or install.ps1")
        if manifest["files_sha256"] != digest:
            raise no_archive(path, "its files.json is not that of its manifest")
        listed = dict((e["path"], e) for e in read_json(os.path.join(own, "files.json"))["files"])
        here, base = {}, fs(tree) if WINDOWS else raw(tree)  # whatever the locale is
        for at, dirs, files in os.walk(base):
            for name in dirs + files:
                full = os.path.join(at, name)
                name = full[len(base) + 1:]
                name = name.replace(u"\\", u"/") if WINDOWS else text(name)
                here[name.encode(LOCAL) if WINDOWS and PY2 else name] = full
        above = set(n[:i] for n in list(listed) + [".binary-buildout/"] for i, c in enumerate(n) if c == "/")
        for name in sorted(set(here) - set([".binary-buildout/manifest.json", ".binary-buildout/files.json"])):
            found, e = found_at(here[name]), listed.get(name)
            if e is None and found[0] == "dir" and name in above:
                continue
            if e is None or name.startswith(".binary-buildout/") and name.split("/", 1)[1] not in OWN:
                raise no_archive(path, "%s has no place in an archive" % name)
            want = (e.get("type") or "", 0 if e.get("type") == "link" else e["mode"], e.get("size") or 0, e.get("sha256") or "", e.get("link") or "")
            if found[:1] + found[2:] != want[:1] + want[2:] or not WINDOWS and found[1] != want[1]:
                raise no_archive(path, "%s is not what its files.json says" % name)
        missing = sorted(set(listed) - set(here))
        if missing:
            raise no_archive(path, "%s is missing" % missing[0])
    except (EnvironmentError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise no_archive(path, "its documents cannot be read (%s)" % e)

# ---- placing ----------------------------------------------------------------
# Places an unpacked tree: staged beside DIR, fitted by its bootstrap.py, recorded, renamed.

def bootstrap_words(tree, own, python):
    """How bootstrap.py of a tree is started: by the tree's own interpreter, if its
    manifest has one (own), else by this one."""
    if own and WINDOWS:
        return [os.path.join(tree, own["executable"].replace("/", "\\")), "-BsSE", os.path.join(tree, "bootstrap.py")]
    if own:
        return ["/bin/sh", os.path.join(tree, "bootstrap")]
    return [python, "-sE", os.path.join(tree, "bootstrap.py")]


def bootstrap(tree, root, python):
    own = read_json(os.path.join(tree, ".binary-buildout", "manifest.json")).get("bundled_python")
    code, out, _ = run(bootstrap_words(tree, own, python) + ["--root", root], cwd=tree, stderr=subprocess.STDOUT)
    if code == 0:
        return
    lines = [line.strip() for line in text(out).strip().split("\n")]
    errors = [line[7:] for line in lines if line.startswith("error: ")]
    hints = [line[6:] for line in lines if line.startswith("hint: ")]
    raise Stop(code if code in (1, 2, 3) else 1, "running bootstrap.py with %s: %s" % (python or "its own Python", (errors or lines)[-1]), (hints or [""])[-1])


def short_enough(tree, path, longest):
    """Windows takes 259 characters, and bootstrap.py has no more: neither of
    the tree where it is unpacked, nor of where it will be."""
    most = max(len(tree), len(path)) + len(longest)
    if WINDOWS and most > 259:
        raise Stop(2, "installing into %s: its path is too long: Windows takes 259 characters, and %d are needed, for %s" % (path, most, longest[1:]),
                   "give a directory with a path that is %d shorter" % (most - 259))


def place(archive, asset, path, python, origin):
    work, inside = Work(workplace(path, "new")), False
    if work.path == beside(path, "new") and not replaceable(path, work):
        work.remove()
        work = Work(os.path.join(path, INSIDE + "new"))
    if work.path != beside(path, "new"):
        inside = True
        undo(path)
    try:
        work.clear()
        tree = os.path.join(work.path, "tree")
        os.mkdir(tree, 0o755)
        say("unpacking " + asset["archive"])
        try:
            longest = unpack(archive, tree)
        except (tarfile.TarError, zlib.error, struct.error, EOFError, ValueError) as e:
            raise Stop(1, "unpacking %s: %s" % (archive.name, e), "the file is damaged; fetch it again")
        except EnvironmentError as e:
            if e.errno not in (errno.EEXIST, errno.ENOTDIR):
                raise
            raise Stop(1, "unpacking %s: two entries have one place: %s" % (archive.name, e), "it is no archive of binary-buildout")
        hold(archive.name, tree)
        short_enough(tree, path, longest)
        say("running bootstrap.py with " + (python or "its own Python"))
        bootstrap(tree, path, python)
        record = [("format", 1), ("archive", asset["archive"]), ("sha256", asset["sha256"]), ("source", origin)]
        record = "{\n" + ",\n".join("  %s: %s" % (json.dumps(k), json.dumps(v)) for k, v in record) + "\n}\n"
        to = os.path.join(tree, ".binary-buildout", "install.json")
        # A password in it, which updates need, is for nobody else to read.
        mode = 0o644 if without_password(origin) == origin else 0o600
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as f:
            f.write(raw(record))
        if inside:
            move_up(work.path, tree, path)
        else:
            make_way(path)
            rename(tree, path)
    finally:
        work.remove()
    delete(os.path.join(path, INSIDE + "download"))


def make_way(path):
    """Removes the empty directory that may be there: on Windows no rename replaces it."""
    try:
        if os.path.isdir(path):
            os.rmdir(path)
    except EnvironmentError as e:
        raise Stop(2, "replacing %s: %s" % (path, e.strerror), "something was put there while the archive was being unpacked")


def beside(path, what):
    return os.path.join(os.path.dirname(path), ".%s.binary-buildout.%s" % (os.path.basename(path), what))


def workplace(path, what):
    """Beside the directory, or in it, where only that can be written."""
    at = beside(path, what)
    try:
        if not os.path.lexists(at):
            os.mkdir(at, 0o700)
    except EnvironmentError as e:
        if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and os.path.isdir(path):
            return os.path.join(path, INSIDE + what)
        raise Stop(3, "making a directory to work in: %s" % e,
                   "install as a user who may write %s, or have an empty directory made that you own" % os.path.dirname(path))
    return at


def replaceable(path, work):
    """Whether a rename can put a directory in its place: it is not there, or
    empty and no mount point, which only trying can tell."""
    if not os.path.lexists(path):
        return True
    if os.listdir(path):
        return False  # what an install in it left
    probe = os.path.join(work.path, "probe")
    try:
        os.rename(fs(path), fs(probe))
    except EnvironmentError:
        return False
    os.rename(fs(probe), fs(path))
    return True

# ---- network ----------------------------------------------------------------
# What needs ssl and socket, which a Python may have been built without.

class Network(object):
    """What this Python downloads by. ImportError: it was built without."""

    def __init__(self):
        try:
            from urllib2 import HTTPError, HTTPRedirectHandler, Request, build_opener
            from httplib import HTTPException
        except ImportError:
            from http.client import HTTPException
            from urllib.error import HTTPError
            from urllib.request import HTTPRedirectHandler, Request, build_opener

        class Redirects(HTTPRedirectHandler):
            def redirect_request(self, req, fp, code, msg, headers, newurl):
                if req.get_full_url().startswith("https:") and not newurl.startswith("https:"):
                    raise downgraded(req.get_full_url())
                return HTTPRedirectHandler.redirect_request(self, req, fp, code, msg, headers, newurl)

        handlers = [Redirects()]
        if secure():
            import ssl
            try:
                from urllib2 import HTTPSHandler
            except ImportError:
                from urllib.request import HTTPSHandler
            context = ssl.create_default_context()
            # Authorities of a company seldom have all that 3.13 asks for.
            context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
            handlers.append(HTTPSHandler(context=context))
        self.HTTPError, self.HTTPException, self.Request = HTTPError, HTTPException, Request
        self.open = build_opener(*handlers).open


def download(net, url, to, more, headers):
    """One attempt of this Python itself, by the proxies that urllib knows. The
    headers are for this address alone, not for where it leads to."""
    user = re.match(r"(https?://)([^/?#@]*)@(.*)", url)
    request = net.Request((user.group(1) + user.group(3)) if user else url, headers={"User-Agent": "binary-buildout", "Accept-Encoding": "identity"})
    if user:
        password = re.sub(b"%([0-9A-Fa-f]{2})", lambda m: bytes(bytearray([int(m.group(1), 16)])), raw(user.group(2)))
        request.add_unredirected_header("Authorization", "Basic " + text(base64.b64encode(password)))
    for name in headers:
        request.add_unredirected_header(name, headers[name])
    have = os.path.getsize(to) if to and more and os.path.exists(to) else 0
    if have:
        request.add_header("Range", "bytes=%d-" % have)
    with contextlib.closing(net.open(request, timeout=60)) as answer:
        if not to:
            return answer.read()
        part = answer.getcode() == 206
        want = answer.headers.get("Content-Length")
        with open(to, "ab" if part else "wb") as f:
            begin = f.tell() if part else 0
            shutil.copyfileobj(answer, f, 1 << 16)
            got = f.tell() - begin
    if want and got != int(want):
        raise EnvironmentError("it ends after %d of %s bytes" % (got, want))

# ---- server -----------------------------------------------------------------
# A server that has the files of a release.

class Site(object):
    """A release, or a copy of one behind a URL. curl or wget fetches, as the
    system is used to, else this Python; where that cannot, PowerShell."""
    headers = {}
    refused = "if the mirror wants a password, put it into the address: https://USER:PASSWORD@HOST/... (special characters as %40)"
    missing = "check the address: a mirror is a copy of all assets of a release, index.json among them"

    def __init__(self, base, name, source, helper):
        self.base, self.name, self.source, self.helper = base.rstrip("/"), name, source, helper
        self.curl, self.wget = (None, None) if WINDOWS else (which("curl"), which("wget"))
        self.gnu = self.wget and not self.curl and b"GNU Wget" in run([self.wget, "--version"])[1]
        if not self.gnu and re.match(r"https:|.*@", self.base):
            self.wget = None  # that of busybox checks no certificate, follows to http, and takes the address as an argument
        if self.base.startswith("https:") and not self.curl and not self.wget and not helper and not secure():
            raise Stop(2, "fetching from %s: there is neither curl nor GNU Wget, and this Python checks no certificates" % name,
                        "install one of them, or copy the release here and name it with --from")

    def where(self, name):
        return self.base + "/" + quote(name)

    def fetch(self, name, to="", more=False):
        """Into a file, or without one as bytes."""
        url = self.where(name)
        if self.curl or self.wget:
            return self.by_tool(url, to, more)
        return self.by_python(url, to, more)

    def by_tool(self, url, to, more):
        """The address is told by standard input: a password may be in it."""
        hops = 0
        for wait in (1, 2, 4, 8, None):
            code, out, err = self.by_curl(url, to, more) if self.curl else self.by_wget(url, to, more)
            while code and self.gnu and hops < 10 and led_on(err):
                url, hops = on_to(url, led_on(err)), hops + 1
                code, out, err = self.by_wget(url, to, more)
            if code == 0:
                return out
            lines = text(err).strip().split("\n")
            why = ([line for line in lines if line.startswith("curl: (")] or [line for line in lines if "ERROR" in line] or lines)[-1] or "exit code %d" % code
            # curl tries again by itself, wget only where nothing answered.
            if self.curl or wait is None or not re.search(r"\b(?:408|429|5\d\d)\b", why):
                break
            say("%s; trying again in %d s" % (why.rstrip("."), wait))
            time.sleep(wait)
        if self.curl and re.search(r"curl: \(1\)", why) and url.startswith("https:"):
            raise downgraded(url)
        raise self.unfetched(url, why)

    def by_curl(self, url, to, more):
        args = [self.curl, "-fsSL", "--connect-timeout", "30", "--retry", "4", "--speed-limit", "1", "--speed-time", "60"]
        args += ["--proto", "=https" if url.startswith("https:") else "=http,https"]  # of a redirect too
        args += (["-C", "-"] if more else []) + ["-o", to or "-", "-K", "-"]
        return run(args, told=raw("url = \"%s\"\n" % url.replace("\"", "%22")))

    def by_wget(self, url, to, more):
        # Not -T for busybox: with it, 1.35 dies of SIGSEGV.
        args = [self.wget] + (["-nv", "--tries=5", "--timeout=60"] if self.gnu else ["-q"]) + (["-c"] if more else [])
        if not self.gnu:  # which reads no addresses from a file
            return run(args + ["-O", to or "-", url])
        if os.environ.get("SSL_CERT_FILE"):  # which the others heed by themselves
            args.append("--ca-certificate=" + os.environ["SSL_CERT_FILE"])
        # It would follow from https to http.
        return run(args + ["-S", "--max-redirect=0", "-O", to or "-", "-i", "-"], told=raw(url + "\n"))

    def by_python(self, url, to, more):
        for wait in (1, 2, 4, 8, None):
            try:
                net = Network()
            except ImportError as e:
                why = "this Python cannot (%s)" % e
                break
            if url.startswith("https:") and not secure():
                why = "this Python checks no certificates"
                break
            try:
                return download(net, url, to, more, self.headers)
            except net.HTTPError as e:
                why, again = "HTTP status %d %s" % (e.code, e.msg), e.code in (408, 429) or e.code >= 500
                if not again and e.code != 407:
                    raise self.unfetched(url, why)
                wait = wait and max(wait, retry_after(e.headers.get("Retry-After") or ""))
            except (EnvironmentError, net.HTTPException, ValueError) as e:  # Python 2 has a wrong certificate among the last
                if getattr(e, "filename", None) or getattr(e, "errno", None) == errno.ENOSPC:
                    raise  # the disk, not the network
                why = str(getattr(e, "reason", None) or e) or type(e).__name__
                again = "CERTIFICATE_VERIFY" not in why and " 407 " not in why and not isinstance(e, ValueError)
            if not again or wait is None:
                break
            say("%s; trying again in %d s" % (why, wait))
            time.sleep(wait)
            more = bool(to)
        if self.helper and not self.headers:
            return self.by_helper(url, to, more, why)
        raise self.unfetched(url, why)

    def by_helper(self, url, to, more, why):
        """Windows knows proxies, their passwords, and certificates that Python does not."""
        have = os.path.getsize(to) if to and more and os.path.exists(to) else 0
        program, script = self.helper
        code, out, err = run([program, "-NoProfile", "-NonInteractive", "-Command", script], env=dict(
            os.environ, BINARY_BUILDOUT_URL=url, BINARY_BUILDOUT_TO=to, BINARY_BUILDOUT_HAVE=str(have)))
        if code:
            raise self.unfetched(url, "%s; by PowerShell: %s" % (why, text(err).strip().split("\n")[-1].strip() or "exit code %d" % code))
        return base64.b64decode(out) if not to else None

    def index(self):
        return self.fetch("index.json")

    def local(self, asset):
        return None

    def get(self, asset, to):
        """Goes on where an earlier run ended, and where this one breaks off, as
        long as something comes. What it went on with must be of the same archive."""
        have = os.path.getsize(to) if os.path.exists(to) else 0
        if have > asset["size"]:
            os.remove(to)
            have = 0
        resumed, begun = False, 0
        while have != asset["size"]:
            began, resumed = have, resumed or have > 0
            try:
                self.fetch(asset["archive"], to, have > 0)
            except Stop as e:
                have = os.path.getsize(to) if os.path.exists(to) else 0
                if began and re.search(r"416|range|resume", e.text):  # a server that cannot: from the start
                    os.remove(to)
                    have, resumed = 0, False
                elif have <= began:
                    raise
                continue
            have = os.path.getsize(to)
            if resumed and not begun and (have != asset["size"] or not right(to, asset)):
                os.remove(to)
                have, resumed, begun = 0, False, 1
            elif have != asset["size"]:
                os.remove(to)  # nothing for the next run to go on from
                raise Stop(3, "fetching %s: the answer has %d bytes, and the archive has %d" % (
                    without_password(self.where(asset["archive"])), have, asset["size"]), IN_BETWEEN)

    def unfetched(self, url, why):
        url = without_password(url)
        if re.search(r"\b404\b", why):
            return Stop(2, "fetching %s: it is not there (%s)" % (url, why), self.missing)
        hint = "check the network, and https_proxy if there is a proxy; running this again resumes the download"
        if re.search(r"curl: \(23\)|No space left|annot write", why):
            hint = "make room on that disk; running this again resumes the download"
        elif re.search(r"\b407\b", why):
            hint = "give the proxy its user and password, as in https_proxy=http://USER:PASSWORD@proxy.example.com:3128 (special characters as %40)"
        elif re.search(r"\b40[13]\b|Authentication Failed", why):
            hint = self.refused
        elif why.startswith("this Python c"):
            hint = "take a Python that has the modules ssl and socket, or copy the release here and name it with --from"
        elif re.search(r"certificate", why, re.I):
            hint = "name the file of your certificate authority in SSL_CERT_FILE"
        return Stop(3, "fetching %s: %s" % (url, why), hint)

# ---- volumes ----------------------------------------------------------------
# An archive that a release has in volumes, NAME.part1, NAME.part2 and so on, since a
# server takes no file that is as large.

def part_of(directory, asset):
    """Where an asset lies until it is complete. The digest in its name says that
    what an earlier run left is of the same content."""
    return os.path.join(directory, asset["sha256"] + ".part")


def parts_of(directory, asset):
    """Where an asset and its volumes lie until they are complete."""
    return [part_of(directory, a) for a in [asset] + as_assets(asset)]


def as_assets(asset):
    """The volumes of an archive, each as an asset of its own."""
    return [{"archive": v["volume"], "size": v["size"], "sha256": v["sha256"]} for v in asset.get("volumes") or []]


def bring(shelf, asset, to):
    """Has a shelf write an archive to a file. A mirror may have it put together."""
    volumes = as_assets(asset)
    if not volumes or shelf.local(asset):
        return shelf.get(asset, to)
    joined = 0
    with open(to, "ab") as f:
        have = os.fstat(f.fileno()).st_size
        for volume in volumes:
            if have >= joined + volume["size"]:  # an earlier run added it
                joined += volume["size"]
                continue
            f.truncate(joined)
            f.seek(joined)
            add(shelf, volume, part_of(os.path.dirname(to), volume), f)
            joined += volume["size"]
            have = joined


def add(shelf, volume, part, f):
    """Fetches a volume and adds it to a file, if it is the right one."""
    shelf.get(volume, part)
    if not right(part, volume):
        os.remove(part)
        raise Stop(1, "%s is not the one that index.json names: its size or SHA-256 differs" % volume["archive"],
                   "the file is damaged, or was altered: fetch it again, and ask who made it")
    with open(part, "rb") as new:
        shutil.copyfileobj(new, f, 1 << 20)
    f.flush()
    os.remove(part)

# ---- fetch ------------------------------------------------------------------
# Gets an archive to where nobody else can change it.

def room(path, size):
    """Refuses a download that the disk has no room for, before it begins."""
    if os.path.exists(path):
        size -= os.path.getsize(path)
    take_space("downloading to " + os.path.dirname(path), os.path.dirname(path), size)


def ours(f):
    """Whether nobody but this user and root can change what is in an open file."""
    st = os.fstat(f.fileno())
    return WINDOWS or st.st_uid in (0, os.geteuid()) and not st.st_mode & 0o002 and (not st.st_mode & 0o020 or st.st_gid in (0, os.getegid()))


def from_open(archive, if_ours, asset, path, python, shelf):
    """Opened once: what is checked is what is unpacked, whatever its name leads
    to meanwhile. False if another user could write into it meanwhile."""
    with open(archive, "rb") as f:
        if if_ours and not ours(f):
            return False
        check(f, asset)
        place(f, asset, path, python["executable"], shelf.source)
    return True


def from_brought(archive, asset, path, python, shelf):
    """install.sh has fetched an archive already, where there was no Python to run
    this: False unless it is the one that is chosen."""
    if not archive or not right(archive, asset):
        return False
    return from_open(archive, False, asset, path, python, shelf)


def from_copy(asset, path, python, shelf):
    """Fetches it to where nobody else can change it."""
    work, parts = Work(workplace(path, "download")), []
    try:
        parts = parts_of(work.path, asset)
        work.clear(*[os.path.basename(p) for p in parts])
        from_open(fetched(shelf, asset, work), False, asset, path, python, shelf)
    finally:
        if not any(size_of(p) for p in parts):
            work.remove()


def fetched(shelf, asset, work):
    """An asset as a file that nobody else can change."""
    parts = parts_of(work.path, asset)
    room(parts[0], asset["size"] + max([0] + [v["size"] for v in as_assets(asset)]))
    say("%s %s, %.1f MiB" % ("downloading" if isinstance(shelf, Site) else "copying", asset["archive"], asset["size"] / 1048576.0))
    with Meter(parts, asset["size"]):
        bring(shelf, asset, parts[0])
    archive = os.path.join(work.path, asset["archive"])
    rename(parts[0], archive)
    return archive

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

# ---- trust ------------------------------------------------------------------
# What nobody but root and this user can change.

def changeable(path):
    """Whether somebody else than root can change what a path leads to: by any
    directory, link or file on the way, as internal/install sees it."""
    at, todo, links = "/", path.split("/"), 0
    while True:
        try:
            st = os.lstat(at)
        except EnvironmentError:
            return True
        link, sticky = stat.S_ISLNK(st.st_mode), stat.S_ISDIR(st.st_mode) and st.st_mode & stat.S_ISVTX
        if st.st_uid != 0 or not link and not sticky and (st.st_mode & 0o002 or st.st_mode & 0o020 and st.st_gid != 0):
            return True
        if link:
            target, links = os.readlink(at), links + 1
            if links > 40:
                return True
            at, todo = "/" if target.startswith("/") else os.path.dirname(at), target.split("/") + todo
        todo = [name for name in todo if name not in ("", ".")]
        if not todo:
            return False
        name = todo.pop(0)
        at = os.path.dirname(at) if name == ".." else os.path.join(at, name)


def roots_alone(path):
    """As root, only what nobody else can change is run."""
    return WINDOWS or os.geteuid() != 0 or not changeable(path)


def safe_place(path):
    """Refuses, to root, a directory in whose place another user could put
    something while an archive is unpacked and its bootstrap.py runs."""
    if not WINDOWS and os.geteuid() == 0 and (changeable(os.path.dirname(path)) or os.path.lexists(path) and changeable(path)):
        raise Stop(2, "installing into %s as root: another user could replace what root runs" % path,
                   "run it as the user that it is for; or choose a directory that is root\x27s, with all above it")

# ---- interpreters -----------------------------------------------------------
# The interpreters that are here, as internal/interpreter/python.go finds them.

PYTHON = re.compile(r"python(?:[0-9]+(?:\.[0-9]+)?t?)?" + (r"\.exe\Z" if WINDOWS else r"\Z"), re.I if WINDOWS else 0)


def registered():
    """The directories that Windows was told of (PEP 514), as the py launcher finds them."""
    try:
        import winreg
    except ImportError:
        import _winreg as winreg

    def below(key):
        return [winreg.EnumKey(key, i) for i in range(winreg.QueryInfoKey(key)[0])]

    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
            try:
                with winreg.OpenKey(hive, r"Software\Python", 0, winreg.KEY_READ | view) as root:
                    names = [company + "\\" + tag for company in below(root) for tag in below(winreg.OpenKey(root, company, 0, winreg.KEY_READ | view))]
                    for name in names:
                        try:
                            with winreg.OpenKey(root, name + "\\InstallPath", 0, winreg.KEY_READ | view) as key:
                                yield native(winreg.QueryValueEx(key, "")[0])
                        except EnvironmentError:
                            pass
            except EnvironmentError:
                pass


def candidates(others=None):
    """The interpreters that may be run; the others are added to a list."""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    dirs = os.environ.get("PATH", "").split(os.pathsep) + [os.path.dirname(sys.executable or "")]
    if WINDOWS:
        dirs += registered()
        local = os.environ.get("LOCALAPPDATA", "")
        patterns = [local + r"\Programs\Python\Python*", os.environ.get("ProgramFiles", "") + r"\Python*", r"C:\Python*",
                    local + r"\Python\pythoncore-*", os.path.expanduser("~") + r"\.pyenv\pyenv-win\versions\*"]
    elif sys.platform == "darwin":
        patterns = ["/usr/local/bin", "/opt/homebrew/bin", "/opt/*/bin", "/Library/Frameworks/Python.framework/Versions/*/bin",
                    "/usr/local/opt/python@*/bin", "/opt/homebrew/opt/python@*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/bin"]
    else:
        patterns = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/*/bin", "/opt/python/*/bin", "/opt/rh/*/root/usr/bin",
                    "/usr/lib/python-*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/local/python*/bin"]
    for pattern in patterns:
        dirs += sorted(glob.glob(pattern))
    seen = set()
    for d in dirs:
        above = os.path.dirname(d)
        # A shim starts one or another interpreter, as the environment says.
        real = [d] if os.path.basename(d) != "shims" else sorted(
            glob.glob(above + "/versions/*/bin") + glob.glob(above + "/installs/python/*/bin"))
        for d in real:
            if not os.path.isabs(d) or not os.path.isdir(d):
                continue
            # A link in a virtualenv is another interpreter than what it points to.
            venv = os.path.exists(os.path.join(os.path.dirname(d), "pyvenv.cfg"))
            best, keys = {}, []
            try:
                names = sorted(os.listdir(d))
            except EnvironmentError:
                continue
            for name in names:
                path = os.path.join(d, name)
                if not PYTHON.match(name) or not os.path.exists(path):
                    continue
                if not roots_alone(path):
                    if others is not None:
                        others.append(path)
                    continue
                key = os.path.normcase(os.path.realpath(path)) + (d if venv else "")
                if key in seen:
                    continue
                if key not in best:
                    keys.append(key)
                # Rather python3.11 than python3, which is another one after the
                # next update of the system.
                best[key] = max(best.get(key, ""), path, key=len)
            for key in keys:
                seen.add(key)
                yield best[key]


def describe(path):
    # In its own directory on Windows, where / is that of the current drive.
    code, out, _ = run([path, "-sE", "-c", PROBE + "import json\nsys.stdout.write(json.dumps(told))\n"], limit=20, cwd=os.path.dirname(path) if WINDOWS else "/")
    try:
        p = native(json.loads(out.decode("utf-8"))) if code == 0 else None
    except ValueError:
        return None
    if p:
        p["executable"] = p["executable"] or path
    return p


def pythons(asked):
    """The one that was asked for, by path, name or version; or all."""
    if not asked:
        return described(candidates())
    if "/" in asked or WINDOWS and "\\" in asked:
        paths = [os.path.abspath(asked)]
    else:
        version = re.match(r"[0-9.]+\Z", asked)
        name, paths = "python" + asked if version else asked, []
        for path in candidates():
            at = os.path.basename(os.path.dirname(os.path.dirname(path)))
            base = os.path.basename(path)
            if (base[:-4] if WINDOWS else base) == name or version and (at + ".").startswith(asked + "."):
                paths.append(path)
        if version and not paths:  # on Windows all are called python.exe
            return [p for p in described(candidates()) if (p["version"] + ".").startswith(asked + ".")][:1] or no_python(asked)
    for path in paths:
        p = describe(path)
        if p:
            return [p]
    return no_python(asked)


def described(paths):
    found = []
    for path in paths:
        p = describe(path)
        if p and p["executable"] not in [q["executable"] for q in found]:
            found.append(p)
    return found


def no_python(asked):
    raise Stop(2, "looking for --python %s: there is none, or it does not run; this system is %s" % (asked, this_system(described(candidates()))),
               "give the path of an interpreter")


def system_words(p):
    return "%s %s%s%s" % (p["system"], p["machine"], ", %s %s" % (p["libc"], p["libc_version"]) if p["libc"] else "", " " + p["macos"] if p["macos"] else "")


def this_system(found):
    others = []
    list(candidates(others))
    if len(others) > 8:
        others[8:] = ["and %d more" % (len(others) - 8)]
    return these_pythons(found) + (" (not run by root, since others can change them: %s)" % ", ".join(others) if others else "")


def these_pythons(found):
    """What is here, the newest Python first."""
    if not found:
        return "without a Python"
    names = ["%s (%s)" % (q["version"], q["executable"]) for q in sorted(found, key=lambda q: number(q["version"]), reverse=True)]
    if len(names) > 8:
        names[8:] = ["and %d more" % (len(names) - 8)]
    return "%s, with Python %s" % (system_words(found[0]), ", ".join(names))

# ---- choose -----------------------------------------------------------------
# Which archive of a release fits, by the rules of internal/interpreter/fits.go.

def needs(asset):
    """ABI, system, architecture, libc and floor that an archive asks for."""
    abi, _, platform = asset["target"].partition("-")
    n = platform_needs(platform)
    n["abi"] = "" if asset.get("python_bundled") else abi
    for f in asset.get("floors") or []:
        if n["system"] == "linux" and not n["libc"] and f["kind"] in ("glibc", "musl"):
            n["libc"] = f["kind"]
        if f["kind"] == n["libc"] or f["kind"] == "macos" == n["system"]:
            if not n["floor"] or number(f["version"]) > number(n["floor"]):
                n["floor"] = f["version"]
    return n


def python_words(abi):
    m = re.match(r"cp(\d)(\d+)(.*)", abi)
    if not m:
        return abi
    kind = (" free-threaded" if "t" in m.group(3) else "") + (" debug" if "d" in m.group(3) else "")
    return "Python %s.%s%s (%s)" % (m.group(1), m.group(2), kind, abi)


def unfit(n, p):
    """Why an interpreter cannot run it, the gravest reason first, with its rank; None if it can."""
    mac = "11.0" if p["macos"] == "10.16" else p["macos"]
    if not n["system"]:
        return 5, "it is for a platform that is not known here"
    if n["system"] != p["system"]:
        return 5, "it is for " + n["system"]
    if not same_arch(n["arch"], p["machine"]):
        return 5, "it is for " + n["arch"]
    if n["libc"] and p["libc"] and n["libc"] != p["libc"]:
        return 4, "it is for " + n["libc"]
    if n["floor"] and n["libc"] and p["libc_version"] and number(p["libc_version"]) < number(n["floor"]):
        return 3, "it needs %s %s" % (n["libc"], n["floor"])
    if n["floor"] and n["system"] == "macos" and mac and number(mac) < number(n["floor"]):
        return 3, "it needs macOS " + n["floor"]
    if n["abi"] and not runs_abi(p["abi"], n["abi"]):
        return 2, "it is for " + python_words(n["abi"])
    return None


def choose(index, name, found, label, asked, system):
    """The asset that fits the newest Python, its own if one lies in it; of several, the one
    with the highest floor. system is what a Python tells of this system, whichever it is."""
    fit, bundled = [], []
    for a in index["archives"]:
        n = needs(a)
        if label not in ("", a.get("label") or ""):
            continue
        if a.get("python_bundled"):
            if not unfit(n, system):
                bundled.append(((number(a["python"]), not a.get("label"), number(n["floor"])), a, None))
            continue
        able = [p for p in found if not unfit(n, p)]
        if able:
            # Rather one that is not of a virtualenv.
            p = max(able, key=lambda p: (not p["virtualenv"], number(p["version"])))
            fit.append(((number(p["version"]), not a.get("label"), number(n["floor"])), a, p))
    if asked and bundled and not fit:
        a = bundled[0][1]
        raise Stop(2, "choosing from %s with --python %s: %s has an interpreter of its own, Python %s" % (name, asked, a["archive"], a["python"]), "leave --python out")
    fit += [] if asked else bundled
    if not fit:
        raise nothing_fits(index, name, found, label, system)
    _, best, python = max(fit, key=lambda f: f[0])
    labels = sorted(set(a.get("label") for _, a, _ in fit if a["target"] == best["target"]) if best.get("label") else [])
    if len(labels) > 1 and not label:
        raise Stop(2, "choosing from %s: several archives of %s fit: %s" % (name, best["target"], ", ".join(labels)), "name one with --label")
    return best, python


def distance(wanted, have):
    """How far two versions of Python are apart; of two equally far ones the newer is nearer."""
    w, h = [int(m.group(1)) * 100 + int(m.group(2)) if m else 0 for m in [re.match(r"cp(\d)(\d+)", abi) for abi in (wanted, have)]]
    return -w if not h else 2 * (h - w) + 1 if w < h else 2 * (w - h)


def nothing_fits(index, name, found, label, system):
    has = ", ".join(a["target"] + (" (%s)" % a["label"] if a.get("label") else "") for a in index["archives"])
    near = []
    for a in index["archives"]:
        n = needs(a)
        here = [system] if a.get("python_bundled") else found
        for p in here:
            rank, why = unfit(n, p) or (1, "it has another label, \"%s\"" % (a.get("label") or ""))
            near.append(((rank, distance(n["abi"], p["abi"]), number(n["floor"])), why, a["target"], n["abi"], p))
        if not here:
            near.append(((2, distance(n["abi"], "")), "it is for " + python_words(n["abi"]), a["target"], n["abi"], None))
    key, why, target, abi, p = min(near, key=lambda w: w[0])
    if key[0] == 1:
        hint = "leave --label out, or name one of these"
    elif key[0] == 2:
        hint = "install %s, or name an interpreter with --python" % python_words(abi)
    else:
        hint = "have it built for this system too, " + system_words(p) + (" or older" if key[0] == 3 else "")
        if key[0] == 4:
            hint += ": %s-%s_%s" % (p["abi"], "musllinux_1_2" if p["libc"] == "musl" else "manylinux_2_28", p["machine"])
    return Stop(2, "nothing fits: this system is %s; %s has %s; closest is %s: %s" % (this_system(found), name, has, target, why), hint)

# ---- index ------------------------------------------------------------------
# index.json of a release.

# The highest format number that is understood.
FORMAT = 2


def parsed(data, name):
    if data.lstrip()[:1] == b"<":
        raise Stop(3, "fetching index.json of %s: the answer is a web page" % name, IN_BETWEEN)
    return native(json.loads(data.decode("utf-8")))


# GitHub has its assets of these names alone, and a name is made of target,
# label and version.
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?\Z")
TAG = re.compile(r"[^\x00-\x20\x7f~^:?*\\\[]+\Z")


def is_name(v, pattern=NAME):
    return isinstance(v, type("")) and bool(pattern.match(v))


def entry_names(a):
    """All of an entry that becomes a file name, or is said."""
    names = [a["archive"], a["target"], a.get("label") or "x", a["python"] if a.get("python_bundled") else a.get("python") or "x"]
    for f in a.get("floors") or []:
        names += [f["kind"], f["version"]]
    for d in a.get("deltas") or []:
        names += [d["delta"], d.get("base_version") or "x"]
    return names


def is_size(v):
    return type(v) in (int, type(1 << 63)) and v >= 0


def is_digest(v):
    return isinstance(v, type("")) and bool(re.match(r"[0-9a-f]{64}\Z", v))


def sound_volumes(a):
    """Whether there are none, or volumes of the archive's size together."""
    volumes = a.get("volumes") or []
    return not volumes or (all(is_name(v["volume"]) and is_digest(v["sha256"]) and is_size(v["size"]) and v["size"] for v in volumes) and
                           sum(v["size"] for v in volumes) == a["size"])


def read_index(data, name):
    try:
        x = parsed(data, name)
        known = type(x["format"]) is int and x["format"] <= FORMAT
        if known and not (is_name(x["name"]) and is_name(x["version"]) and is_name(x.get("tag") or "x", TAG)):
            raise ValueError("its name, version or tag is not valid")
        for i, a in enumerate(x["archives"] if known else []):
            if not is_digest(a["sha256"]) or not all(is_name(n) for n in entry_names(a)) or not is_size(a["size"]) or not all(sound_volumes(f) for f in [a] + (a.get("deltas") or [])):
                raise ValueError("its entry %d has no name of an asset, no size or no digest" % (i + 1))
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise Stop(1, "reading index.json of %s: %s" % (name, e), "it is damaged: fetch or make it again")
    if not known:
        raise Stop(2, "reading index.json of %s: its format is %s, and this program knows up to %d" % (name, x["format"], FORMAT), "take a newer install.sh or install.ps1")
    if not x["archives"]:
        raise Stop(2, "reading index.json of %s: it lists no archives" % name)
    return x


def as_tagged(asked, index, name):
    """--tag, also where a mirror is named: its index.json has to be of that release."""
    if asked and index.get("tag") != asked:
        raise Stop(1, "%s is of %s, and --tag says %s" % (name, "the release " + index["tag"] if index.get("tag") else "no release that it names", asked),
                   "leave --tag out, or name what has that release")


def as_asked(asked, asset):
    """--sha256, also as GitHub shows digests: sha256:ab12..."""
    digest = re.sub("^sha256:", "", asked.lower())
    if asked and not is_digest(digest):
        raise Stop(2, "--sha256 %s: a SHA-256 digest has 64 hexadecimal digits" % asked, "copy that of the archive from the release page, or its line in SHA256SUMS")
    if asked and digest != asset["sha256"]:
        raise Stop(1, "%s has SHA-256 %s, and --sha256 says %s" % (asset["archive"], asset["sha256"], digest),
                   "it is not the archive that you mean: ask who made it")

# ---- shelves ----------------------------------------------------------------
# Where archives come from.

class Folder(object):
    """A copy of a release on disk."""

    def __init__(self, path):
        self.path = self.source = os.path.abspath(path)
        self.name = without_password(self.path)

    def index(self):
        try:
            with open(os.path.join(self.path, "index.json"), "rb") as f:
                return f.read()
        except EnvironmentError as e:
            raise Stop(2, "reading index.json of the mirror %s: %s" % (self.name, e.strerror), "a mirror is a copy of all assets of a release, index.json among them")

    def local(self, asset):
        """Where an archive lies; None where it has only volumes."""
        path = os.path.join(self.path, asset["archive"])
        if not os.path.isfile(path) and asset.get("volumes"):
            return None
        if not os.path.isfile(path):
            raise Stop(2, "looking for %s: the mirror %s does not have it, though its index.json names it" % (asset["archive"], self.name),
                       "copy it there too: a mirror is a copy of all assets of a release")
        return path

    def get(self, asset, to):
        with open(self.local(asset), "rb") as f, open(to, "wb") as copy:
            shutil.copyfileobj(f, copy, 1 << 20)

    def where(self, name):
        return os.path.join(self.path, name)


class Release(Site):
    """A release of a repository; of a private one by the API, which the token
    in GH_TOKEN or GITHUB_TOKEN opens. No other address is sent it."""
    refused = "check the token in GH_TOKEN"
    missing = "check the name, and that the release is published; for a private repository set GH_TOKEN, or copy the release here and name it with --from"

    def __init__(self, server, repo, tag, source, helper):
        Site.__init__(self, "%s/%s/releases/download/%s" % (server, repo, quote(tag, safe="")), repo + "@" + tag, source, helper)
        self.server, self.repo = server, repo
        host = server.partition("://")[2]
        api = "https://api." + host if host == "github.com" or host.endswith(".ghe.com") else server + "/api/v3"
        self.api = os.environ.get("GITHUB_API_URL", "").rstrip("/") or api
        self.release = "%s/repos/%s/releases/tags/%s" % (self.api, repo, quote(tag, safe=""))
        self.assets = None

    def where(self, name):
        if self.assets is None:
            return Site.where(self, name)
        if name not in self.assets:
            raise Stop(2, "fetching %s: %s does not have it" % (name, self.name), "the release was not made by binary-buildout, or is not complete")
        return self.assets[name]

    def fetch(self, name, to="", more=False):
        if self.assets is None:
            return Site.fetch(self, name, to, more)
        return self.by_python(self.where(name), to, more)

    def index(self):
        token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN")
        try:
            return Site.index(self)
        except Stop as e:
            if e.code != 2 or not token:  # it is there, or nothing else can be tried
                raise
        self.headers = {"Authorization": "Bearer " + token, "Accept": "application/vnd.github+json"}
        try:
            answer = parsed(self.by_python(self.release, "", False), self.name)
            self.assets = dict((a["name"], a["url"]) for a in answer["assets"] if a["url"].startswith(self.api + "/"))
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            raise Stop(3, "reading %s: it is no release (%s)" % (self.release, e), IN_BETWEEN)
        self.headers["Accept"] = "application/octet-stream"
        return Site.index(self)


class Latest(Release):
    """The latest release of a repository, until its tag is known: one that is
    published meanwhile does not mix in."""

    def __init__(self, server, repo, helper):
        Release.__init__(self, server, repo, "latest", repo, helper)
        self.base, self.name = "%s/%s/releases/latest/download" % (server, repo), "the latest release of " + repo
        self.release = "%s/repos/%s/releases/latest" % (self.api, repo)

    def settle(self, tag):
        if tag:
            self.base = "%s/%s/releases/download/%s" % (self.server, self.repo, quote(tag, safe=""))


def source(origin, server, repo, release, tag, helper):
    if re.match(r"https?:", origin, re.I) or "://" in origin:
        if not ADDRESS.match(origin):
            raise Stop(2, "reading the address of the mirror %s: it is not one" % without_password(origin),
                       "https://HOST/... or https://USER:PASSWORD@HOST/...; special characters of a password as %40")
        if origin.startswith("http:"):
            say("warning: the archive and its digest come over http, which anybody on the way can change")
        return Site(origin, without_password(origin), origin, helper)
    if origin:
        return Folder(origin)
    if not repo or not (tag or release):
        raise Stop(2, "it is not known which release this script is of", "name a mirror with --from")
    # Without --tag, an update later takes what is the latest then.
    return Release(server, repo, tag or release, repo + "@" + tag if tag else repo, helper)

# ---- installation -----------------------------------------------------------
# One install, from the options to the last line that is said.

def install(o):
    path = final(o["into"])
    safe_place(path)
    there = look(path)
    shelf = source(o["from"], o["server"], o["repo"], o["release"], o["tag"], (o["helper"], o["script"]) if o.get("helper") else None)
    index = read_index(index_by(shelf, o), shelf.name)
    as_tagged(o["tag"], index, shelf.name)
    say("%s has %s %s" % (shelf.name, index["name"], index["version"]))
    asset, python = choose(index, shelf.name, not_brought(pythons(o["python"]), o), o["label"], o["python"], asked())
    as_asked(o["sha256"], asset)
    if there and there["sha256"] == asset["sha256"]:
        return say("%s is in %s already: nothing changes" % (there["what"], path), sys.stdout)
    if there:
        raise other_version(path, there, asset, index, shelf)
    if asset["archive"].endswith(".zst"):
        zstd()
    if python is None:  # bootstrap runs under the one in the archive
        python = {"executable": ""}
    local = shelf.local(asset)
    if not from_brought(o.get("brought"), asset, path, python, shelf) and (not local or not from_open(local, True, asset, path, python, shelf)):
        from_copy(asset, path, python, shelf)
    after = "cd %s; bin\\buildout" if WINDOWS else "cd %s && bin/buildout"
    say("%s %s is in %s, with %s\nnext: %s" % (index["name"], index["version"], path, python["executable"] or "its own Python " + asset["python"], after % word(path)), sys.stdout)


def index_by(shelf, o):
    """Gives index.json; where there is none, an index of what install.sh fetched by SHA256SUMS."""
    try:
        return shelf.index()
    except Stop:
        if not o.get("brought"):
            raise
        return index_of(o["brought"], "" if o["from"] else o["tag"] or o["release"])


def not_brought(found, o):
    """Without the interpreter that runs this, where it is that of the archive, in a
    directory that goes when this is done."""
    return [p for p in found if not p["executable"].startswith(sys.prefix + os.sep)] if o.get("brought") else found

# ---- options ----------------------------------------------------------------
# What install.sh and install.ps1 hand over, and how their users know it.

def options():
    """NAME=VALUE: of install.sh the arguments, of install.ps1 what it set as
    OPTIONS before this text, since no quoting comes between there."""
    given = sys.argv[1:]
    if "OPTIONS" in globals():
        given = base64.b64decode(OPTIONS).split(b"\0")
        given = [native(v.decode("utf-8")) if PY2 or WINDOWS else os.fsdecode(v) for v in given]
    o = dict(v.split("=", 1) for v in given)
    # From install.sh by the environment: a mirror may have a password.
    o.setdefault("from", os.environ.pop("BINARY_BUILDOUT_FROM", ""))
    o.setdefault("update", "")
    return o


def spoken(words):
    """On one line, with the options as the user knows them."""
    if "OPTIONS" in globals():
        words = re.sub(r"--(into|python|tag|from|label|sha256|update)\b", lambda m: "-" + m.group(1).capitalize(), words)
    return words.replace("\n", "\\n")

# ---- installed --------------------------------------------------------------
# An installed application that is updated: its documents, its lock, its programs.

OURS = ".binary-buildout"


class Installed(object):
    """The application in a directory, locked until the process ends."""

    def __init__(self, path):
        self.path = path
        try:
            read_json(self.own("manifest.json"))
            self.old_files = read_json(self.own("files.json"))["files"]
        except (EnvironmentError, ValueError, KeyError, TypeError):
            raise Stop(2, "updating %s: it is no installation of binary-buildout" % path, "leave --update out to install one")
        safe_place(path)
        self.take_lock()
        if os.path.isdir(self.own("transaction")):  # of a run that was killed
            self.run_bootstrap(["--recover"])
        self.read()
        if not self.state.get("root"):
            raise Stop(2, "updating %s: bootstrap.py has not run there" % path, "run: " + command("python", os.path.join(path, "bootstrap.py")))

    def own(self, *names):
        return os.path.join(self.path, OURS, *names)

    def take_lock(self):
        name = self.own(".lock")
        if not WINDOWS and os.stat(self.own()).st_uid != os.geteuid():
            raise Stop(2, "updating %s: it belongs to another user" % self.path, "run it as the user that it belongs to")
        try:
            self.lock = os.open(name, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except EnvironmentError as e:
            raise Stop(3, "updating %s: %s" % (self.path, e), "run it as the user that it belongs to")
        if not locked(self.lock, name):
            raise Stop(3, "locking " + self.path, "another update or rollback is running there; wait for it to end")

    def read(self):
        """What is here now."""
        try:
            with open(self.own("manifest.json"), "rb") as f:
                self.digest = hashlib.sha256(f.read()).hexdigest()
            self.manifest = read_json(self.own("manifest.json"))
            self.state = read_json(self.own("state.json"))
        except (EnvironmentError, ValueError) as e:
            raise Stop(3, "looking at %s: %s" % (self.path, e))
        try:
            self.record = read_json(self.own("install.json"))
        except EnvironmentError as e:
            if e.errno != errno.ENOENT:
                raise
            self.record = {}
        except ValueError as e:
            raise Stop(3, "reading which attestation is required: %s" % e, "install binary-buildout, and update with that")

    def what(self):
        return "%s %s" % (self.manifest["name"], self.manifest["version"])

    def bootstrap_command(self, python=""):
        """The tree's own interpreter comes first, as bootstrap starts it."""
        own = read_json(self.own("manifest.json")).get("bundled_python")
        return bootstrap_words(self.path, own, python if python or own else read_json(self.own("state.json"))["interpreter"])

    def run_bootstrap(self, arguments, python=""):
        """What it said, without what is next. Its error is this one's."""
        return self.said("bootstrap.py", self.bootstrap_command(python) + arguments)

    def run_buildout(self):
        """As it was run last."""
        program = os.path.join(self.path, "bin", "buildout.exe" if WINDOWS else "buildout")
        if not os.path.lexists(program):
            return
        config = read_json(self.own("state.json")).get("config")
        self.said("bin/buildout", [program] + (["-c", config] if config else []))

    def said(self, what, words):
        code, out, _ = run(words, cwd=self.path, stderr=subprocess.STDOUT)
        lines = [line.rstrip() for line in text(out).strip().split("\n")]
        if code == 0:
            return [line for line in lines if not line.startswith("next: ")]
        errors = [line.strip()[7:] for line in lines if line.strip().lower().startswith("error: ")]
        hints = [line[6:] for line in lines if line.startswith("hint: ")]
        raise Stop(code if code in (1, 2, 3) else 1, "running %s: %s" % (what, (errors or lines)[-1]), (hints or [""])[-1])

    def forget(self):
        """Removes what was laid for bootstrap.py, which would apply it unasked."""
        delete(self.own("incoming"))

    def release(self, steps):
        """Removes the way back from before the last steps, which was held for the case
        that the new version does not start."""
        held, gone = self.own("previous", *["before"] * steps), self.own("previous.old")
        if os.path.isdir(fs(held)):
            delete(gone)
            rename(held, gone)
            delete(gone)

# ---- laying -----------------------------------------------------------------
# Puts a new version where the tree's bootstrap.py looks for it, as archive/incoming.go does.

DELTA = re.compile(r"\.binary-buildout/incoming/([0-9a-f]{64})/(delta\.json|(?:documents|patches)/(?:steps|diff|new)|files/.+)\Z", re.S)
LARGEST = 32 << 20  # of delta.json, bytes
PRIVATE = 0o600  # delta.json's mode: the password of a mirror may be in its source


def no_delta(path, what):
    return Stop(1, "unpacking %s: %s" % (path, what), "it is no delta of binary-buildout: fetch it again")


def lay_delta(f, tree, source):
    """Unpacks an open delta into a tree, and gives its document and the digest of the
    manifest that it leads to. Each name is looked at: nothing else is written."""
    first, digest = None, ""
    try:
        with tarfile.open(fileobj=f, mode="r:gz", **({} if PY2 else {"encoding": "utf-8", "errors": "surrogateescape"})) as archive:
            for member in archive:
                m = DELTA.match(text(raw(member.name)))
                parts = m.group(2).split("/") if m else []
                if not m or not member.isreg() or member.issparse() or [p for p in parts if p in ("", ".", "..") or "\\" in p or "\0" in p or WINDOWS and ODD.search(raw(p))]:
                    raise no_delta(f.name, "%s has no place in it" % text(raw(member.name)))
                content = archive.extractfile(member)
                if first is None:
                    if parts != ["delta.json"] or member.size > LARGEST:
                        raise no_delta(f.name, "it does not begin with its document")
                    digest, first = m.group(1), json.loads(content.read().decode("utf-8"))
                    first["source"], first["hold"] = source if isinstance(source, type(u"")) else source.decode("utf-8"), True
                    write(tree.own("incoming", digest, "delta.json"), raw(json.dumps(first)), PRIVATE, first["epoch"])
                    continue
                if m.group(1) != digest or parts == ["delta.json"]:
                    raise no_delta(f.name, "%s has no place in it" % text(raw(member.name)))
                write(tree.own("incoming", digest, *parts), content, member.mode & 0o777, first["epoch"])
    except (tarfile.TarError, zlib.error, EOFError, ValueError, KeyError, TypeError) as e:
        raise no_delta(f.name, e)
    if first is None:
        raise no_delta(f.name, "it is empty")
    return first, digest


def write(path, content, mode, when):
    make_dirs(fs(os.path.dirname(path)))
    with os.fdopen(os.open(fs(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as f:
        if isinstance(content, bytes):
            f.write(content)
        else:
            shutil.copyfileobj(content, f, 1 << 20)
    os.chmod(fs(path), mode)
    os.utime(fs(path), (when, when))


def lay_archive(f, asset, tree, source, work):
    """The same of a whole archive, in format 1: the files that the tree doesn't have.
    It is unpacked into work, and held to its files.json."""
    new = os.path.join(work, "tree")
    os.mkdir(new)
    try:
        unpack(f, new)
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as e:
        raise Stop(1, "unpacking %s: %s" % (f.name, e), "the file is damaged; fetch it again")
    hold(f.name, new)
    own = os.path.join(new, ".binary-buildout")
    documents = {}
    for name in ("manifest.json", "files.json"):
        with open(os.path.join(own, name), "rb") as document:
            documents[name] = document.read()
    manifest, digest = read_json(os.path.join(own, "manifest.json")), hashlib.sha256(documents["manifest.json"]).hexdigest()
    epoch = int(os.path.getmtime(os.path.join(new, "bootstrap.py")))
    for entry in read_json(os.path.join(own, "files.json"))["files"]:
        if not entry.get("type") and not holds(tree.path, entry) and not holds(tree.own("origin"), entry):
            to = tree.own("incoming", digest, "files", *entry["path"].split("/"))
            make_dirs(fs(os.path.dirname(to)))
            rename(os.path.join(new, *entry["path"].split("/")), to)
    delta = {"format": 1, "name": manifest["name"], "version": manifest["version"], "base": tree.digest, "base_version": tree.manifest["version"],
             "archive": asset["archive"], "sha256": asset["sha256"], "source": source, "hold": True, "epoch": epoch}
    delta.update((name, [documents[name].decode("utf-8")]) for name in documents)
    write(tree.own("incoming", digest, "delta.json"), raw(json.dumps(delta)), PRIVATE, epoch)
    return delta, digest, manifest


def holds(root, entry):
    """Whether a file is there as an archive has it."""
    path = fs(os.path.join(root, *entry["path"].split("/")))
    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) != (entry.get("size") or 0):
        return False
    with open(path, "rb") as f:
        return sum_of(f)[1] == entry["sha256"]

# ---- versions ---------------------------------------------------------------
# The order of versions by PEP 440, as internal/pyversion has it.

VERSION = re.compile(
    r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)(?:[-_.]?([0-9]+))?)?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)(?:[-_.]?([0-9]+))?)?"
    r"(?:[-_.]?(dev)(?:[-_.]?([0-9]+))?)?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\Z", re.I)

PHASES = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3, "preview": 3}


def order(text):
    """What versions are compared by; None of one that PEP 440 has no order for."""
    m = VERSION.match(text.strip())
    if not m:
        return None
    epoch, release, pre, pre_n, post_n, post, post_m, dev, dev_n, local = m.groups()
    numbers = [int(n) for n in release.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    posted = bool(post_n or post)
    phase = PHASES[pre.lower()] if pre else 0 if dev and not posted else 4
    parts = [(1, int(p), "") if p.isdigit() else (0, 0, p) for p in re.split("[-_.]", local.lower())] if local else []
    return int(epoch or 0), numbers, phase, int(pre_n or 0), posted, int(post_n or post_m or 0), not dev, int(dev_n or 0), parts


def older(version, installed):
    """Whether a version is lower than the installed one; None where PEP 440 has no
    order for them."""
    a, b = order(version), order(installed)
    if a is None or b is None:
        return False if version == installed else None
    return a < b

# ---- ways -------------------------------------------------------------------
# The cheapest way of deltas from the installed version to a release's archive, by
# the rules of internal/fetch/chain.go.

MOST_INDEXES = 8  # of further releases that one update reads


def usable(asset):
    """The deltas of an archive of which all is said that an update needs."""
    return [d for d in asset.get("deltas") or [] if is_digest(d.get("sha256")) and is_digest(d.get("base")) and is_size(d.get("size"))]


class Published(object):
    """An index that was read, where its files are, and how many bytes it has."""

    def __init__(self, shelf, index, size):
        self.shelf, self.index, self.size = shelf, index, size

    def same_target(self, asset):
        for other in self.index["archives"]:
            if other["target"] == asset["target"] and (other.get("label") or "") == (asset.get("label") or ""):
                return other
        return None


class Step(object):
    """A delta of a way, the archive that it leads to, and the release that has both."""

    def __init__(self, release, asset, delta):
        self.release, self.asset, self.delta = release, asset, delta


def cheapest(base, release, asset, other, passes, most=MOST_INDEXES):
    """The steps, none where the archive itself is no larger. base is the digest of the
    manifest that is here; other gives a Published by its version, None if there is none;
    passes says whether an update may go over a version, most how many steps there may be."""
    best = [asset["size"] or float("inf"), []]
    seen, heads = set(), []

    def grow(cost, way, release, asset):
        for delta in usable(asset):
            total, steps = cost + delta["size"], [Step(release, asset, delta)] + way
            if delta["base"] == base:
                if total < best[0]:
                    best[:] = total, steps
            elif delta["base"] not in seen and len(steps) < most:
                heads.append((total, steps, delta))

    grow(0, [], release, asset)
    read = 0
    while heads and read < MOST_INDEXES:
        heads.sort(key=lambda head: head[0])
        cost, way, delta = heads.pop(0)
        if cost + release.size >= best[0]:
            break
        version = delta.get("base_version") or ""
        if delta["base"] in seen or not version or not passes(version):
            continue
        seen.add(delta["base"])
        read += 1
        found = other(version)
        archive = found and found.same_target(asset)
        if archive:
            grow(cost, way, found, archive)
    return best[1]


def direct(base, asset):
    """The delta that leads to the archive at once, unless it is larger than the archive."""
    for delta in usable(asset):
        if delta["base"] == base and not (asset["size"] and delta["size"] > asset["size"]):
            return delta
    return None

# ---- upgrade ----------------------------------------------------------------
# An update of what is installed, by the rules of internal/install/update.go: by a delta
# that fits, by several over the versions between, or by the whole archive.

def upgrade(o):
    tree = Installed(final(o["into"]))
    if tree.record.get("attestation"):
        raise Stop(2, "updating %s: an attestation is required of its versions, and this checks none" % tree.path, "install binary-buildout, and run: " + command("binary-buildout", "update", tree.path))
    here = found(o, tree)
    index = here.index
    say("%s has %s %s" % (here.shelf.name, index["name"], index["version"]))
    if index["name"] != tree.manifest["name"]:
        raise Stop(2, "updating %s: %s is there, and this is %s" % (tree.path, tree.manifest["name"], index["name"]), "install it into another directory")
    forward(o, tree, index["version"], here.shelf.name)
    kept = None if o["python"] or tree.manifest.get("bundled_python") else describe(tree.state["interpreter"])
    interpreters = staying(pythons(o["python"]), o, tree) + ([kept] if kept else [])
    asset, python = choose(index, here.shelf.name, interpreters, o["label"], o["python"], asked())
    if tree.record.get("sha256") == asset["sha256"]:
        as_asked(o["sha256"], asset)
        return say("%s is in %s already: nothing changes" % (tree.what(), tree.path), sys.stdout)
    work = Work(tree.own("download"))
    try:
        apply(o, tree, here, asset, kept if kept and not unfit(needs(asset), kept) else python, work)
    except BaseException:
        work.keep_parts()
        raise
    work.clear()
    work.remove()


def staying(interpreters, o, tree):
    """Without that of the version that is here, and without one that was only fetched
    to run this: both are gone when this is done."""
    left, own = not_brought(interpreters, o), os.path.realpath(tree.path) + os.sep
    return [p for p in left if not (tree.manifest.get("bundled_python") and os.path.realpath(p["executable"]).startswith(own))]


def found(o, tree):
    """The release that is meant: the one that was named, else where the version that
    is here came from, and of a repository the latest."""
    helper = (o["helper"], o["script"]) if o.get("helper") else None
    remembered = tree.record.get("source") or ""
    repo, _, tag = remembered.partition("@")
    if o["from"] or o["tag"]:
        shelf = source(o["from"], o["server"], o["repo"], o["release"], o["tag"], helper)
    elif os.path.isdir(remembered) or "://" in remembered:
        shelf = source(remembered, "", "", "", "", helper)
    elif tag:
        shelf = Release(o["server"], repo, tag, remembered, helper)
    elif repo.count("/") == 1 or o["repo"]:
        shelf = Latest(o["server"], repo if repo.count("/") == 1 else o["repo"], helper)
    else:
        raise Stop(2, "updating %s: its source is not known" % tree.path, "name a mirror with --from")
    data = shelf.index()
    index = read_index(data, shelf.name)
    as_tagged(o["tag"], index, shelf.name)
    if isinstance(shelf, Latest):
        shelf.settle(index.get("tag") or "")
    return Published(shelf, index, len(data))


def forward(o, tree, version, name):
    """Refuses a lower version than the installed one, unless its tag was named."""
    lower = older(version, tree.manifest["version"])
    if o["tag"]:
        return
    if lower:
        raise Stop(3, "updating: %s has version %s, and %s is installed" % (name, version, tree.manifest["version"]), "to go back, name the release with --tag")
    if lower is None:
        say("warning: whether %s is newer than %s is not known: PEP 440 has no order for them" % (version, tree.manifest["version"]))


def others(release):
    """Finds releases of further versions by one of them: in a mirror a directory, in a
    repository the tag with that version in it. None where there is none."""
    shelf, index = release.shelf, release.index

    def of(version):
        if isinstance(shelf, Folder):
            other = Folder(os.path.join(shelf.path, version))
        elif isinstance(shelf, Release):
            tag = (index.get("tag") or "").replace(index["version"], version, 1)
            if not is_name(tag, TAG) or tag == index.get("tag"):
                return None
            other = Release(shelf.server, shelf.repo, tag, shelf.source, shelf.helper)
        else:
            other = Site(shelf.base + "/" + version, shelf.name + "/" + version, shelf.source, shelf.helper)
        try:
            data = other.index()
            found = read_index(data, other.name)
        except Stop:
            return None
        return Published(other, found, len(data)) if (found["name"], found["version"]) == (index["name"], version) else None

    return of


def apply(o, tree, here, asset, python, work):
    """By the cheapest way; where that can't be gone, since a file was edited or one
    is missing, by the next that needs less."""
    passes = lambda version: o["tag"] or older(version, tree.manifest["version"]) is not True
    ways = []
    # Two at most: bootstrap.py takes one at a time, and holds the way back over two.
    if not o["sha256"]:  # which means one file
        way = cheapest(tree.digest, here, asset, others(here), passes, 2)
        ways += [[(s.release.shelf, s.asset, s.delta) for s in way]] if len(way) > 1 else []
    delta = direct(tree.digest, asset)
    if delta and o["sha256"] in ("", delta["sha256"]):
        ways.append([(here.shelf, asset, delta)])
    elif o["sha256"]:
        as_asked(o["sha256"], asset)
    was, before = tree.what(), tree.digest
    for way in ways:
        try:
            by_deltas(tree, here, way, work, other(o, tree, python))
            break
        except Stop as e:
            if tree.digest != before or e.code == 3:
                raise
            say("not by %s: %s" % ("a delta" if len(way) == 1 else "%d deltas" % len(way), e.text))
    else:
        way = [None]
        by_archive(tree, here.shelf, asset, python, work)
    finish(tree, was, len(way))


def other(o, tree, python):
    """The interpreter that the tree gets in place of its own; "" if it keeps that."""
    gone = not os.path.exists(tree.state["interpreter"])
    return python["executable"] if python and (o["python"] or gone) else ""


def by_deltas(tree, here, way, work, interpreter):
    """All are fetched and checked before the first is applied; what fails later is
    undone. bootstrap.py takes one at a time."""
    was, files = tree.digest, []
    try:
        for shelf, _, delta in way:
            asset = {"archive": delta["delta"], "size": delta["size"], "sha256": delta["sha256"], "volumes": delta.get("volumes")}
            files.append(open(fetched(shelf, asset, work), "rb"))
            check(files[-1], asset)
        with undone(tree, was, len(way), interpreter or tree.state["interpreter"]):
            for f, (_, _, delta) in zip(files, way):
                tree.forget()
                document, digest = lay_delta(f, tree, here.shelf.source)
                if (document["base"], document["name"]) != (tree.digest, tree.manifest["name"]):
                    raise Stop(1, "%s does not lead on from %s" % (delta["delta"], tree.what()), "the index is not that of its files: ask who made it")
                applied(tree, "by " + delta["delta"], digest, interpreter)
            built(tree)
    finally:
        for f in files:
            f.close()


def by_archive(tree, shelf, asset, python, work):
    if asset["archive"].endswith(".zst"):
        zstd()
    interpreter = python["executable"] if python else ""
    tree.forget()
    try:
        with open(fetched(shelf, asset, work), "rb") as f:
            check(f, asset)
            _, digest, manifest = lay_archive(f, asset, tree, shelf.source, work.path)
        if (manifest["name"], manifest["target"]) != (tree.manifest["name"], asset["target"]):
            raise Stop(1, "checking %s: it is %s for %s" % (asset["archive"], manifest["name"], manifest["target"]), "the index is not that of its archives: ask who made it")
        with undone(tree, tree.digest, 1, interpreter or tree.state["interpreter"]):
            applied(tree, "by " + asset["archive"], digest, interpreter)
            built(tree)
    finally:
        tree.forget()


def applied(tree, how, digest, interpreter=""):
    """Has bootstrap.py apply what was laid."""
    say("updating %s %s" % (tree.path, how))
    for line in tree.run_bootstrap([], interpreter):
        say(line)
    tree.read()
    if tree.digest != digest:
        raise Stop(1, "running bootstrap.py: %s is there" % tree.what())


def built(tree):
    say("running bin/buildout")
    tree.run_buildout()


@contextlib.contextmanager
def undone(tree, was, steps, python):
    """Goes back to the version before, where something in it fails."""
    try:
        yield
    except BaseException as e:
        tree.forget()
        tree.read()
        for _ in range(steps):
            if tree.digest != was:
                tree.run_bootstrap(["--rollback"], python)
                tree.read()
        if isinstance(e, Stop) and tree.digest == was:
            e.text += "; %s is there" % tree.what()
        raise


def finish(tree, was, steps):
    tree.release(steps)
    back = tree.bootstrap_command() + ["--rollback"]
    back = command(*[word for word in back if word not in ("/bin/sh", "-sE", "-BsSE")])
    after = command(os.path.join(tree.path, "bin", "buildout.exe" if WINDOWS else "buildout"))
    say("%s is in %s, where %s was\nnext: restart it; to go back%s: %s, then %s" % (
        tree.what(), tree.path, was, "" if steps == 1 else ", %d times" % steps, back, after), sys.stdout)

# ---- program ----------------------------------------------------------------

def ended(number, frame):
    raise KeyboardInterrupt


for number_ in ("SIGTERM", "SIGHUP", "SIGBREAK"):
    if hasattr(signal, number_):
        signal.signal(getattr(signal, number_), ended)
try:
    wanted = options()
    (upgrade if wanted["update"] else install)(wanted)
except Stop as e:
    failure = e
except EnvironmentError as e:
    failure = Stop(3, "installing: %s" % e, "make room on that disk" if e.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)) else "")
except KeyboardInterrupt:
    failure = Stop(3, "installing: it was interrupted", "run the command again: it resumes where this one stopped")
else:
    sys.exit(0)
say("error: " + spoken(failure.text))
if failure.hint:
    say("hint: " + spoken(failure.hint))
sys.exit(failure.code)
