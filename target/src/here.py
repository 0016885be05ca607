"""What the directory holds, as internal/install/here.go sees it."""
import hashlib
import json
import os
import re

from addresses import without_password
from words import Stop, WINDOWS, command, raw, read_json
from work import delete, rename


# What the directory holds, as internal/install/here.go sees it.

def real(path):
    """An absolute path without links. In a directory that all may write to, as
    /tmp is, another user may have made a link: the kernel does not follow it
    (protected_symlinks), and neither does this."""
    if WINDOWS:
        return os.path.realpath(path)
    at, names, links = "/", path.split("/"), 0
    while names:
        name = names.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            at = os.path.dirname(at)
            continue
        up, at = at, os.path.join(at, name)
        if not os.path.islink(at):
            continue
        links += 1
        if links > 40:
            raise Stop(2, "following the link %s: it leads in a circle" % path, "remove the link")
        above = os.stat(up)
        if above.st_mode & 0o1002 == 0o1002 and os.lstat(at).st_uid not in (os.geteuid(), above.st_uid):
            raise Stop(2, "following the link %s: another user made it, in a directory that everybody can write to" % at, "name what it points to, if that is meant")
        target = os.readlink(at)
        at, names = "/" if target[:1] == "/" else up, target.split("/") + names
    return at


def final(into):
    """The directory as an absolute path whose parent is real."""
    path = os.path.abspath(into)
    if os.path.islink(path):
        link, path = path, real(path)
        if not os.path.exists(path):
            raise Stop(2, "following the link %s: what it points to is not there" % link, "remove the link, or make what it points to")
    parent = real(os.path.dirname(path))
    if os.path.dirname(path) == path:
        raise Stop(2, path + " is the root of the file system")
    if not os.path.isdir(parent):
        raise Stop(2, "looking at %s: there is no such directory" % parent, "make the parent directory first")
    return os.path.join(parent, os.path.basename(path))


def look(path):
    """None if nothing is there, else manifest, state and record of what is."""
    if not os.path.lexists(path):
        return None
    if not os.path.isdir(path):
        raise Stop(2, path + " is not a directory", "give a directory that does not exist, or is empty")
    if not os.listdir(path) or interrupted(path):
        return None
    ours = os.path.join(path, ".binary-buildout")
    try:
        manifest = read_json(os.path.join(ours, "manifest.json"))
        what = "%s %s" % (manifest["name"], manifest["version"])
    except (EnvironmentError, ValueError, KeyError, TypeError):
        raise Stop(2, "installing into %s: it is not empty, and is no installation of binary-buildout" % path, "give another directory, or move this one away")
    try:
        state = read_json(os.path.join(ours, "state.json"))
    except (EnvironmentError, ValueError):
        state = {}
    if not state.get("root"):
        raise Stop(2, "installing into %s: bootstrap.py has not run in the %s that is unpacked there" % (path, what),
                   "run: %s, or move the directory away" % command("python", os.path.join(path, "bootstrap.py")))
    try:
        record = read_json(os.path.join(ours, "install.json"))
    except (EnvironmentError, ValueError):
        record = {}
    with open(os.path.join(ours, "manifest.json"), "rb") as f:
        return {"what": what, "sha256": record.get("sha256"), "base": hashlib.sha256(f.read()).hexdigest(), "state": state}


# Where the parent of the directory cannot be written, or it is a mount point:
# in it, as internal/install/place.go does it.
INSIDE = ".binary-buildout."


def moved(path):
    """What an interrupted install in the directory itself was moving up."""
    try:
        names = read_json(os.path.join(path, INSIDE + "new", "entries.json"))
    except (EnvironmentError, ValueError):
        return []
    return [n for n in names if isinstance(n, type(""))] if isinstance(names, list) else []


def interrupted(path):
    """Whether it holds nothing but what an install that was killed left."""
    known = set(moved(path) + [INSIDE + "new", INSIDE + "download"]) - set([".binary-buildout"])
    names = set(os.listdir(path))
    return names <= known and bool(names & set([INSIDE + "new", INSIDE + "download"]))


def undo(path):
    """Removes what was moved up; a name that leads elsewhere is none of ours."""
    for name in moved(path):
        if not name or name in (".", "..") or re.search(r"[/\\]", name):
            raise Stop(3, "clearing up after an interrupted install in %s: entries.json names %s" % (path, json.dumps(name)))
        delete(os.path.join(path, name))


def move_up(work, tree, path):
    """Renames the entries of the tree into the directory, .binary-buildout last."""
    names = sorted(n for n in os.listdir(tree) if n != ".binary-buildout") + [".binary-buildout"]
    with open(os.path.join(work, "entries.json"), "wb") as f:
        f.write(raw(json.dumps(names)))
    try:
        for name in names:
            rename(os.path.join(tree, name), os.path.join(path, name))
    except BaseException:
        undo(path)
        raise


def other_version(path, there, asset, index, shelf):
    hint = command("binary-buildout", "update", path, without_password(shelf.source)) + "; or add --update"
    for d in asset.get("deltas") or []:
        if d["base"] == there["base"]:
            hint += "; or fetch %s, %s, and run: %s" % (
                without_password(shelf.where(d["delta"])), command("tar", "-xzf", d["delta"], "-C", path),
                command(there["state"].get("interpreter") or "python", os.path.join(path, "bootstrap.py")))
    return Stop(2, "installing %s %s into %s: %s is there" % (index["name"], index["version"], path, there["what"]), hint)
