"""What stands for index.json where a release has none: an index of the one archive that
install-nopython.sh chose by SHA256SUMS, and compared with it."""
import json
import os
import tarfile
import zlib

from digests import sum_of
from unpack import tar_entries
from words import Stop, raw, text


LARGEST_MANIFEST = 24 << 20  # of manifest.json, bytes, as bootstrap.py has it


def index_of(path, tag):
    """Gives index.json with this one archive in it, as its own manifest.json has it."""
    name = os.path.basename(path)
    try:
        with open(path, "rb") as f:
            size, digest = sum_of(f)
            m = manifest_in(f)
        entry = {"archive": name, "size": size, "sha256": digest, "target": m["target"], "label": m.get("label") or "", "floors": m.get("floors") or [],
                 "python": m["bundled_python"]["version"], "python_bundled": True}
        return raw(json.dumps({"format": 1, "name": m["name"], "version": m["version"], "tag": tag, "archives": [entry]}))
    except (tarfile.TarError, zlib.error, EOFError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise Stop(1, "reading %s: %s" % (name, e), "it is damaged: fetch or make it again")


def manifest_in(f):
    for name, kind, _, _, _, content in tar_entries(f):
        if kind == "file" and text(name).split("/")[1:] == [".binary-buildout", "manifest.json"]:
            data = content().read(LARGEST_MANIFEST + 1)
            if len(data) > LARGEST_MANIFEST:
                raise ValueError("its manifest.json is too large")
            return json.loads(data.decode("utf-8"))
    raise ValueError("it has no manifest.json")
