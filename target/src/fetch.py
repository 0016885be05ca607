"""Gets an archive to where nobody else can change it."""
import os

from digests import check, right
from disk import take_space
from meter import Meter, size_of
from placing import place, workplace
from server import Site
from volumes import as_assets, bring, parts_of
from words import WINDOWS, say
from work import Work, rename


def room(path, size):
    """Refuses a download that the disk has no room for, before it begins."""
    if os.path.exists(path):
        size -= os.path.getsize(path)
    take_space("downloading to " + os.path.dirname(path), os.path.dirname(path), size)


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
    work, parts = Work(workplace(path, "download")), []
    try:
        parts = parts_of(work.path, asset)
        work.clear(*[os.path.basename(p) for p in parts])
        from_open(fetched(shelf, asset, work), False, asset, path, python, shelf)
    finally:
        if not any(size_of(p) for p in parts):
            work.remove()


def fetched(shelf, asset, work):
    """An asset as a file that nobody else can change."""
    parts = parts_of(work.path, asset)
    room(parts[0], asset["size"] + max([0] + [v["size"] for v in as_assets(asset)]))
    say("%s %s, %.1f MiB" % ("downloading" if isinstance(shelf, Site) else "copying", asset["archive"], asset["size"] / 1048576.0))
    with Meter(parts, asset["size"]):
        bring(shelf, asset, parts[0])
    archive = os.path.join(work.path, asset["archive"])
    rename(parts[0], archive)
    return archive
