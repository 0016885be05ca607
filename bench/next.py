"""next.py TABLE: what this interpreter has that TABLE (internal/cpython/pythons.json) doesn't know.

It prints one line for each unknown thing, and this interpreter's own line of
the table. The exit code is 1 if anything is unknown; that a version is new, and has
a number, a magic and a marshal of its own, is said and is no fault. next.sh puts
internal/cpython/marshaltypes.py in front.
"""
import importlib.machinery
import importlib.util
import json
import marshal
import re
import sys
import sysconfig

# What a build or an ABI may depend on; the rest says how this interpreter was compiled.
KEYS = re.compile(r"ABI|SUFFIX|^Py_[A-Z]|^WITH_PYMALLOC$|^(LIBDIR|LDLIBRARY|LDVERSION|INSTSONAME|MULTIARCH|PLATLIBDIR|CC|CXX)$|TRIPLET")


def suffixes():
    """The ends of an extension's name, with what differs between builds of a version in braces."""
    version = "%d%d" % sys.version_info[:2]
    ends = []
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        suffix = re.sub(r"(cpython-|cp)%s[a-z]*" % version, r"\1{version}", suffix)
        ends.append(re.sub(r"(\{version\}|\.abi3t?)-[^.]+", r"\1-{platform}", suffix))
    return sorted(set(ends))


def entries():
    """The prefixes of a module's entry: of each CPython has a second string, with a U, for names that aren't ASCII (PEP 489)."""
    names = set()
    for path in {sys.executable, library()} - {None}:
        with open(path, "rb") as f:
            names.update(re.findall(b"(?<=\0)Py[A-Z][A-Za-z]+(?=\0)", f.read()))
    return sorted(n.decode() for n in names if n + b"U" in names)


def library():
    """The shared libpython that this interpreter runs by, or None."""
    try:
        with open("/proc/self/maps") as f:
            found = re.search(r"/\S*/libpython3\S*", f.read())
    except IOError:
        return None
    return found and found.group()


def line():
    return {
        "version": "%d.%d" % sys.version_info[:2],
        "magic": int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little"),
        "marshal": marshal.version,
        "marshal_types": marshal_types(),  # noqa: F821
        "suffixes": suffixes(),
        "entries": entries(),
        "sysconfig": sorted(k for k in sysconfig.get_config_vars() if KEYS.search(k)),
    }


def unknown(here, table):
    """Lines that say what of here the table doesn't have: of its own version's line, or of the newest."""
    rows = table["pythons"]
    same = [r for r in rows if r["version"] == here["version"]]
    known = same[0] if same else rows[-1]
    for key in ("magic", "marshal") if same else ():
        if here[key] != known[key]:
            yield "%s: %s, and the table has %s" % (key, here[key], known[key])
    for c in here["marshal_types"]:
        if c not in known["marshal_types"]:
            yield "marshal type code: %r" % c
    for key, name in (("suffixes", "extension suffix"), ("entries", "entry"), ("sysconfig", "sysconfig key")):
        for value in here[key]:
            if not any(value in r[key] for r in (rows if key == "sysconfig" else [known])):
                yield "%s: %s" % (name, value)
    for key, name in (("suffixes", "extension suffix"), ("entries", "entry")):
        for value in known[key]:
            if value not in here[key] and not value.startswith(".abi3"):  # which of these there are differs between builds
                yield "%s that is gone: %s" % (name, value)


def main(path):
    with open(path) as f:
        table = json.load(f)
    here = line()
    newest = table["pythons"][-1]
    if here["version"] not in [r["version"] for r in table["pythons"]]:
        print("new: Python %s; the table ends at %s" % (here["version"], newest["version"]))
        for key in ("magic", "marshal"):
            print("new: %s %s; that of %s is %s" % (key, here[key], newest["version"], newest[key]))
    lines = list(unknown(here, table))
    for said in lines:
        print("unknown: " + said)
    print("its line: " + json.dumps(here))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
