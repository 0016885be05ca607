"""What SHA256SUMS tells of a release that has no index.json. install-nopython.sh and
install-nopython.ps1 read the names by the same rule (target/cases/sums.json)."""
import contextlib
import os
import re
import shutil

from brought import index_as, index_of
from choose import choose, needs, nothing_fits, unfit
from index import plain_digest, read_index
from probe import asked
from tags import number
from words import Stop, read_json, say, text
from work import Work


SUM_LINE = re.compile(r"([0-9a-f]{64}) [ *]([A-Za-z0-9][A-Za-z0-9._+-]*)\Z")
# APP-VERSION-ABI-PLATFORM[-LABEL], and the kind of file.
ARCHIVE_NAME = re.compile(r"[A-Za-z0-9._+-]*?-((cp\d)(\d+)[a-z]*-(?:manylinux|musllinux|linux|macosx|win)[a-z0-9_]*)(?:-([A-Za-z0-9._+-]+))?\.(?:tar\.gz|tar\.zst|zip)\Z")


def named_by(sums):
    """The archives that SHA256SUMS names, with the names of their volumes. Whether a
    Python lies in one, and its floors, only the archive itself tells."""
    lines = [m.groups() for m in [SUM_LINE.match(line.rstrip("\r")) for line in sums.split("\n")] if m]
    files, found = set(name for _, name in lines), []
    for digest, name in lines:
        m = ARCHIVE_NAME.match(name)
        if m and not re.search(r"\.delta\.(?:tar\.gz|zip)\Z", name):
            volumes = []
            while "%s.part%d" % (name, len(volumes) + 1) in files:
                volumes.append("%s.part%d" % (name, len(volumes) + 1))
            found.append({"archive": name, "sha256": digest, "target": m.group(1), "label": m.group(4) or "",
                          "python": "%s.%s" % (m.group(2)[2:], m.group(3)), "volumes": volumes})
    return found


def likeliest(archives, found, o, system):
    """Those that may run here, the likeliest first: one for a Python that was found, else
    one that may have its own in it; of these the newest Python's, without a label."""
    ranked = []
    for i, a in enumerate(archives):
        if o["label"] not in ("", a["label"]) or o["sha256"] and plain_digest(o["sha256"]) != a["sha256"]:
            continue
        able = [p for p in found if not unfit(needs(a), p)]
        if able or not o["python"] and not unfit(needs(dict(a, python_bundled=True)), system):
            ranked.append(((bool(able), number(a["python"]), not a["label"], number(needs(a)["floor"] or "0"), -i), a))
    return [a for _, a in sorted(ranked, key=lambda r: r[0], reverse=True)]


def copied(shelf, a, work):
    """Gives an archive, put together of its volumes, as a file that nobody else can change."""
    to = os.path.join(work.path, a["archive"])
    say("fetching %s, to see whether it is for this system" % a["archive"])
    with open(to, "wb") as f:
        for name in a["volumes"] or [a["archive"]]:
            part = to + ".one"
            shelf.fetch(name, part)
            with open(part, "rb") as g:
                shutil.copyfileobj(g, f, 1 << 20)
            os.remove(part)
    return to


def refusal(data, shelf, o, found, system):
    """Why the one archive of an index doesn't run here, None if it does."""
    try:
        choose(read_index(data, shelf.name), shelf.name, found, o["label"], o["python"], system)
    except Stop as e:
        return e
    return None


def one_label(left, name, label):
    """Refuses, as choose does, to say which of several labels is meant."""
    target = left[0]["target"]
    labels = sorted(set(a["label"] for a in left if a["target"] == target) if left[0]["label"] else [])
    if len(labels) > 1 and not label:
        raise Stop(2, "choosing from %s: several archives of %s may fit: %s" % (name, target, ", ".join(labels)), "name one with --label")


@contextlib.contextmanager
def by_sums(shelf, sums, o, found, there, place, tag):
    archives, system, first = named_by(sums), asked(), None
    left = likeliest(archives, found, o, system)
    while left:
        a = left[0]
        if there and there[0] == a["sha256"]:
            manifest = read_json(os.path.join(there[1], ".binary-buildout", "manifest.json"))
            yield index_as(manifest, {"archive": a["archive"], "size": 0, "sha256": a["sha256"]}, tag), ""
            return
        one_label(left, shelf.name, o["label"])
        local = shelf.put_together(a["archive"])
        work = None if local else Work(place())
        try:
            path = local or copied(shelf, a, work)
            data = index_of(path, tag, a["sha256"])
            why = refusal(data, shelf, o, found, system)
            if not why:
                yield data, "" if local else path
                return
            first = first or why
            left.remove(a)
        finally:
            if work:
                work.remove()
    if not archives:
        raise Stop(2, "reading SHA256SUMS of %s: it names no archive" % shelf.name, "a mirror is a copy of all assets of a release")
    if o["sha256"] and plain_digest(o["sha256"]) not in [a["sha256"] for a in archives]:
        raise Stop(1, "SHA256SUMS of %s names no archive with the SHA-256 %s, which --sha256 says" % (shelf.name, plain_digest(o["sha256"])),
                   "the release doesn't have the archive that you mean: ask who made it")
    raise first or nothing_fits({"archives": archives}, shelf.name, found, o["label"], system)


@contextlib.contextmanager
def listing(shelf, o, found, there, place):
    """Gives index.json of a shelf, and the archive of it that is here already, if one is.
    Where there is no index.json, it is made of what install.sh fetched, or of the archive
    that SHA256SUMS names and that fits best, fetched into the directory place(). there
    is the digest and the directory of what is installed."""
    sums, why = None, None
    tag = "" if o["from"] else o["tag"] or o["release"]  # none says which one a mirror has
    try:
        data = shelf.index()
    except Stop as e:
        why = e
        if not o.get("brought"):
            sums = sums_instead(shelf, why)
    if sums is not None:
        with by_sums(shelf, sums, o, found, there, place, tag) as listed:
            yield listed
    elif why:
        yield index_of(o["brought"], tag), o["brought"]
    else:
        yield data, o.get("brought") or ""


def sums_instead(shelf, why):
    """Gives SHA256SUMS; where that isn't there either, or index.json may be, the failure of that."""
    try:
        if why.code == 2:
            return text(shelf.sums())
    except Stop:
        pass
    raise why
