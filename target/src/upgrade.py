"""An update of what is installed, by the rules of internal/install/update.go: by a delta
that fits, by several over the versions between, or by the whole archive."""
import contextlib
import os
import sys

from choose import choose, needs, unfit
from digests import check, right
from fetch import fetched
from here import final
from index import as_asked, as_tagged, is_name, read_index, TAG
from installation import not_brought
from installed import Installed
from interpreters import describe, pythons
from laying import lay_archive, lay_delta
from probe import asked
from shelves import Folder, Latest, Release, source
from server import Site
from sums import listing
from unpack import zstd
from versions import older
from ways import Published, cheapest, direct
from words import Stop, WINDOWS, command, say
from work import Work


def upgrade(o):
    tree = Installed(final(o["into"]))
    if tree.record.get("attestation"):
        raise Stop(2, "updating %s: an attestation is required of its versions, and this checks none" % tree.path, "install binary-buildout, and run: " + command("binary-buildout", "update", tree.path))
    shelf = shelf_of(o, tree)
    kept = None if o["python"] or tree.manifest.get("bundled_python") else describe(tree.state["interpreter"])
    interpreters = staying(pythons(o["python"]), o, tree) + ([kept] if kept else [])
    there = (tree.record.get("sha256"), tree.path)
    work = Work(tree.own("download"))
    try:
        with listing(shelf, o, interpreters, there, lambda: os.path.join(work.path, "sums")) as (data, brought):
            update_to(o, tree, published(shelf, o, data), kept, interpreters, brought, work)
    except BaseException:
        work.keep_parts()
        raise
    work.clear()
    work.remove()


def update_to(o, tree, here, kept, interpreters, brought, work):
    """Updates to the archive of a release that fits."""
    index = here.index
    say("%s has %s %s" % (here.shelf.name, index["name"], index["version"]))
    if index["name"] != tree.manifest["name"]:
        raise Stop(2, "updating %s: %s is there, and this is %s" % (tree.path, tree.manifest["name"], index["name"]), "install it into another directory")
    forward(o, tree, index["version"], here.shelf.name)
    asset, python = choose(index, here.shelf.name, interpreters, o["label"], o["python"], asked())
    if tree.record.get("sha256") == asset["sha256"]:
        as_asked(o["sha256"], asset)
        return say("%s is in %s already: nothing changes" % (tree.what(), tree.path), sys.stdout)
    apply(o, tree, here, asset, kept if kept and not unfit(needs(asset), kept) else python, brought, work)


def staying(interpreters, o, tree):
    """Without that of the version that is here, and without one that was only fetched
    to run this: both are gone when this is done."""
    left, own = not_brought(interpreters, o), os.path.realpath(tree.path) + os.sep
    return [p for p in left if not (tree.manifest.get("bundled_python") and os.path.realpath(p["executable"]).startswith(own))]


def shelf_of(o, tree):
    """Where the release is that is meant: the one that was named, else where the version
    that is here came from, and of a repository the latest."""
    helper = (o["helper"], o["script"]) if o.get("helper") else None
    remembered = tree.record.get("source") or ""
    repo, _, tag = remembered.partition("@")
    if o["from"] or o["tag"]:
        return source(o["from"], o["server"], o["repo"], o["release"], o["tag"], helper)
    if os.path.isdir(remembered) or "://" in remembered:
        return source(remembered, "", "", "", "", helper)
    if tag:
        return Release(o["server"], repo, tag, remembered, helper)
    if repo.count("/") == 1 or o["repo"]:
        return Latest(o["server"], repo if repo.count("/") == 1 else o["repo"], helper)
    raise Stop(2, "updating %s: its source is not known" % tree.path, "name a mirror with --from")


def published(shelf, o, data):
    index = read_index(data, shelf.name)
    as_tagged(o["tag"], index, shelf.name)
    if isinstance(shelf, Latest):
        shelf.settle(index.get("tag") or "")
    return Published(shelf, index, len(data))


def forward(o, tree, version, name):
    """Refuses a lower version than the installed one, unless its tag was named."""
    lower = older(version, tree.manifest["version"])
    if o["tag"]:
        return
    if lower:
        raise Stop(3, "updating: %s has version %s, and %s is installed" % (name, version, tree.manifest["version"]), "to go back, name the release with --tag")
    if lower is None:
        say("warning: whether %s is newer than %s is not known: PEP 440 has no order for them" % (version, tree.manifest["version"]))


def others(release):
    """Finds releases of further versions by one of them: in a mirror a directory, in a
    repository the tag with that version in it. None where there is none."""
    shelf, index = release.shelf, release.index

    def of(version):
        if isinstance(shelf, Folder):
            other = Folder(os.path.join(shelf.path, version))
        elif isinstance(shelf, Release):
            tag = (index.get("tag") or "").replace(index["version"], version, 1)
            if not is_name(tag, TAG) or tag == index.get("tag"):
                return None
            other = Release(shelf.server, shelf.repo, tag, shelf.source, shelf.helper)
        else:
            other = Site(shelf.base + "/" + version, shelf.name + "/" + version, shelf.source, shelf.helper)
        try:
            data = other.index()
            found = read_index(data, other.name)
        except Stop:
            return None
        return Published(other, found, len(data)) if (found["name"], found["version"]) == (index["name"], version) else None

    return of


def apply(o, tree, here, asset, python, brought, work):
    """By the cheapest way; where that can't be gone, since a file was edited or one
    is missing, by the next that needs less."""
    passes = lambda version: o["tag"] or older(version, tree.manifest["version"]) is not True
    ways = []
    # Two at most: bootstrap.py takes one at a time, and holds the way back over two.
    if not o["sha256"]:  # which means one file
        way = cheapest(tree.digest, here, asset, others(here), passes, 2)
        ways += [[(s.release.shelf, s.asset, s.delta) for s in way]] if len(way) > 1 else []
    delta = direct(tree.digest, asset)
    if delta and o["sha256"] in ("", delta["sha256"]):
        ways.append([(here.shelf, asset, delta)])
    elif o["sha256"]:
        as_asked(o["sha256"], asset)
    was, before = tree.what(), tree.digest
    for way in ways:
        try:
            by_deltas(tree, here, way, work, other(o, tree, python))
            break
        except Stop as e:
            if tree.digest != before or e.code == 3:
                raise
            say("not by %s: %s" % ("a delta" if len(way) == 1 else "%d deltas" % len(way), e.text))
    else:
        way = [None]
        by_archive(tree, here.shelf, asset, python, brought, work)
    finish(tree, was, len(way))


def other(o, tree, python):
    """The interpreter that the tree gets in place of its own; "" if it keeps that."""
    gone = not os.path.exists(tree.state["interpreter"])
    return python["executable"] if python and (o["python"] or gone) else ""


def by_deltas(tree, here, way, work, interpreter):
    """All are fetched and checked before the first is applied; what fails later is
    undone. bootstrap.py takes one at a time."""
    was, files = tree.digest, []
    try:
        for shelf, _, delta in way:
            asset = {"archive": delta["delta"], "size": delta["size"], "sha256": delta["sha256"], "volumes": delta.get("volumes")}
            files.append(open(fetched(shelf, asset, work), "rb"))
            check(files[-1], asset)
        with undone(tree, was, len(way), interpreter or tree.state["interpreter"]):
            for f, (_, _, delta) in zip(files, way):
                tree.forget()
                document, digest = lay_delta(f, tree, here.shelf.source)
                if (document["base"], document["name"]) != (tree.digest, tree.manifest["name"]):
                    raise Stop(1, "%s does not lead on from %s" % (delta["delta"], tree.what()), "the index is not that of its files: ask who made it")
                applied(tree, "by " + delta["delta"], digest, interpreter)
            built(tree)
    finally:
        for f in files:
            f.close()


def by_archive(tree, shelf, asset, python, brought, work):
    if asset["archive"].endswith(".zst"):
        zstd()
    interpreter = python["executable"] if python else ""
    tree.forget()
    try:
        with open(brought if brought and right(brought, asset) else fetched(shelf, asset, work), "rb") as f:
            check(f, asset)
            _, digest, manifest = lay_archive(f, asset, tree, shelf.source, work.path)
        if (manifest["name"], manifest["target"]) != (tree.manifest["name"], asset["target"]):
            raise Stop(1, "checking %s: it is %s for %s" % (asset["archive"], manifest["name"], manifest["target"]), "the index is not that of its archives: ask who made it")
        with undone(tree, tree.digest, 1, interpreter or tree.state["interpreter"]):
            applied(tree, "by " + asset["archive"], digest, interpreter)
            built(tree)
    finally:
        tree.forget()


def applied(tree, how, digest, interpreter=""):
    """Has bootstrap.py apply what was laid."""
    say("updating %s %s" % (tree.path, how))
    for line in tree.run_bootstrap([], interpreter):
        say(line)
    tree.read()
    if tree.digest != digest:
        raise Stop(1, "running bootstrap.py: %s is there" % tree.what())


def built(tree):
    say("running bin/buildout")
    tree.run_buildout()


@contextlib.contextmanager
def undone(tree, was, steps, python):
    """Goes back to the version before, where something in it fails."""
    try:
        yield
    except BaseException as e:
        tree.forget()
        tree.read()
        for _ in range(steps):
            if tree.digest != was:
                tree.run_bootstrap(["--rollback"], python)
                tree.read()
        if isinstance(e, Stop) and tree.digest == was:
            e.text += "; %s is there" % tree.what()
        raise


def finish(tree, was, steps):
    tree.release(steps)
    back = tree.bootstrap_command() + ["--rollback"]
    back = command(*[word for word in back if word not in ("/bin/sh", "-sE", "-BsSE")])
    after = command(os.path.join(tree.path, "bin", "buildout.exe" if WINDOWS else "buildout"))
    say("%s is in %s, where %s was\nnext: restart it; to go back%s: %s, then %s" % (
        tree.what(), tree.path, was, "" if steps == 1 else ", %d times" % steps, back, after), sys.stdout)
