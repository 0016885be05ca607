"""An archive that a release has in volumes, NAME.part1, NAME.part2 and so on, since a
server takes no file that is as large."""
import os
import shutil

from digests import right
from words import Stop


def part_of(directory, asset):
    """Where an asset lies until it is complete. The digest in its name says that
    what an earlier run left is of the same content."""
    return os.path.join(directory, asset["sha256"] + ".part")


def parts_of(directory, asset):
    """Where an asset and its volumes lie until they are complete."""
    return [part_of(directory, a) for a in [asset] + as_assets(asset)]


def as_assets(asset):
    """The volumes of an archive, each as an asset of its own."""
    return [{"archive": v["volume"], "size": v["size"], "sha256": v["sha256"]} for v in asset.get("volumes") or []]


def bring(shelf, asset, to):
    """Has a shelf write an archive to a file. A mirror may have it put together."""
    volumes = as_assets(asset)
    if not volumes or shelf.local(asset):
        return shelf.get(asset, to)
    joined = 0
    with open(to, "ab") as f:
        have = os.fstat(f.fileno()).st_size
        for volume in volumes:
            if have >= joined + volume["size"]:  # an earlier run added it
                joined += volume["size"]
                continue
            f.truncate(joined)
            f.seek(joined)
            add(shelf, volume, part_of(os.path.dirname(to), volume), f)
            joined += volume["size"]
            have = joined


def add(shelf, volume, part, f):
    """Fetches a volume and adds it to a file, if it is the right one."""
    shelf.get(volume, part)
    if not right(part, volume):
        os.remove(part)
        raise Stop(1, "%s is not the one that index.json names: its size or SHA-256 differs" % volume["archive"],
                   "the file is damaged, or was altered: fetch it again, and ask who made it")
    with open(part, "rb") as new:
        shutil.copyfileobj(new, f, 1 << 20)
    f.flush()
    os.remove(part)
