"""Whether an archive is for this Python and this system, and which one of its release is."""
import os
import re
import sys

from libc import libc, macos_version
from libraries import has_library
from system import PY2, Refused, WINDOWS, text
from tags import canonical_arch, numbers, split_platform


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
    # From 3.8 on a debug build also loads what a release build does, and never the other way round.
    if python.abi not in (abi, abi + u"d" if sys.version_info >= (3, 8) else abi):
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
