"""The manifest's relocations: which of them are of our making."""
import json
import re

from system import MANIFEST, OWN, Refused, WINDOWS


def check_manifest(manifest):
    """Refuses a manifest that has the right shape (see documents.py) and isn't
    of our making, before any of it is used. What may be missing is there then."""
    def bad(what):
        raise Refused(u"%s is damaged: %s" % (MANIFEST, what), u"unpack the archive again")

    for key in ("floors", "system_libraries", "relocations", "signatures"):
        manifest.setdefault(key, [])
    manifest.setdefault("longest_path", u"")
    for lib in manifest["system_libraries"]:
        lib.setdefault("needed_by", u"?")
        if u"/" in lib["name"] and not lib["name"].startswith(u"/"):
            bad(u"system_libraries")
    seen = set()
    for item in manifest["relocations"]:
        check_relocation(item, seen, bad)
    for signature in manifest["signatures"]:
        if signature["path"] != u".":
            check_path(signature["path"], bad)


def check_relocation(item, seen, bad):
    path, shape, link = item["path"], item.get("class"), item.get("link") or u""
    check_path(path, bad)
    if path in seen:
        bad(u"%s is there twice" % path)
    seen.add(path)
    if path.split(u"/")[0] == OWN or path == u"bootstrap.py":
        bad(u"%s can't be relocated" % path)
    if shape not in (u"text", u"cstring", u"link", u"bytecode"):
        bad(u"%s has the unknown class %s" % (path, json.dumps(shape)))
    if shape == u"link" and (not LINK.match(link) and not OUTSIDE.match(link) or u".." in link.split(u"/")):
        bad(u"%s points to %s" % (path, json.dumps(item.get("link"))))
    for key, usual in (("mode", 0), ("size", 0), ("sha256", u""), ("splits", {}), ("cstrings", [])):
        item.setdefault(key, usual)
    for string in item["cstrings"]:
        if not 0 < string["prefix"] <= len(string["old"].encode("utf-8")):
            bad(u"a string of %s" % path)


LINK = re.compile(u"(?s)@binary-buildout-(root|python|prefix)@(/.*)?\\Z")
OUTSIDE = re.compile(u"[A-Za-z]:[/\\\\]" if WINDOWS else u"/")


def link_target(item, values):
    """Says where a link leads to: below a value, or, where pack was told to let it
    pass (--allow-outside), to the absolute path that it had there."""
    found = LINK.match(item["link"])
    return values[found.group(1)] + (found.group(2) or u"") if found else item["link"]


def check_path(path, bad):
    """Refuses a listed path that is absolute, has no plain slashes, or climbs."""
    parts = path.split(u"/")
    if (u"" in parts or u"." in parts or u".." in parts or u"\0" in path
            or (WINDOWS and re.search(u'[\\\\:<>"|?*]', path))):
        bad(u"%s isn't a path in the tree" % json.dumps(path))
