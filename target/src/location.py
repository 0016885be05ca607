"""Which path a tree can lie at, and an interpreter."""
import json
import re
import sys

from starter import code_page
from system import Refused, WINDOWS


# The characters of a path that no format we know has to quote, and the space,
# parentheses and non-ASCII letters, which the placeholders' forms take care of.
PLAIN = re.compile(u"[A-Za-z0-9/._+=@~^() \u0080-\U0010ffff-]*\\Z" if sys.maxunicode > 0xffff
                   else u"[A-Za-z0-9/._+=@~^() \u0080-\uffff-]*\\Z")
WINDOWS_PLAIN = re.compile(u"[A-Za-z0-9/._+=@~^() \\\\:\u0080-\uffff-]*\\Z")


def usable(path, what):
    """Refuses a path that a script, a configuration or a shell can't hold."""
    if not (WINDOWS_PLAIN if WINDOWS else PLAIN).match(path):
        bad = sorted(set(re.sub(u"[A-Za-z0-9/._+=@~^() \u0080-\uffff-]", u"", path)))
        raise Refused(u"%s has a character that scripts and configurations can't hold (%s): %s"
                      % (what, u" ".join(json.dumps(c) for c in bad), json.dumps(path)),
                      u"letters, digits, spaces and . _ - + = @ ~ ( ) will do", 2)
    if re.search(u"coding[:=][ \t]*[-\\w.]", path):
        raise Refused(u"%s has what Python takes for a script's encoding: %s" % (what, json.dumps(path)),
                      u"use a path without \"coding=\"", 2)
    if any(part != part.strip() for part in path.split(u"/")):
        raise Refused(u"%s has a directory whose name begins or ends with a space: %s"
                      % (what, json.dumps(path)), u"use another name", 2)


def check_letters(path, what):
    """Refuses what setuptools' NAME.exe can't start, or Python opens by another
    encoding than UTF-8."""
    try:
        path.encode("ascii")
        return
    except UnicodeError:
        pass
    page = code_page()
    try:
        path.encode("utf-8" if page == u"cp65001" else page)
    except (UnicodeError, LookupError):
        raise Refused(u"%s has letters that are not in the code page of this Windows (%s), which scripts are started by: %s"
                      % (what, page, path), u"use a path of plain letters", 2)
    if sys.version_info < (3, 7):
        raise Refused(u"%s has letters that aren't ASCII, and Python before 3.7 reads no UTF-8 on Windows: %s"
                      % (what, path), u"use a path of plain letters", 2)


def check_place(manifest, root, python):
    """Refuses a path that is too long, or that formats can't hold."""
    usable(root, u"the path of this directory")
    usable(python.path, u"the interpreter's path")
    longest = None
    spaced = [(name, path) for name, path in ((u"root", root), (u"python", python.path)) if u" " in path]
    for item in manifest["relocations"]:
        for name, path in spaced:
            if (item.get("splits") or {}).get(name):
                raise Refused(u"%s can't hold a path with a space (%s), and there is one in %s"
                              % (item["path"], item["splits"][name], json.dumps(path)),
                              u"use a path without spaces, or put quotes around it in what writes that file and pack again", 2)
        for string in item.get("cstrings") or ():
            if longest is None or string["prefix"] < longest[0]:
                longest = string["prefix"], item["path"]
    size = len(root.encode("utf-8"))
    if longest and size > longest[0]:
        raise Refused(u"the path of this directory has %d bytes, and %s takes no more than %d"
                      % (size, longest[1], longest[0]), u"move the tree to a shorter path", 2)
    if WINDOWS:
        check_letters(root, u"the path of this directory")
        check_letters(python.path, u"the interpreter's path")
    if WINDOWS and len(root) + 1 + len(manifest["longest_path"]) > 259:
        raise Refused(u"the path of this directory is too long: Windows takes 259 characters, and %s would have %d"
                      % (manifest["longest_path"], len(root) + 1 + len(manifest["longest_path"])),
                      u"move the tree to a path of at most %d characters"
                      % (258 - len(manifest["longest_path"])), 2)
