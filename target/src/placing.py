"""Places an unpacked tree: staged beside DIR, fitted by its bootstrap.py, recorded, renamed."""
import errno
import json
import os
import struct
import subprocess
import tarfile
import zlib

from addresses import without_password
from here import INSIDE, move_up, undo
from hold import hold
from unpack import unpack
from words import Stop, WINDOWS, fs, raw, read_json, run, say, text
from work import Work, delete, rename


def bootstrap_words(tree, own, python):
    """How bootstrap.py of a tree is started: by the tree's own interpreter, if its
    manifest has one (own), else by this one."""
    if own and WINDOWS:
        return [os.path.join(tree, own["executable"].replace("/", "\\")), "-BsSE", os.path.join(tree, "bootstrap.py")]
    if own:
        return ["/bin/sh", os.path.join(tree, "bootstrap")]
    return [python, "-sE", os.path.join(tree, "bootstrap.py")]


def bootstrap(tree, root, python):
    own = read_json(os.path.join(tree, ".binary-buildout", "manifest.json")).get("bundled_python")
    code, out, _ = run(bootstrap_words(tree, own, python) + ["--root", root], cwd=tree, stderr=subprocess.STDOUT)
    if code == 0:
        return
    lines = [line.strip() for line in text(out).strip().split("\n")]
    errors = [line[7:] for line in lines if line.startswith("error: ")]
    hints = [line[6:] for line in lines if line.startswith("hint: ")]
    raise Stop(code if code in (1, 2, 3) else 1, "running bootstrap.py with %s: %s" % (python or "its own Python", (errors or lines)[-1]), (hints or [""])[-1])


def short_enough(tree, path, longest):
    """Windows takes 259 characters, and bootstrap.py has no more: neither of
    the tree where it is unpacked, nor of where it will be."""
    most = max(len(tree), len(path)) + len(longest)
    if WINDOWS and most > 259:
        raise Stop(2, "installing into %s: its path is too long: Windows takes 259 characters, and %d are needed, for %s" % (path, most, longest[1:]),
                   "give a directory with a path that is %d shorter" % (most - 259))


def place(archive, asset, path, python, origin):
    work, inside = Work(workplace(path, "new")), False
    if work.path == beside(path, "new") and not replaceable(path, work):
        work.remove()
        work = Work(os.path.join(path, INSIDE + "new"))
    if work.path != beside(path, "new"):
        inside = True
        undo(path)
    try:
        work.clear()
        tree = os.path.join(work.path, "tree")
        os.mkdir(tree, 0o755)
        say("unpacking " + asset["archive"])
        try:
            longest = unpack(archive, tree)
        except (tarfile.TarError, zlib.error, struct.error, EOFError, ValueError) as e:
            raise Stop(1, "unpacking %s: %s" % (archive.name, e), "the file is damaged; fetch it again")
        except EnvironmentError as e:
            if e.errno not in (errno.EEXIST, errno.ENOTDIR):
                raise
            raise Stop(1, "unpacking %s: two entries have one place: %s" % (archive.name, e), "it is no archive of binary-buildout")
        hold(archive.name, tree)
        short_enough(tree, path, longest)
        say("running bootstrap.py with " + (python or "its own Python"))
        bootstrap(tree, path, python)
        record = [("format", 1), ("archive", asset["archive"]), ("sha256", asset["sha256"]), ("source", origin)]
        record = "{\n" + ",\n".join("  %s: %s" % (json.dumps(k), json.dumps(v)) for k, v in record) + "\n}\n"
        to = os.path.join(tree, ".binary-buildout", "install.json")
        # A password in it, which updates need, is for nobody else to read.
        mode = 0o644 if without_password(origin) == origin else 0o600
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as f:
            f.write(raw(record))
        if inside:
            move_up(work.path, tree, path)
        else:
            make_way(path)
            rename(tree, path)
    finally:
        work.remove()
    delete(os.path.join(path, INSIDE + "download"))


def make_way(path):
    """Removes the empty directory that may be there: on Windows no rename replaces it."""
    try:
        if os.path.isdir(path):
            os.rmdir(path)
    except EnvironmentError as e:
        raise Stop(2, "replacing %s: %s" % (path, e.strerror), "something was put there while the archive was being unpacked")


def beside(path, what):
    return os.path.join(os.path.dirname(path), ".%s.binary-buildout.%s" % (os.path.basename(path), what))


def workplace(path, what):
    """Beside the directory, or in it, where only that can be written."""
    at = beside(path, what)
    try:
        if not os.path.lexists(at):
            os.mkdir(at, 0o700)
    except EnvironmentError as e:
        if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and os.path.isdir(path):
            return os.path.join(path, INSIDE + what)
        raise Stop(3, "making a directory to work in: %s" % e,
                   "install as a user who may write %s, or have an empty directory made that you own" % os.path.dirname(path))
    return at


def replaceable(path, work):
    """Whether a rename can put a directory in its place: it is not there, or
    empty and no mount point, which only trying can tell."""
    if not os.path.lexists(path):
        return True
    if os.listdir(path):
        return False  # what an install in it left
    probe = os.path.join(work.path, "probe")
    try:
        os.rename(fs(path), fs(probe))
    except EnvironmentError:
        return False
    os.rename(fs(probe), fs(path))
    return True
