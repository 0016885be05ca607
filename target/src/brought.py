"""What stands for index.json where a release has none: an index of one archive, as its
own manifest.json has it."""
import json
import os
import tarfile
import zlib

from digests import sum_of
from unpack import tar_entries, zip_entries
from words import Stop, raw, text


LARGEST_MANIFEST = 24 << 20  # of manifest.json, bytes, as bootstrap.py has it


def index_of(path, tag, listed=""):
    """Gives index.json with the archive of a file in it, which has the SHA-256 that SHA256SUMS
    lists. It is read once: where others may write to the file, it could be another one then."""
    name = os.path.basename(path)
    try:
        with open(path, "rb") as f:
            size, digest = sum_of(f)
            if listed not in ("", digest):
                raise Stop(1, "%s has SHA-256 %s, and SHA256SUMS says %s" % (name, digest, listed),
                           "the file is damaged, or was altered: fetch it again, and ask who made it")
            return index_as(manifest_in(f), {"archive": name, "size": size, "sha256": digest}, tag)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise Stop(1, "reading %s: %s" % (name, e), "it is damaged: fetch or make it again")


def index_as(m, file, tag):
    """Gives index.json with one archive in it, of which the file and manifest.json are known."""
    entry = dict(file, target=m["target"], label=m.get("label") or "", floors=m.get("floors") or [])
    if m.get("bundled_python"):
        entry.update(python=m["bundled_python"]["version"], python_bundled=True)
    return raw(json.dumps({"format": 1, "name": m["name"], "version": m["version"], "tag": tag, "archives": [entry]}))


def manifest_in(f):
    entries = zip_entries if f.name.endswith(".zip") else tar_entries
    for name, kind, _, _, _, content in entries(f):
        if kind == "file" and text(name).split("/")[1:] == [".binary-buildout", "manifest.json"]:
            return json.loads(whole(content()).decode("utf-8"))
    raise ValueError("it has no manifest.json")


def whole(content):
    data = b""
    for block in iter(lambda: content.read(1 << 20), b""):
        data += block
        if len(data) > LARGEST_MANIFEST:
            raise ValueError("its manifest.json is too large")
    return data
