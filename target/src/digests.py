"""The size and SHA-256 of an archive."""
import hashlib

from words import Stop


def sum_of(f):
    size, digest = 0, hashlib.sha256()
    f.seek(0)
    for block in iter(lambda: f.read(1 << 20), b""):
        size += len(block)
        digest.update(block)
    f.seek(0)
    return size, digest.hexdigest()


def right(path, asset):
    """Whether a file is the one that index.json names."""
    with open(path, "rb") as f:
        return sum_of(f) == (asset["size"], asset["sha256"])


def check(f, asset):
    size, digest = sum_of(f)
    if size != asset["size"] or digest != asset["sha256"]:
        raise Stop(1, "%s has %d bytes and SHA-256 %s, and index.json says %d and %s" % (
            asset["archive"], size, digest, asset["size"], asset["sha256"]),
            "the file is damaged, or was altered: fetch it again, and ask who made it")
