"""index.json of a release."""
import json
import re

from addresses import IN_BETWEEN
from words import Stop, native


# The highest format number that is understood.
FORMAT = 2


def parsed(data, name):
    if data.lstrip()[:1] == b"<":
        raise Stop(3, "fetching index.json of %s: the answer is a web page" % name, IN_BETWEEN)
    return native(json.loads(data.decode("utf-8")))


# GitHub has its assets of these names alone, and a name is made of target,
# label and version.
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?\Z")
TAG = re.compile(r"[^\x00-\x20\x7f~^:?*\\\[]+\Z")


def is_name(v, pattern=NAME):
    return isinstance(v, type("")) and bool(pattern.match(v))


def entry_names(a):
    """All of an entry that becomes a file name, or is said."""
    names = [a["archive"], a["target"], a.get("label") or "x", a["python"] if a.get("python_bundled") else a.get("python") or "x"]
    for f in a.get("floors") or []:
        names += [f["kind"], f["version"]]
    for d in a.get("deltas") or []:
        names += [d["delta"], d.get("base_version") or "x"]
    return names


def is_size(v):
    return type(v) in (int, type(1 << 63)) and v >= 0


def is_digest(v):
    return isinstance(v, type("")) and bool(re.match(r"[0-9a-f]{64}\Z", v))


def sound_volumes(a):
    """Whether there are none, or volumes of the archive's size together."""
    volumes = a.get("volumes") or []
    return not volumes or (all(is_name(v["volume"]) and is_digest(v["sha256"]) and is_size(v["size"]) and v["size"] for v in volumes) and
                           sum(v["size"] for v in volumes) == a["size"])


def read_index(data, name):
    try:
        x = parsed(data, name)
        known = type(x["format"]) is int and x["format"] <= FORMAT
        if known and not (is_name(x["name"]) and is_name(x["version"]) and is_name(x.get("tag") or "x", TAG)):
            raise ValueError("its name, version or tag is not valid")
        for i, a in enumerate(x["archives"] if known else []):
            if not is_digest(a["sha256"]) or not all(is_name(n) for n in entry_names(a)) or not is_size(a["size"]) or not all(sound_volumes(f) for f in [a] + (a.get("deltas") or [])):
                raise ValueError("its entry %d has no name of an asset, no size or no digest" % (i + 1))
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise Stop(1, "reading index.json of %s: %s" % (name, e), "it is damaged: fetch or make it again")
    if not known:
        raise Stop(2, "reading index.json of %s: its format is %s, and this program knows up to %d" % (name, x["format"], FORMAT), "take a newer install.sh or install.ps1")
    if not x["archives"]:
        raise Stop(2, "reading index.json of %s: it lists no archives" % name)
    return x


def as_tagged(asked, index, name):
    """--tag, also where a mirror is named: its index.json has to be of that release."""
    if asked and index.get("tag") != asked:
        raise Stop(1, "%s is of %s, and --tag says %s" % (name, "the release " + index["tag"] if index.get("tag") else "no release that it names", asked),
                   "leave --tag out, or name what has that release")


def plain_digest(asked):
    """A digest as --sha256 has it, also as GitHub shows digests: sha256:ab12..."""
    digest = re.sub("^sha256:", "", asked.lower())
    if asked and not is_digest(digest):
        raise Stop(2, "--sha256 %s: a SHA-256 digest has 64 hexadecimal digits" % asked, "copy that of the archive from the release page, or its line in SHA256SUMS")
    return digest


def as_asked(asked, asset):
    digest = plain_digest(asked)
    if asked and digest != asset["sha256"]:
        raise Stop(1, "%s has SHA-256 %s, and --sha256 says %s" % (asset["archive"], asset["sha256"], digest),
                   "it is not the archive that you mean: ask who made it")
