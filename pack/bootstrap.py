#!/usr/bin/env python
import sys; sys.path[:] = sys.path[not (getattr(sys.flags, "isolated", 0) or getattr(sys.flags, "safe_path", 0)):]

HELP = """\
usage: python bootstrap.py [--check] [--root DIR] [--help]

Fits this directory to the place that it lies in and to the Python that runs
it: a buildout that was compiled elsewhere by binary-buildout. Needs neither a
compiler nor a network. Then run bin/buildout.

Run it again after the directory was moved, or with another python.

  --check     verify every file against the archive, and change nothing
  --root DIR  fit it to DIR, where it will be moved to when this is done
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

import hashlib
import json
import re
import stat
import struct
import subprocess

# ---- shared: the same lines stand in bootstrap.py and launcher.py -----------

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
        return error.code
    name = getattr(error, "filename", None)
    reason = error.strerror or str(error)
    say(u"error: %s%s" % (text(name) + u": " if name else u"", text(reason)), sys.stderr)
    say(u"hint: nothing is lost: run it again when this is put right", sys.stderr)
    return 3


def text(path):
    """A path or a message of the system as text."""
    if isinstance(path, bytes):
        return path.decode("utf-8" if not WINDOWS else sys.getfilesystemencoding(), "replace")
    if PY2 or WINDOWS:
        return path if not PY2 else type(u"")(path)
    return os.fsencode(path).decode("utf-8", "replace")


def exact(path, what):
    """As text, but refuses what is not UTF-8."""
    try:
        if isinstance(path, bytes):
            return path.decode("utf-8" if not WINDOWS else sys.getfilesystemencoding())
        return path if WINDOWS or PY2 else os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(u"%s is not UTF-8: %s" % (what, text(path)), u"use a path of plain letters", 2)


def native(path):
    """The form that the system's calls take: bytes, on Windows text. So the
    locale never counts, and Python 2 and 3 open the same names."""
    return path if WINDOWS else path.encode("utf-8")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def read_file(path):
    """The content of a regular file; a link is never followed."""
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
                 | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(fd, "rb") as f:
        if not stat.S_ISREG(os.fstat(f.fileno()).st_mode):
            raise Refused(u"%s is no regular file" % text(path))
        return f.read()


def write_new(path, data, mode, times=None):
    """Writes a new file, synced. Something left there by a killed run goes."""
    try:
        os.unlink(path)
    except OSError:
        pass
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
                 | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(fd, "wb") as f:
        f.write(data)
        f.flush()
        if not WINDOWS:
            os.fchmod(f.fileno(), mode & 0o777)
        os.fsync(f.fileno())
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


def read_json(root, name, missing=None):
    """A JSON document of .binary-buildout, or None if it isn't there."""
    path = os.path.join(root, native(name))
    if not os.path.lexists(path):
        if missing:
            raise Refused(u"%s is missing" % name, missing, 2)
        return None
    try:
        found = json.loads(read_file(path).decode("utf-8"))
    except ValueError:
        raise Refused(u"%s is damaged" % name, u"unpack the archive again, and compare its SHA-256")
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise Refused(u"%s is damaged: it has no format number" % name, u"unpack the archive again")
    if found["format"] > FORMAT:
        raise Refused(u"%s has format %d, and this program knows %d" % (name, found["format"], FORMAT),
                      u"use the bootstrap.py of the same archive", 2)
    return found


def write_json(root, name, value):
    """Writes a JSON document: the same value gives the same bytes."""
    data = json.dumps(value, sort_keys=True, indent=1, separators=(",", ": ")).encode("ascii") + b"\n"
    path = os.path.join(root, native(name))
    new = path + native(u".new")
    write_new(new, data, 0o644)
    replace(new, path)
    sync_dir(os.path.dirname(path))


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
            raise Refused(u"another bin/buildout or bootstrap.py is at work in %s" % text(root),
                          u"wait until it is done", 3)
    return held


CODING = re.compile(br"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")


NOT_ASCII = re.compile(br"[\x80-\xff]")
LOCALE = (b"case \"${LC_ALL:-${LC_CTYPE:-$LANG}}\" in *[Uu][Tt][Ff]*) ;; "
          b"*) LC_ALL=C.UTF-8; export LC_ALL;; esac\n")


def shebang(interpreter, arguments, rest):
    """A script's first lines. The kernel takes 127 bytes and no space: what it
    can't run becomes a line for /bin/sh, which Python reads as a string.
    Where something isn't ASCII, Python 2 wants the encoding named, and Python
    before 3.7 can't open such paths in the locale "C"."""
    tail = b" " + arguments if arguments else b""
    line = b"#!" + interpreter + tail
    coding, wide = b"", NOT_ASCII.search(line + rest) and not WINDOWS
    if PY2 and wide and not CODING.match(rest.split(b"\n", 1)[0]):
        coding = b"# -*- coding: utf-8 -*-\n"
    old = wide and not PY2 and sys.version_info < (3, 7)
    if WINDOWS or (len(line) <= 127 and not re.search(br"\s", interpreter) and not old):
        return line + b"\n" + coding + rest
    if not re.match(br"(python|pypy)[^/]*$", interpreter.rpartition(b"/")[2]):
        raise Refused(u"a script can't be started by %s: the path is too long, or has a space"
                      % text(interpreter), u"use a directory with a shorter path, without spaces", 2)
    start = b"''':'\n" + LOCALE + b"exec" if old else b"'''exec'"
    return (b"#!/bin/sh\n" + coding + start + b" '" + interpreter + b"'" + tail
            + b" \"$0\" \"$@\"\n' '''\n" + rest)


PREAMBLE = re.compile(br"#!/bin/sh\n(?:# -\*- coding: utf-8 -\*-\n)?(?:'''exec'|''':'\n" + re.escape(LOCALE)
                      + br"exec) '([^'\n]*)'(?: ([^\n]*?))?" + br' "\$0" "\$@"\n\' \'\'\'\n')


def plain_shebang(data):
    """A script with our lines for /bin/sh, with one #! line again."""
    found = PREAMBLE.match(data)
    if not found:
        return data
    line = b"#!" + found.group(1) + (b" " + found.group(2) if found.group(2) else b"")
    return line + b"\n" + data[found.end():]

# ---- end of shared ----------------------------------------------------------


# The characters of a path that no format we know has to quote, and the space,
# parentheses and non-ASCII letters, which the placeholders' forms take care of.
PLAIN = re.compile(u"[A-Za-z0-9/._+=@~^() \u0080-\U0010ffff-]*$" if sys.maxunicode > 0xffff
                   else u"[A-Za-z0-9/._+=@~^() \u0080-\uffff-]*$")
WINDOWS_PLAIN = re.compile(u"[A-Za-z0-9/._+=@~^() \\\\:\u0080-\uffff-]*$")


def usable(path, what):
    """Refuses a path that a script, a configuration or a shell can't hold."""
    if not (WINDOWS_PLAIN if WINDOWS else PLAIN).match(path):
        bad = sorted(set(re.sub(u"[A-Za-z0-9/._+=@~^() \u0080-\uffff-]", u"", path)))
        raise Refused(u"%s has a character that scripts and configurations can't hold (%s): %s"
                      % (what, u" ".join(json.dumps(c) for c in bad), json.dumps(path)),
                      u"letters, digits, spaces and . _ - + = @ ~ ( ) will do", 2)
    if any(part != part.strip() for part in path.split(u"/")):
        raise Refused(u"%s has a directory whose name begins or ends with a space: %s"
                      % (what, json.dumps(path)), u"use another name", 2)


# ---- what runs here, and where ----------------------------------------------

class Python(object):
    """The interpreter that runs this file, in the words of the manifest."""

    def __init__(self, root):
        self.path = self.executable(root)
        self.prefix = exact(getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix),
                            u"the interpreter's prefix")
        self.implementation = (sys.implementation.name if hasattr(sys, "implementation")
                               else sys.subversion[0]).lower()
        self.minor = u"%d.%d" % sys.version_info[:2]
        self.version = u"%d.%d.%d" % sys.version_info[:3]
        self.abi = self.find_abi()
        self.bits = struct.calcsize("P") * 8
        self.system, self.arch = self.find_system()

    @staticmethod
    def executable(root):
        """sys.executable, absolute, not resolved: /usr/bin/python3 stays that
        when the system is updated. One in this tree is what it was made from."""
        if not sys.executable:
            raise Refused(u"this python doesn't know where it lies", u"start it by its full path", 2)
        found = os.path.abspath(sys.executable)
        inside = os.path.join(text(root), u"")
        for path in (found, getattr(sys, "_base_executable", None) or found, os.path.realpath(found)):
            path = os.path.abspath(path)
            if not (exact(path, u"the interpreter's path") + u"").startswith(inside):
                break
        else:
            raise Refused(u"%s lies in this directory, and is what has to be set up" % text(found),
                          u"run bootstrap.py with the system's python", 2)
        real = getattr(sys, "real_prefix", None)
        if real:  # a virtualenv of the old kind doesn't start without its site-packages
            for name in ("python%d.%d" % sys.version_info[:2], "python%d" % sys.version_info[0], "python"):
                if os.access(os.path.join(real, "bin", name), os.X_OK):
                    path = os.path.join(real, "bin", name)
                    break
        return exact(path, u"the interpreter's path")

    @staticmethod
    def find_abi():
        number = u"cp%d%d" % sys.version_info[:2]
        debug = hasattr(sys, "gettotalrefcount")
        if PY2:
            import sysconfig
            malloc = sysconfig.get_config_var("WITH_PYMALLOC")
            return (number + (u"d" if debug else u"") + (u"m" if malloc or malloc is None else u"")
                    + (u"u" if sys.maxunicode > 0xffff else u""))
        flags = getattr(sys, "abiflags", None)
        if flags is None:
            import sysconfig
            flags = (u"t" if sysconfig.get_config_var("Py_GIL_DISABLED") else u"") + (u"d" if debug else u"")
        return number + flags.replace(u"m", u"")

    def find_system(self):
        if WINDOWS:
            import sysconfig
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            return u"windows", {u"win32": u"i686", u"win_amd64": u"x86_64",
                                u"win_arm64": u"aarch64"}.get(text(platform), text(platform))
        machine = text(os.uname()[4])
        return (u"macos" if sys.platform == "darwin" else u"linux"), canonical_arch(machine, self.bits)


def canonical_arch(machine, bits):
    machine = machine.lower()
    machine = {u"amd64": u"x86_64", u"arm64": u"aarch64", u"i386": u"i686", u"i586": u"i686",
               u"win32": u"i686", u"universal2": u"universal2"}.get(machine, machine)
    if bits == 32:
        machine = {u"x86_64": u"i686", u"aarch64": u"armv7l", u"armv8l": u"armv7l"}.get(machine, machine)
    return machine


ARCHES = (u"x86_64", u"aarch64", u"arm64", u"amd64", u"i686", u"i386", u"win32", u"armv7l", u"armv6l",
          u"ppc64le", u"ppc64", u"s390x", u"riscv64", u"loongarch64", u"universal2")


def split_platform(platform):
    """"manylinux_2_28_x86_64": the system, what stands before the architecture, the architecture."""
    platform = platform.replace(u"-", u"_").replace(u".", u"_")
    system = (u"windows" if platform.startswith(u"win") else
              u"macos" if platform.startswith(u"macosx") else u"linux")
    for arch in ARCHES:
        if platform.endswith(arch):
            return system, platform[:-len(arch)], arch
    return system, platform, u""


def numbers(version):
    return tuple(int(n) for n in re.findall(u"[0-9]+", version))


def libc(python):
    """The C library here: "glibc" or "musl", and its version or None."""
    for name in ("CS_GNU_LIBC_VERSION", 2):  # Python 2.7 may not know the name, but takes its number
        try:
            found = os.confstr(name) or ""
            if found.startswith("glibc"):
                return u"glibc", text(found.split()[-1])
        except (AttributeError, ValueError, OSError):
            pass
    interp = elf_interp(native(python.path))
    if b"musl" in interp:
        try:
            run = subprocess.Popen([interp], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            found = re.search(br"Version ([0-9.]+)", run.communicate()[1])
            return u"musl", found and text(found.group(1))
        except OSError:
            return u"musl", None
    return u"", None


def elf_head(path):
    """Class and machine of an ELF file, which a library must share with us."""
    try:
        with open(path, "rb") as f:
            head = f.read(20)
    except EnvironmentError:
        return None
    return (head[4:6], head[18:20]) if head[:4] == b"\x7fELF" and len(head) == 20 else None


def elf_interp(path):
    """The dynamic loader that a program names (PT_INTERP), or nothing."""
    try:
        with open(path, "rb") as f:
            head = f.read(64)
            if head[:4] != b"\x7fELF":
                return b""
            order = "<" if head[5:6] == b"\x01" else ">"
            if head[4:5] == b"\x02":
                offset, = struct.unpack(order + "Q", head[32:40])
                size, count = struct.unpack(order + "HH", head[54:58])
                where, form = (8, 32), order + "Q"
            else:
                offset, = struct.unpack(order + "I", head[28:32])
                size, count = struct.unpack(order + "HH", head[42:46])
                where, form = (4, 16), order + "I"
            width = struct.calcsize(form)
            f.seek(offset)
            table = f.read(size * count)
            for i in range(count):
                entry = table[i * size:(i + 1) * size]
                if struct.unpack(order + "I", entry[:4])[0] == 3:
                    start, = struct.unpack(form, entry[where[0]:where[0] + width])
                    length, = struct.unpack(form, entry[where[1]:where[1] + width])
                    f.seek(start)
                    return f.read(min(length, 4096)).rstrip(b"\0")
    except (EnvironmentError, struct.error):
        pass
    return b""


def macos_version():
    import platform
    found = platform.mac_ver()[0]
    if found.startswith("10.16"):  # what an interpreter built for an old SDK is told
        try:
            run = subprocess.Popen(["/usr/bin/sw_vers", "-productVersion"], stdout=subprocess.PIPE,
                                   env={"SYSTEM_VERSION_COMPAT": "0"})
            found = text(run.communicate()[0]).strip() or found
        except OSError:
            pass
    return text(found)


# Where the dynamic loader looks, whatever LD_LIBRARY_PATH says.
LIBRARY_DIRS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")


def has_library(name, python):
    """Whether the system brings a shared library of our kind."""
    if WINDOWS or python.system == u"macos":
        return loads(name, python)
    ours = elf_head(native(python.path))
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
    """What the loader's cache says."""
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
    """The last resort: a process that loads it."""
    env = dict((k, v) for k, v in os.environ.items()
               if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH"))
    try:
        run = subprocess.Popen([native(python.path), "-sSE", "-c",
                                "import ctypes, sys; ctypes.CDLL(sys.argv[1])", name],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        run.communicate()
        return run.returncode == 0
    except OSError:
        return False


def asset(manifest, abi=None, platform=None):
    """The name of another archive of the same release."""
    have_abi, _, have_platform = manifest["target"].partition(u"-")
    label = u"-" + manifest["label"] if manifest.get("label") else u""
    return u"%s-%s-%s-%s%s" % (manifest["name"], manifest["version"], abi or have_abi,
                               platform or have_platform, label)


def other_python(minor):
    """A python of that version on PATH, as a hint."""
    for place in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(place, "python" + minor)
        if place and os.access(path, os.X_OK):
            return u", or run: %s bootstrap.py" % text(path)
    return u""


def check_system(manifest, python):
    """Refuses an archive that isn't for this Python and this system."""
    want = manifest["python"]
    system, front, arch = split_platform(manifest["target"].partition(u"-")[2])
    wrong = u"this archive is for %s, and this is %s"
    if system != python.system:
        there = {u"windows": u"win_amd64", u"macos": u"macosx_*_arm64", u"linux": u"linux_x86_64"}
        raise Refused(wrong % (system, python.system),
                      u"use " + asset(manifest, python.abi, there[python.system]), 2)
    ours = canonical_arch(arch, 64) == python.arch or arch == u"universal2"
    if want.get("bits", python.bits) != python.bits or not ours:
        shown = {u"macos": {u"aarch64": u"arm64"}, u"windows": {u"x86_64": u"amd64", u"aarch64": u"arm64"}}
        mine = shown.get(system, {}).get(python.arch, python.arch)
        raise Refused(wrong % (u"%s (%d bits)" % (arch, want.get("bits", 0)),
                               u"%s (%d bits)" % (mine, python.bits)),
                      u"use " + asset(manifest, python.abi, front + mine), 2)
    check_python(manifest, python)
    check_floors(manifest, python, front, arch)


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
    abi = want["abi"] if PY2 else re.sub(u"(?<=[0-9])(d?)m(?=$)", u"\\1", want["abi"])
    if abi != python.abi:
        why = {u"t": u"free-threaded", u"d": u"debug"}.get(python.abi[-1:], u"")
        raise Refused(u"this archive is for the ABI %s, and this Python %s has %s%s (%s)"
                      % (want["abi"], python.minor, python.abi, u" (%s)" % why if why else u"",
                         python.path), right, 2)


def check_floors(manifest, python, front, arch):
    want = manifest["python"].get("libc", u"")
    if python.system == u"linux":
        kind, have = libc(python)
        if want and kind and kind != want:
            other = u"musllinux_1_2_" if kind == u"musl" else u"manylinux_2_28_"
            raise Refused(u"this archive is for %s, and this system has %s" % (want, kind),
                          u"use " + asset(manifest, python.abi, other + arch), 2)
    elif python.system == u"macos":
        kind, have = u"macos", macos_version()
    else:
        return
    for floor in manifest["floors"]:
        if floor["kind"] == kind and have and numbers(have) < numbers(floor["version"]):
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


def check_place(manifest, root, python):
    """Refuses a path that is too long, or that formats can't hold."""
    usable(root, u"the path of this directory")
    usable(python.path, u"the interpreter's path")
    longest = None
    for item in manifest["relocations"]:
        for string in item.get("cstrings") or ():
            if longest is None or string["prefix"] < longest[0]:
                longest = string["prefix"], item["path"]
    size = len(root.encode("utf-8"))
    if longest and size > longest[0]:
        raise Refused(u"the path of this directory has %d bytes, and %s takes no more than %d"
                      % (size, longest[1], longest[0]), u"move the tree to a shorter path", 2)
    if WINDOWS and len(root) + 1 + len(manifest["longest_path"]) > 259:
        raise Refused(u"the path of this directory is too long: Windows takes 259 characters, and %s would have %d"
                      % (manifest["longest_path"], len(root) + 1 + len(manifest["longest_path"])),
                      u"move the tree to a path of at most %d characters"
                      % (258 - len(manifest["longest_path"])), 2)


# ---- the manifest -----------------------------------------------------------

def check_manifest(manifest):
    """Refuses a manifest that isn't of our making, before any of it is used."""
    def bad(what):
        raise Refused(u"%s is damaged: %s" % (MANIFEST, what), u"unpack the archive again")

    kind = type(u"")
    for key in ("name", "version", "target"):
        if not isinstance(manifest.get(key), kind):
            bad(key)
    python = manifest.get("python")
    if not isinstance(python, dict) or not all(
            isinstance(python.get(k), kind) for k in ("version", "implementation", "abi")):
        bad(u"python")
    for key in ("floors", "system_libraries", "relocations", "signatures"):
        if manifest.get(key) is None:
            manifest[key] = []
        if not isinstance(manifest[key], list) or not all(isinstance(v, dict) for v in manifest[key]):
            bad(key)
    if not isinstance(manifest.setdefault("longest_path", u""), kind):
        bad(u"longest_path")
    for floor in manifest["floors"]:
        if not all(isinstance(floor.get(k), kind) for k in ("kind", "version")):
            bad(u"floors")
    for lib in manifest["system_libraries"]:
        lib.setdefault("needed_by", u"?")
        if not isinstance(lib.get("name"), kind) or u"/" in lib["name"] and not lib["name"].startswith(u"/"):
            bad(u"system_libraries")
    seen = set()
    for item in manifest["relocations"]:
        check_relocation(item, kind, seen, bad)
    for signature in manifest["signatures"]:
        if not all(isinstance(signature.get(k), kind) for k in ("name", "path", "hash")):
            bad(u"signatures")
        if signature["path"] != u".":
            check_path(signature["path"], bad)


def check_relocation(item, kind, seen, bad):
    path = item.get("path")
    if not isinstance(path, kind):
        bad(u"a relocation without a path")
    check_path(path, bad)
    if path in seen:
        bad(u"%s is there twice" % path)
    seen.add(path)
    if path.split(u"/")[0] == OWN or path == u"bootstrap.py":
        bad(u"%s can't be relocated" % path)
    shape = item.get("class")
    if shape not in (u"text", u"cstring", u"link", u"bytecode"):
        bad(u"%s has the unknown class %s" % (path, json.dumps(shape)))
    for key in ("mode", "size"):
        if not isinstance(item.setdefault(key, 0), int) or item[key] < 0:
            bad(path)
    if not isinstance(item.setdefault("sha256", u""), kind):
        bad(path)
    if shape == u"link":
        link = item.get("link")
        found = isinstance(link, kind) and re.match(u"@binary-buildout-(root|python|prefix)@(/.*)?$", link)
        if not found or u".." in link.split(u"/") or u"\0" in link:
            bad(u"%s points to %s" % (path, json.dumps(link)))
    for string in item.get("cstrings") or ():
        if not (isinstance(string, dict) and isinstance(string.get("old"), kind)
                and isinstance(string.get("offset"), int) and isinstance(string.get("prefix"), int)
                and 0 <= string["offset"] and 0 < string["prefix"] <= len(string["old"].encode("utf-8"))):
            bad(u"a string of %s" % path)


def check_path(path, bad):
    """Listed paths are relative, with slashes, and don't climb."""
    parts = path.split(u"/")
    if (u"" in parts or u"." in parts or u".." in parts or u"\0" in path
            or (WINDOWS and re.search(u'[\\\\:<>"|?*]', path))):
        bad(u"%s is no path in the tree" % json.dumps(path))


# ---- values, placeholders, forms --------------------------------------------

FORMS = (u"", u"+url", u"+json", u"+python", u"+sh")


def spell(value, form):
    """A value in a placeholder's form, as bytes."""
    if form == u"+url":
        try:
            from urllib.parse import quote
        except ImportError:
            from urllib import quote
        shown = value.replace(u"\\", u"/") if WINDOWS else value
        return quote(shown.encode("utf-8"), safe="/:" if WINDOWS else "/").encode("ascii")
    if form == u"+json":
        return json.dumps(value)[1:-1].encode("ascii")
    if form == u"+python":
        if PY2:
            return repr(value.encode("utf-8"))[1:-1]
        return repr(value)[1:-1].encode("utf-8")
    if form == u"+sh":
        return re.sub(br"([^A-Za-z0-9/._+=@:\x80-\xff-])", br"\\\1", value.encode("utf-8"))
    return value.encode("utf-8")


MARK = u"@binary-buildout-"
PLACEHOLDER = re.compile(br"@binary-buildout-(root|python|prefix)(\+url|\+json|\+python|\+sh)?@")
WIDE = dict((name, re.compile(b"".join(
    b"(" + b"|".join(re.escape(o.encode(name)) for o in part) + b")" + (b"?" if i == 2 else b"")
    for i, part in enumerate(((MARK,), (u"root", u"python", u"prefix"), FORMS[1:], (u"@",))))))
    for name in ("utf-16-le", "utf-16-be"))


def substitute(data, values, path):
    """Puts the values in the place of the placeholders."""
    if data[:2] == b"#!" and MARK.encode("ascii") in data.split(b"\n", 1)[0]:
        line, _, rest = data[2:].partition(b"\n")
        interpreter, _, arguments = line.strip().partition(b" ")
        fill = lambda part: PLACEHOLDER.sub(lambda m: spell(values[text(m.group(1))], u""), part)
        data = shebang(fill(interpreter), fill(arguments.strip()), substitute(rest, values, path))
    data = PLACEHOLDER.sub(lambda m: spell(values[text(m.group(1))], text(m.group(2) or b"")), data)
    for name, pattern in WIDE.items():
        if MARK.encode(name) in data:
            data = pattern.sub(lambda m: spell(values[m.group(2).decode(name)],
                                               (m.group(3) or b"").decode(name)).decode("utf-8").encode(name), data)
    for name in ("ascii", "utf-16-le", "utf-16-be"):
        if MARK.encode(name) in data:
            raise Refused(u"%s holds a placeholder that this program doesn't know" % path,
                          u"use the bootstrap.py of the same archive")
    return data


NAME = br"A-Za-z0-9_\-+~@\x80-\xff"
BEFORE = re.compile(br"/[." + NAME + br"]+\Z")
AFTER = re.compile(br"[" + NAME + br"]|\.[" + NAME + br"]")


def bounded(before, after):
    """Whether a path that stands between these bytes is no part of a longer one."""
    return not AFTER.match(after) and not BEFORE.search(before)


def replacer(old, new):
    """A function that replaces old root and interpreter by the new ones, in
    each form and encoding, longest first, at path boundaries."""
    pairs, wide = {}, {}
    for key in (u"root", u"python"):
        for form in FORMS:
            pairs.setdefault(spell(old[key], form), spell(new[key], form))
        for name in ("utf-16-le", "utf-16-be"):
            wide.setdefault(old[key].encode(name), (new[key].encode(name), name))
    pattern, wide_pattern = longest_first(pairs), longest_first(wide)

    def narrow(found):
        data, start, end = found.string, found.start(), found.end()
        if bounded(data[max(0, start - 4096):start], data[end:end + 2]):
            return pairs[found.group()]
        return found.group()

    def broad(found):
        data, start, end = found.string, found.start(), found.end()
        value, name = wide[found.group()]
        plain = lambda part: part.decode(name, "ignore").encode("utf-8")
        if bounded(plain(data[max(0, start - 4096):start]), plain(data[end:end + 4])):
            return value
        return found.group()

    def run(data):
        script = plain_shebang(data)
        changed = wide_pattern.sub(broad, pattern.sub(narrow, script))
        line = script.split(b"\n", 1)[0]
        for key in (u"python", u"root"):
            start = b"#!" + old[key].encode("utf-8")
            if line.startswith(start) and not AFTER.match(line, len(start)):
                more, _, arguments = line[len(start):].partition(b" ")
                return shebang(new[key].encode("utf-8") + more, arguments.strip(), changed.partition(b"\n")[2])
        return changed
    return run


def longest_first(pairs):
    return re.compile(b"|".join(re.escape(o) for o in sorted(pairs, key=lambda o: (-len(o), o))))


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
    """A Mach-O file needs its (ad hoc) signature anew after any change."""
    run = subprocess.Popen(["/usr/bin/codesign", "-s", "-", "-f", path],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = run.communicate()[0]
    if run.returncode:
        raise Refused(u"signing %s: %s" % (text(path), text(out).strip()), u"", 3)


MACHO = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
         b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")


def bytecode(path, source, filename, mtime):
    """A .pyc of a source that we relocated, or None if it doesn't compile.
    From 3.7 on it is never compared with its source's time."""
    import marshal
    level = re.search(u"\\.opt-([12])\\.pyc$", path)
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
    return importlib.util.MAGIC_NUMBER + struct.pack("<I", 1) + importlib.util.source_hash(source) + body


def source_of(path):
    """The source that a .pyc is compiled from."""
    folder, _, name = path.rpartition(u"/")
    if folder.rpartition(u"/")[2] == u"__pycache__":
        return folder[:-len(u"__pycache__")] + name.split(u".")[0] + u".py"
    return path[:-1]


# ---- the tree ---------------------------------------------------------------

class Tree(object):
    """This directory, and what is known of it. Paths are the manifest's."""

    def __init__(self, root):
        self.root = root
        self.base = native(root)
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
        """The path for the system's calls. No directory on the way may be a link."""
        parts = path.split(u"/")
        for i in range(1, len(parts)):
            folder = u"/".join(parts[:i])
            if folder in self.safe:
                continue
            full = os.path.join(self.base, native(folder))
            if os.path.lexists(full):
                if not stat.S_ISDIR(os.lstat(full).st_mode):
                    raise Refused(u"%s is no directory" % folder, u"unpack the archive again")
                self.safe.add(folder)
        return os.path.join(self.base, native(path))

    def content(self, path):
        """The bytes and the stat of a regular file, or None, None."""
        full = self.inside(path)
        if not os.path.lexists(full):
            return None, None
        found = os.lstat(full)
        if not stat.S_ISREG(found.st_mode):
            return None, None
        return read_file(full), found

    def values(self):
        """The values that the tree was last fitted to, or None."""
        return values_of(self.state) if self.state and self.state.get("root") else None

    def run_launcher(self, python, arguments):
        command = [native(python.path), "-sSE", os.path.join(self.base, native(LAUNCHER))] + arguments
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.base)
        out, err = run.communicate()
        if run.returncode:
            raise Refused(u"running %s: %s" % (LAUNCHER, text(err).strip() or run.returncode))
        return text(out)

    def check_owner(self):
        """Root doesn't run, or write into, what another user can change."""
        if WINDOWS or os.geteuid() != 0:
            return
        for path in (u"", OWN, MANIFEST, LAUNCHER, u"bootstrap.py", u"bin"):
            full = os.path.join(self.base, native(path)) if path else self.base
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


def values_of(state):
    """root, python and prefix of a state, or of its pending record."""
    return {u"root": state["root"], u"python": state["interpreter"], u"prefix": state.get("prefix", u"")}


class Step(object):
    """One file that gets new content."""

    def __init__(self, path, temporary, before, after, keep, fitted):
        self.path = path            # in the tree
        self.temporary = temporary  # written and synced, beside it
        self.before = before        # digest; None if there is no such file yet
        self.after = after
        self.keep = keep            # the file is the archive's, and goes to origin/
        self.fitted = fitted        # the new one is made of the archive's

    def record(self):
        return [self.before, self.after, self.fitted]


class Relocation(object):
    """One fitting of a tree to new values. Decides, stages, then renames."""

    def __init__(self, tree, new, python):
        self.tree, self.new, self.python = tree, new, python
        self.old = tree.values()
        state = tree.state or {}
        self.first = not state.get("root")  # never fitted whole
        self.pending = state.get("pending") or {}
        self.known = dict(state.get("files") or {})
        self.fitted = {}  # those that are made from the archive's version
        self.steps = []
        self.links = []
        self.sources = {}
        self.files = dict(self.known)
        self.staged = []

    # -- deciding and staging

    def temporary(self, path):
        """A name beside a file, always the same: a run that was killed leaves
        one there, and the next takes it away."""
        folder = path.rpartition(u"/")[0]
        name = u".binary-buildout-" + digest(path.encode("utf-8"))[:12]
        found = self.tree.inside((folder + u"/" if folder else u"") + name)
        if os.path.lexists(found):
            os.unlink(found)
        return found

    def original(self, path, item=None):
        """What is on disk, the archive's version of it if that is known, and
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
        """The digests that this file has if we made it of the archive's version."""
        found = [((self.tree.state or {}).get("fitted") or {}).get(path)]
        pending = self.pending.get("files", {}).get(path)
        if pending and pending[2]:
            found.append(pending[1])
        return found

    def stage(self, path, data, new, mode, times, keep, fitted=False):
        """Lays a file's new content beside it. keep: what is there is the
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
        self.staged.append(temporary)
        write_new(temporary, new, mode, times)
        if new[:4] in MACHO and sys.platform == "darwin":
            sign(temporary)
            with open(temporary, "rb") as f:
                new = f.read()
            if fitted:
                self.fitted[path] = digest(new)
        self.steps.append(Step(path, temporary, digest(data) if data is not None else None, digest(new), keep, fitted))
        self.files[path] = digest(new)

    def moved(self):
        return self.old != self.new or bool(self.pending)

    def decide(self):
        """Stages everything but .installed.cfg and bin/buildout."""
        manifest = self.tree.manifest
        late = []
        for item in manifest["relocations"]:
            if item["path"] in (INSTALLED, u"bin/buildout"):
                continue
            if item["class"] == u"link":
                self.decide_link(item)
            elif item["class"] == u"bytecode":
                late.append(item)
            else:
                self.decide_file(item)
        for item in late:
            self.decide_bytecode(item)
        listed = set(item["path"] for item in manifest["relocations"]) | set((INSTALLED, u"bin/buildout"))
        for path in sorted(self.known):
            if path not in listed:
                self.decide_other(path)

    def decide_file(self, item):
        path = item["path"]
        data, origin, fresh, found = self.original(path, item)
        if data is None:
            if self.first:
                raise Refused(u"%s is missing" % path, u"unpack the archive again")
            self.files.pop(path, None)  # buildout removed it
            return
        if origin is None:
            if self.moved() and item["class"] == u"text":
                new = self.replaced(path, data)
                self.stage(path, data, new, stat.S_IMODE(found.st_mode), None, False)
                if path.endswith(u".py"):
                    self.sources[path] = new, int(found.st_mtime)
            else:
                self.files[path] = digest(data)
            return
        if item["class"] == u"cstring":
            new = put_strings(origin, item, self.new[u"root"])
        else:
            new = substitute(origin, self.new, path)
            if path.endswith(u".py"):
                self.sources[path] = new, int(found.st_mtime)
        self.stage(path, data, new, item["mode"] or stat.S_IMODE(found.st_mode),
                   (found.st_mtime, found.st_mtime), fresh, True)

    def replaced(self, path, data):
        """A file that buildout or a person changed: old values to new ones.
        One that a killed run has already done stays."""
        before_after = self.pending.get("files", {}).get(path)
        if before_after and digest(data) == before_after[1]:
            return data
        return replacer(self.old, self.new)(data)

    def decide_other(self, path):
        """A file that buildout wrote here."""
        full = self.tree.inside(path)
        if not os.path.lexists(full):
            del self.files[path]
            return
        if os.path.islink(full):
            target = exact(os.readlink(full), path)
            inside = target == self.old[u"root"] or target.startswith(self.old[u"root"] + u"/")
            if inside and self.moved():
                target = self.new[u"root"] + target[len(self.old[u"root"]):]
                self.links.append((path, target))
            self.files[path] = u"link:" + target
            return
        data, found = self.tree.content(path)
        if data is None:
            del self.files[path]
        elif self.moved():
            self.stage(path, data, self.replaced(path, data), stat.S_IMODE(found.st_mode), None, False)

    def decide_link(self, item):
        found = re.match(u"@binary-buildout-(root|python|prefix)@(.*)$", item["link"])
        target = self.new[found.group(1)] + found.group(2)
        path = item["path"]
        full = self.tree.inside(path)
        folder = self.tree.inside(path.rpartition(u"/")[0]) if u"/" in path else self.tree.base
        if not os.path.isdir(folder):
            if self.first:
                raise Refused(u"%s is missing" % path.rpartition(u"/")[0], u"unpack the archive again")
            return
        self.temporary(path)
        if os.path.lexists(full):
            if not os.path.islink(full):
                if self.first:
                    raise Refused(u"%s is there already, and is no link" % path, u"unpack the archive again")
                return
            if os.readlink(full) == native(target):
                return
        self.links.append((path, target))

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
            self.stage(path, data, new, item["mode"] or 0o644, None, False)

    # -- changing

    def check_writable(self):
        folders = set([u"", OWN]) | set(s.path.rpartition(u"/")[0] for s in self.steps)
        for folder in sorted(folders):
            full = self.tree.inside(folder) if folder else self.tree.base
            if os.path.isdir(full) and not os.access(full, os.W_OK):
                raise Refused(u"%s is read-only" % text(full), u"make it writable for this user", 3)

    def unstage(self):
        for path in self.staged:
            try:
                os.unlink(path)
            except OSError:
                pass

    def mark(self, signatures):
        """From here on, what was begun is finished."""
        state = dict(self.tree.state or {})
        state.setdefault("format", FORMAT)
        for key in ("root", "interpreter", "archive", "config"):
            state.setdefault(key, u"")
        state.setdefault("files", {})
        state["pending"] = {"root": self.new[u"root"], "interpreter": self.new[u"python"],
                            "prefix": self.new[u"prefix"], "archive": self.tree.archive,
                            "signatures": signatures,
                            "files": dict((s.path, s.record()) for s in self.steps)}
        pending = self.pending.get("files", {})
        for path in pending:  # of an interrupted run; done already, or staged again
            if path not in state["pending"]["files"]:
                state["pending"]["files"][path] = pending[path]
        write_json(self.tree.base, STATE, state)

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
        for step in self.steps:
            if step.keep:
                self.keep_origin(step.path)
            replace(step.temporary, self.tree.inside(step.path))
        for path, target in self.links:
            temporary = self.temporary(path)
            os.symlink(native(target), temporary)
            replace(temporary, self.tree.inside(path))

    def finish(self, signatures):
        """.installed.cfg, bin/buildout, and the state: the last writes."""
        items = dict((item["path"], item) for item in self.tree.manifest["relocations"])
        self.steps, self.staged = [], []
        self.decide_installed(items.get(INSTALLED), signatures)
        self.decide_buildout()
        state = read_json(self.tree.base, STATE)
        state["pending"]["files"].update((s.path, s.record()) for s in self.steps)
        write_json(self.tree.base, STATE, state)
        self.apply_late()
        del state["pending"]
        state.update(format=FORMAT, mode=u"target", archive=self.tree.archive, files=self.files, fitted=self.fitted,
                     root=self.new[u"root"], interpreter=self.new[u"python"], prefix=self.new[u"prefix"],
                     signatures=dict((name, new) for name, _, new in signatures))
        state.setdefault("config", u"")
        write_json(self.tree.base, STATE, state)
        self.tree.state = state

    def apply_late(self):
        links, self.links = self.links, []
        self.apply()
        self.links = links

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
            new = data if done else replacer(self.old, self.new)(data)
        for name, olds, hashed in signatures:
            for old in olds:
                new = new.replace((name + u"-" + old).encode("utf-8"), (name + u"-" + hashed).encode("utf-8"))
        self.stage(INSTALLED, data, new, mode, (found.st_mtime, found.st_mtime), fresh, origin is not None)

    def decide_buildout(self):
        launch = read_json(self.tree.base, LAUNCH)
        if launch is None:
            return
        for path, new in buildout_scripts(self.tree, launch, self.new):
            data, _ = self.tree.content(path)
            folder = self.tree.inside(u"bin/x").rpartition(native(u"/"))[0]
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o755)
            self.stage(path, data, new, 0o755, None, False)


BUILDOUT = br'''# Written by bootstrap.py: runs the zc.buildout of this tree, as %(launcher)s says.
import sys; sys.path[:] = sys.path[not (getattr(sys.flags, "isolated", 0) or getattr(sys.flags, "safe_path", 0)):]
import os
launcher = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), ".binary-buildout", "launcher.py")
sys.argv[0] = os.path.abspath(__file__)
sys.argv[1:1] = ["--mode=target"]
with open(launcher, "rb") as f:
    code = compile(f.read(), launcher, "exec")
exec(code, {"__name__": "__main__", "__file__": launcher})
'''


def buildout_scripts(tree, launch, values):
    """bin/buildout, and on Windows the program that starts it."""
    body = BUILDOUT.replace(b"%(launcher)s", LAUNCHER.encode("ascii"))
    if launch.get("virtualenv"):
        python, flags = values[u"root"] + u"/bin/python", b"-sE"
    else:
        python, flags = values[u"python"], b"-sSE"
    script = shebang(python.encode("utf-8"), flags, body)
    if not WINDOWS:
        return [(u"bin/buildout", script)]
    found = [(u"bin/buildout-script.py", script)]
    for egg in launch.get("path") or ():
        for name in (u"cli-64.exe", u"cli.exe"):
            data, _ = tree.content(egg + u"/setuptools/" + name)
            if data:
                return found + [(u"bin/buildout.exe", data)]
    return found + [(u"bin/buildout.cmd", b"@\"" + python.encode("utf-8") + b"\" " + flags +
                     b" \"%~dp0buildout-script.py\" %*\r\n")]


def signatures_of(tree, python):
    """The hash of each develop directory as it is now, by the tree's own zc.buildout."""
    signatures = tree.manifest["signatures"]
    if not signatures:
        return []
    out = tree.run_launcher(python, ["--signature"] + [native(s["path"]) for s in signatures]).split()
    if len(out) != len(signatures):
        raise Refused(u"running %s: no signatures" % LAUNCHER)
    return out


def fit(tree, new, python):
    """Fits the tree to the values, and gives the number of files that changed."""
    work = Relocation(tree, new, python)
    try:
        work.check_writable()
        work.decide()
        work.check_writable()
        before = known_signatures(tree, python, work)
        if work.steps or work.links or work.old != new or work.pending or tree.state.get("archive") != tree.archive:
            work.mark(before)
    except BaseException:
        work.unstage()
        raise
    count = len(work.steps) + len(work.links)
    if not count and work.old == new and not work.pending and tree.state.get("archive") == tree.archive:
        return finish_same(tree, work)
    work.apply()
    names = [s["name"] for s in tree.manifest["signatures"]]
    after = signatures_of(tree, python)
    work.finish([(name, before.get(name, []), hashed) for name, hashed in zip(names, after)])
    return count + len(work.steps)


def finish_same(tree, work):
    """Nothing moved: only bin/buildout may have to be written again."""
    work.steps, work.staged = [], []
    work.decide_buildout()
    if not work.steps:
        return 0
    work.apply_late()
    state = dict(tree.state, files=work.files)
    write_json(tree.base, STATE, state)
    return len(work.steps)


def known_signatures(tree, python, work):
    """For each name the hashes that .installed.cfg may hold for it."""
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


# ---- --check ----------------------------------------------------------------

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
            bad(u"missing: " + path)
            continue
        found = os.lstat(full)
        if kind == u"dir":
            if not stat.S_ISDIR(found.st_mode):
                bad(u"no directory: " + path)
        elif kind == u"link":
            if not stat.S_ISLNK(found.st_mode) or text(os.readlink(full)) != entry.get("link"):
                bad(u"changed: " + path)
        elif not stat.S_ISREG(found.st_mode):
            bad(u"no file: " + path)
        elif digest(read_file(full)) not in (left.get(path) or entry.get("sha256"),):
            bad(u"changed: " + path)
    if wrong:
        for line in wrong[:20]:
            say(line)
        if len(wrong) > 20:
            say(u"and %d more" % (len(wrong) - 20))
        raise Refused(u"%d files are not as they were left" % len(wrong),
                      u"unpack the archive again where that was not you")
    say(u"%d files are as they should be" % len(files.get("files") or ()))
    return 0


# ---- main -------------------------------------------------------------------

def bootstrap(base, root):
    """Fits the tree that lies in base to root: the same place, or the one that
    it will be renamed to."""
    tree = Tree(base)
    manifest = tree.manifest
    python = Python(native(base))
    tree.check_owner()
    check_system(manifest, python)
    check_libraries(manifest, python)
    check_place(manifest, root, python)
    if not os.access(os.path.join(tree.base, native(OWN)), os.W_OK) or not os.access(tree.base, os.W_OK):
        raise Refused(u"%s is read-only" % base, u"make it writable for this user", 3)
    held = lock(tree.base)
    say(u"%s %s for %s, with %s" % (manifest["name"], manifest["version"], manifest["target"], python.path))
    try:
        if os.path.lexists(tree.inside(JOURNAL)):
            tree.run_launcher(python, ["--recover"])
            say(u"an interrupted bin/buildout was undone")
            tree = Tree(root)
        new = {u"root": root, u"python": python.path, u"prefix": python.prefix}
        pending = (tree.state or {}).get("pending")
        if pending and values_of(pending) != new and pending.get("archive") == tree.archive:
            fit(tree, values_of(pending), python)  # finish what was begun before this move
        count = fit(tree, new, python)
    finally:
        held.close()
    say(u"%d files relocated" % count if count else u"nothing to do: it is set up for this place and this Python")
    say(u"next: bin/buildout" if not WINDOWS else u"next: bin\\buildout")
    return 0


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        say(text(HELP.rstrip()))
        return 0
    try:
        root = exact(os.path.realpath(os.path.dirname(os.path.abspath(__file__))), u"the path of this directory")
        if arguments == ["--check"]:
            return check(Tree(root))
        if len(arguments) == 2 and arguments[0] == "--root":
            return bootstrap(root, exact(os.path.abspath(arguments[1]), u"the path of --root"))
        if arguments:
            raise Refused(u"unknown argument %s" % text(arguments[0]), u"python bootstrap.py --help", 2)
        return bootstrap(root, root)
    except (Refused, EnvironmentError) as e:
        return complain(e)
    except KeyboardInterrupt:
        return complain(Refused(u"interrupted", u"run it again: it goes on where it was", 130))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
