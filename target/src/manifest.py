"""The manifest's relocations: which of them are of our making."""
import json
import re

from system import MANIFEST, OWN, Refused, WINDOWS


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
        found = isinstance(link, kind) and (LINK.match(link) or OUTSIDE.match(link))
        if not found or u".." in link.split(u"/") or u"\0" in link:
            bad(u"%s points to %s" % (path, json.dumps(link)))
    splits = item.setdefault("splits", {})
    if not isinstance(splits, dict) or not all(isinstance(v, kind) for v in splits.values()):
        bad(path)
    for string in item.get("cstrings") or ():
        if not (isinstance(string, dict) and isinstance(string.get("old"), kind)
                and isinstance(string.get("offset"), int) and isinstance(string.get("prefix"), int)
                and 0 <= string["offset"] and 0 < string["prefix"] <= len(string["old"].encode("utf-8"))):
            bad(u"a string of %s" % path)


LINK = re.compile(u"(?s)@binary-buildout-(root|python|prefix)@(/.*)?\\Z")
OUTSIDE = re.compile(u"[A-Za-z]:[/\\\\]" if WINDOWS else u"/")


def link_target(item, values):
    """Where a link leads to: below a value, or, where pack was told to let it
    pass (--allow-outside), to the absolute path that it had there."""
    found = LINK.match(item["link"])
    return values[found.group(1)] + (found.group(2) or u"") if found else item["link"]


def check_path(path, bad):
    """Listed paths are relative, with slashes, and don't climb."""
    parts = path.split(u"/")
    if (u"" in parts or u"." in parts or u".." in parts or u"\0" in path
            or (WINDOWS and re.search(u'[\\\\:<>"|?*]', path))):
        bad(u"%s is no path in the tree" % json.dumps(path))
