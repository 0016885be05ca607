"""Whether an archive is for this Python and this system, and which one of its release is."""
import json
import os

from abi import runs_abi
from libraries import has_library
from system import PY2, Refused, WINDOWS, text
from tags import number, platform_needs, same_arch


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
