"""Which archive of a release fits, by the rules of internal/interpreter/fits.go."""
import re

from abi import runs_abi
from interpreters import system_words, this_system
from tags import number, platform_needs, same_arch
from words import Stop


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
