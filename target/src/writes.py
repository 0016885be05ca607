"""The files and links that get a new content when a tree is fitted: each is staged beside the old one, then renamed over it."""
import os
import stat
import sys

from binaries import MACHO, sign
from system import OWN, Refused, digest, native, read_file, replace, text, write_new


class Step(object):
    """One file that gets new content."""

    def __init__(self, path, temporary, before, after, keep, fitted):
        self.path = path            # in the tree
        self.temporary = temporary  # written and synced, beside it
        self.before = before        # digest; None if there is no such file yet
        self.after = after
        self.keep = keep            # the file is the archive's, and is kept in origin/
        self.fitted = fitted        # the new one is made of the archive's

    def record(self):
        """Gives the step as state.json has it."""
        return [self.before, self.after, self.fitted]


class Writes(object):
    """What is staged and not yet renamed, and what is known of all files then."""

    def __init__(self, tree, files):
        self.tree = tree
        self.files = files  # by path, the digest that each file is left with
        self.fitted = {}    # of these, the ones that are made of the archive's version
        self.steps = []
        self.links = []     # (path, target)

    def temporary(self, path):
        """Gives a name beside a file. It is always the same one, so that a run removes
        what a killed run left there."""
        folder = path.rpartition(u"/")[0]
        name = u".binary-buildout-" + digest(path.encode("utf-8"))[:12]
        found = self.tree.inside((folder + u"/" if folder else u"") + name)
        if os.path.lexists(found):
            os.unlink(found)
        return found

    def stage(self, path, data, new, mode, times, keep, fitted=False):
        """Writes a file's new content beside it. keep: what is there is the
        archive's version; fitted: the new content is made of that."""
        temporary = self.temporary(path)
        if fitted:
            self.fitted[path] = digest(new)
        if new == data:
            self.files[path] = digest(new)
            return
        folder = os.path.dirname(temporary)
        if path.endswith(u".pyc") and not os.path.isdir(folder):
            os.mkdir(folder, 0o755)  # __pycache__, if unpacking left it out
        step = Step(path, temporary, digest(data) if data is not None else None, digest(new), keep, fitted)
        self.steps.append(step)
        write_new(temporary, new, mode, times)
        if new[:4] in MACHO and sys.platform == "darwin":
            sign(temporary)
            with open(temporary, "rb") as f:
                step.after = digest(f.read())
            if fitted:
                self.fitted[path] = step.after
        self.files[path] = step.after

    def records(self):
        """Gives what state.json says of the staged files, by path."""
        return dict((step.path, step.record()) for step in self.steps)

    def unstage(self):
        """Removes everything that was staged."""
        for step in self.steps:
            try:
                os.unlink(step.temporary)
            except OSError:
                pass

    def check_writable(self):
        """Refuses a tree in which one of the renames would fail."""
        folders = set([u"", OWN]) | set(s.path.rpartition(u"/")[0] for s in self.steps)
        for folder in sorted(folders):
            full = self.tree.inside(folder) if folder else self.tree.base
            if os.path.isdir(full) and not os.access(full, os.W_OK):
                raise Refused(u"%s is read-only" % text(full), u"make it writable for this user", 3)

    def keep_origin(self, path):
        """Keeps the archive's version of a file, as a second name of it."""
        origin = OWN + u"/origin/" + path
        parts = origin.split(u"/")
        for i in range(2, len(parts)):
            folder = self.tree.inside(u"/".join(parts[:i]) + u"/x").rpartition(native(u"/"))[0]
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o755)
        full, temporary = self.tree.inside(origin), self.tree.inside(OWN + u"/origin/.new")
        source = self.tree.inside(path)
        if os.path.lexists(temporary):
            os.unlink(temporary)
        if os.path.lexists(full) and os.path.samestat(os.lstat(full), os.lstat(source)):
            return  # renaming a name onto another of the same file does nothing
        try:
            os.link(source, temporary)
        except (OSError, AttributeError):
            found = os.lstat(source)
            write_new(temporary, read_file(source), stat.S_IMODE(found.st_mode), (found.st_mtime, found.st_mtime))
        replace(temporary, full)

    def apply(self):
        """Renames everything that is staged, and gives the number of files and links."""
        for step in self.steps:
            if step.keep:
                self.keep_origin(step.path)
            replace(step.temporary, self.tree.inside(step.path))
        for path, target in self.links:
            temporary = self.temporary(path)
            os.symlink(native(target), temporary)
            replace(temporary, self.tree.inside(path))
        count = len(self.steps) + len(self.links)
        self.steps, self.links = [], []
        return count
