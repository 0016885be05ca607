"""The C library of this system, and its version; the version of macOS."""
import os
import re
import struct
import subprocess

from system import native, text


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
