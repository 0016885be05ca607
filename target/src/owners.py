"""What is whose in develop-eggs."""
import os
import re

from system import native, read_file, text


def normal(name):
    return re.sub(u"[-_.]+", u"_", name).lower().strip(u"_")


def package_of(link):
    """The package that a NAME.egg-link is for."""
    return normal(link[:-len(u".egg-link")])


def owner(name, packages):
    """The package that a file of develop-eggs was made for, by its name."""
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


def record_names(folder):
    """What lies beside a .dist-info because its wheel was installed there."""
    path = os.path.join(folder, native(u"RECORD"))
    lines = text(read_file(path)).splitlines() if os.path.isfile(path) else []
    found = set(line.rsplit(u",", 2)[0].strip(u'"').split(u"/")[0] for line in lines)
    return found - set([u"", u"..", u"__pycache__"])
