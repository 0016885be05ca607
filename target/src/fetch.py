"""Gets an archive to where nobody else can change it."""
import os

from digests import check, sum_of
from disk import take_space
from meter import Meter
from placing import place, workplace
from words import WINDOWS, say
from work import Work, rename


def room(path, size):
    """Refuses a download that the disk has no room for, before it begins."""
    if os.path.exists(path):
        size -= os.path.getsize(path)
    take_space("downloading to " + os.path.dirname(path), os.path.dirname(path), size)


def right(path, asset):
    with open(path, "rb") as f:
        return sum_of(f)[1] == asset["sha256"]


def ours(f):
    """Whether nobody but this user and root can change what is in an open file."""
    st = os.fstat(f.fileno())
    return WINDOWS or st.st_uid in (0, os.geteuid()) and not st.st_mode & 0o002 and (not st.st_mode & 0o020 or st.st_gid in (0, os.getegid()))


def from_open(archive, if_ours, asset, path, python, shelf):
    """Opened once: what is checked is what is unpacked, whatever its name leads
    to meanwhile. False if another user could write into it meanwhile."""
    with open(archive, "rb") as f:
        if if_ours and not ours(f):
            return False
        check(f, asset)
        place(f, asset, path, python["executable"], shelf.source)
    return True


def from_brought(archive, asset, path, python, shelf):
    """install.sh has fetched an archive already, where there was no Python to run
    this: False unless it is the one that is chosen."""
    if not archive or not right(archive, asset):
        return False
    return from_open(archive, False, asset, path, python, shelf)


def from_copy(asset, path, python, shelf):
    """Fetches it to where nobody else can change it."""
    work, part = Work(workplace(path, "download")), ""
    try:
        # The digest in its name says that the part of an earlier run is of the same content.
        part = os.path.join(work.path, asset["sha256"] + ".part")
        work.clear(os.path.basename(part))
        room(part, asset["size"])
        say("%s %s, %.1f MiB" % ("copying" if shelf.local(asset) else "downloading", asset["archive"], asset["size"] / 1048576.0))
        with Meter(part, asset["size"]):
            shelf.get(asset, part)
        archive = os.path.join(work.path, asset["archive"])
        rename(part, archive)
        from_open(archive, False, asset, path, python, shelf)
    finally:
        if not os.path.exists(part) or not os.path.getsize(part):
            work.remove()
