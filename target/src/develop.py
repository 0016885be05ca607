"""What is whose in develop-eggs: cases/owners.json has the rows that
internal/buildout is tested with too.
"""
import csv
import re

from system import PY2, text


def normal(name):
    return re.sub(u"[-_.]+", u"_", name).lower().strip(u"_")


def package_of(link):
    """Gives the package that a NAME.egg-link is for."""
    return normal(link[:-len(u".egg-link")])


def owner(name, packages):
    """Gives the package that a file of develop-eggs was made for, by its name."""
    if name.endswith(u".egg-link"):
        return package_of(name)
    if name.endswith((u".dist-info", u".egg-info")):
        named = normal(name.rpartition(u".")[0].split(u"-")[0])
        return named if named in packages else None
    plain = normal(name)
    if plain.startswith(u"editable_"):
        plain = plain[len(u"editable_"):]
    fitting = [p for p in packages if re.match(re.escape(p) + u"_([0-9]|nspkg_pth\\Z|editable_pth\\Z)", plain)]
    return max(fitting, key=len) if fitting else None


def owners_of(names, recorded):
    """Gives the package of each file of develop-eggs that has one. Names say it, and
    what names don't say, a RECORD does: each backend has its own names.
    recorded: gives the RECORD of a .dist-info, as bytes."""
    packages = [package_of(n) for n in names if n.endswith(u".egg-link")]
    found = dict((n, owner(n, packages)) for n in names)
    for name in sorted(names):
        if found[name] and name.endswith(u".dist-info"):
            for beside in record_names(recorded(name)):
                found[beside] = found[name]
    return dict((n, package) for n, package in found.items() if package)


def record_names(data):
    """Gives what lies beside a .dist-info because its wheel was installed there: its
    RECORD is in the form of Python's csv (PEP 376)."""
    lines = [line if PY2 else text(line) for line in data.replace(b"\0", b"").splitlines()]
    try:
        found = set(text(line[0]).split(u"/")[0] for line in csv.reader(lines) if line)
    except csv.Error:  # a quote without an end
        return set()
    return found - set([u"", u"..", u"__pycache__"])
