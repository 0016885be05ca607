"""Which archive of a release fits, by the rules of internal/install/fits.go."""
import re

from interpreters import system_words, this_system
from words import Stop, number


# Which archive fits, by the rules of internal/install/fits.go.

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


def needs(asset):
    """ABI, system, architecture, libc and floor that an archive asks for."""
    abi, _, platform = asset["target"].partition("-")
    n = platform_needs(platform)
    n["abi"] = abi
    for f in asset.get("floors") or []:
        if n["system"] == "linux" and not n["libc"] and f["kind"] in ("glibc", "musl"):
            n["libc"] = f["kind"]
        if f["kind"] == n["libc"] or f["kind"] == "macos" == n["system"]:
            if not n["floor"] or number(f["version"]) > number(n["floor"]):
                n["floor"] = f["version"]
    return n


def same_arch(wanted, have):
    if wanted == "universal2":
        return have in ("arm64", "x86_64")
    if wanted == "intel":
        return have in ("x86_64", "i386")
    return ARCH.get(wanted, wanted) == ARCH.get(have, have)


def plain_abi(abi):
    return abi[:-1] if abi.startswith("cp3") and abi.endswith("m") else abi


def loads(have, wanted):
    """Whether a Python loads what was compiled for an ABI. From 3.8 on a debug build also
    loads what a release build does, and never the other way round."""
    m = re.match(r"cp3(\d+)", have)
    return plain_abi(wanted) == plain_abi(have) or bool(m) and int(m.group(1)) >= 8 and have == wanted + "d"


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
    if not loads(p["abi"], n["abi"]):
        return 2, "it is for " + python_words(n["abi"])
    return None


def choose(index, name, found, label):
    """The asset that fits the newest Python; of several, the one with the highest floor."""
    fit = []
    for a in index["archives"]:
        n = needs(a)
        able = [p for p in found if not unfit(n, p)]
        if able and label in ("", a.get("label") or ""):
            # Rather one that is not of a virtualenv.
            p = max(able, key=lambda p: (not p["virtualenv"], number(p["version"])))
            fit.append(((number(p["version"]), not a.get("label"), number(n["floor"])), a, p))
    if not fit:
        raise nothing_fits(index, name, found, label)
    _, best, python = max(fit, key=lambda f: f[0])
    labels = sorted(set(a.get("label") for _, a, _ in fit if a["target"] == best["target"]) if best.get("label") else [])
    if len(labels) > 1 and not label:
        raise Stop(2, "choosing from %s: several archives of %s fit: %s" % (name, best["target"], ", ".join(labels)), "name one with --label")
    return best, python


def distance(wanted, have):
    """How far two versions of Python are apart; of two equally far ones the newer is nearer."""
    w, h = [int(m.group(1)) * 100 + int(m.group(2)) if m else 0 for m in [re.match(r"cp(\d)(\d+)", abi) for abi in (wanted, have)]]
    return -w if not h else 2 * (h - w) + 1 if w < h else 2 * (w - h)


def nothing_fits(index, name, found, label):
    has = ", ".join(a["target"] + (" (%s)" % a["label"] if a.get("label") else "") for a in index["archives"])
    near = []
    for a in index["archives"]:
        n = needs(a)
        for p in found:
            rank, why = unfit(n, p) or (1, "it has another label, \"%s\"" % (a.get("label") or ""))
            near.append(((rank, distance(n["abi"], p["abi"]), number(n["floor"])), why, a["target"], n["abi"], p))
        if not found:
            near.append(((2, distance(n["abi"], "")), "it is for " + python_words(n["abi"]), a["target"], n["abi"], None))
    key, why, target, abi, p = min(near, key=lambda w: w[0])
    if key[0] == 1:
        hint = "leave --label out, or name one of these"
    elif key[0] == 2:
        hint = "install %s, or name an interpreter with --python" % python_words(abi)
    else:
        hint = "have it built for this system too, " + system_words(p) + (" or older" if key[0] == 3 else "")
    return Stop(2, "nothing fits: this system is %s; %s has %s; closest is %s: %s" % (this_system(found), name, has, target, why), hint)
