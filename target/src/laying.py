"""Puts a new version where the tree's bootstrap.py looks for it, as archive/incoming.go does."""
import hashlib
import json
import os
import re
import shutil
import tarfile
import zlib

from digests import sum_of
from hold import hold
from unpack import ODD, make_dirs, unpack
from words import PY2, Stop, WINDOWS, fs, raw, read_json, text
from work import rename


DELTA = re.compile(r"\.binary-buildout/incoming/([0-9a-f]{64})/(delta\.json|(?:documents|patches)/(?:steps|diff|new)|files/.+)\Z", re.S)
LARGEST = 32 << 20  # of delta.json, bytes
PRIVATE = 0o600  # delta.json's mode: the password of a mirror may be in its source


def no_delta(path, what):
    return Stop(1, "unpacking %s: %s" % (path, what), "it is no delta of binary-buildout: fetch it again")


def lay_delta(f, tree, source):
    """Unpacks an open delta into a tree, and gives its document and the digest of the
    manifest that it leads to. Each name is looked at: nothing else is written."""
    first, digest = None, ""
    try:
        with tarfile.open(fileobj=f, mode="r:gz", **({} if PY2 else {"encoding": "utf-8", "errors": "surrogateescape"})) as archive:
            for member in archive:
                m = DELTA.match(text(raw(member.name)))
                parts = m.group(2).split("/") if m else []
                if not m or not member.isreg() or member.issparse() or [p for p in parts if p in ("", ".", "..") or "\\" in p or "\0" in p or WINDOWS and ODD.search(raw(p))]:
                    raise no_delta(f.name, "%s has no place in it" % text(raw(member.name)))
                content = archive.extractfile(member)
                if first is None:
                    if parts != ["delta.json"] or member.size > LARGEST:
                        raise no_delta(f.name, "it does not begin with its document")
                    digest, first = m.group(1), json.loads(content.read().decode("utf-8"))
                    first["source"], first["hold"] = source if isinstance(source, type(u"")) else source.decode("utf-8"), True
                    write(tree.own("incoming", digest, "delta.json"), raw(json.dumps(first)), PRIVATE, first["epoch"])
                    continue
                if m.group(1) != digest or parts == ["delta.json"]:
                    raise no_delta(f.name, "%s has no place in it" % text(raw(member.name)))
                write(tree.own("incoming", digest, *parts), content, member.mode & 0o777, first["epoch"])
    except (tarfile.TarError, zlib.error, EOFError, ValueError, KeyError, TypeError) as e:
        raise no_delta(f.name, e)
    if first is None:
        raise no_delta(f.name, "it is empty")
    return first, digest


def write(path, content, mode, when):
    make_dirs(fs(os.path.dirname(path)))
    with os.fdopen(os.open(fs(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as f:
        if isinstance(content, bytes):
            f.write(content)
        else:
            shutil.copyfileobj(content, f, 1 << 20)
    os.chmod(fs(path), mode)
    os.utime(fs(path), (when, when))


def lay_archive(f, asset, tree, source, work):
    """The same of a whole archive, in format 1: the files that the tree doesn't have.
    It is unpacked into work, and held to its files.json."""
    new = os.path.join(work, "tree")
    os.mkdir(new)
    try:
        unpack(f, new)
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as e:
        raise Stop(1, "unpacking %s: %s" % (f.name, e), "the file is damaged; fetch it again")
    hold(f.name, new)
    own = os.path.join(new, ".binary-buildout")
    documents = {}
    for name in ("manifest.json", "files.json"):
        with open(os.path.join(own, name), "rb") as document:
            documents[name] = document.read()
    manifest, digest = read_json(os.path.join(own, "manifest.json")), hashlib.sha256(documents["manifest.json"]).hexdigest()
    epoch = int(os.path.getmtime(os.path.join(new, "bootstrap.py")))
    for entry in read_json(os.path.join(own, "files.json"))["files"]:
        if not entry.get("type") and not holds(tree.path, entry) and not holds(tree.own("origin"), entry):
            to = tree.own("incoming", digest, "files", *entry["path"].split("/"))
            make_dirs(fs(os.path.dirname(to)))
            rename(os.path.join(new, *entry["path"].split("/")), to)
    delta = {"format": 1, "name": manifest["name"], "version": manifest["version"], "base": tree.digest, "base_version": tree.manifest["version"],
             "archive": asset["archive"], "sha256": asset["sha256"], "source": source, "hold": True, "epoch": epoch}
    delta.update((name, [documents[name].decode("utf-8")]) for name in documents)
    write(tree.own("incoming", digest, "delta.json"), raw(json.dumps(delta)), PRIVATE, epoch)
    return delta, digest, manifest


def holds(root, entry):
    """Whether a file is there as an archive has it."""
    path = fs(os.path.join(root, *entry["path"].split("/")))
    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) != (entry.get("size") or 0):
        return False
    with open(path, "rb") as f:
        return sum_of(f)[1] == entry["sha256"]
