"""The whole new tree below .binary-buildout/staged, fitted by the new version's own bootstrap.py."""
import hashlib
import os
import stat
import subprocess

from bundled import given_python, starting_command
from documents import is_text, read_json
from binpatch import Patches
from plan import Item, is_owned, item_at, was_taken
from system import (FILES, LAUNCH, LAUNCHER, LOCK, OWN, Refused, WINDOWS, clear, digest_of, native, pieces, plain,
    text, write_new)
from moves import is_folder, lay_copy, make_folders
from transaction import STAGED


def status(path):
    """Gives what lstat says of a path; None if nothing is there."""
    try:
        return os.lstat(path)
    except EnvironmentError:
        return None


class Staging(object):
    """The whole new tree, beside the one that is there."""

    def __init__(self, tree, incoming):
        self.tree, self.incoming = tree, incoming
        self.base = os.path.join(tree.base, native(STAGED))
        self.times = []      # of files that stay: their time becomes the new archive's
        self.left_out = set()
        self.relocated = set(i["path"] for i in incoming.manifest["relocations"])
        self.entries = self.read_entries()
        self.before = dict((e["path"], e) for e in self.entries)
        self.patches = Patches(incoming, self.entries)
        self.brought, self.made = set(), set()
        self.written = {}    # by path: the inode and digest of a file that was checked as it was written
        self.contents = self.moved()  # by digest: the paths that had it in the version that is here
        self.modes = []

    def read_entries(self):
        """Gives the lines of the files.json that is here. What is the same in the new one
        is in memory once: of Plone's 22,000 lines that is most."""
        new = dict((e["path"], e) for e in self.incoming.files.get("files") or ())

        def once(entry):
            path = entry.get("path")
            known = new.get(path) if is_text(path) else None
            return known if known == entry else entry

        return (read_json(self.tree.base, FILES, each_object=once) or {}).get("files") or []

    def moved(self):
        """Gives where the contents are that neither came along nor were at their path before."""
        found = dict((e["sha256"], []) for e in self.incoming.files.get("files") or () if "sha256" in e
                     and (self.before.get(e["path"]) or {}).get("sha256") != e["sha256"])
        for e in self.entries:
            if e.get("sha256") in found and e["path"].split(u"/")[0] != u"var":
                found[e["sha256"]].append(e["path"])
        return found

    def payload(self):
        """Gives the paths whose files came along. No directory on the way may be a link."""
        top = self.incoming.full(u"files")
        skipped, found = len(text(top)) + 1, set()
        for folder, folders, names in os.walk(top):
            inside = text(folder)[skipped:].replace(os.sep, u"/")
            inside += u"/" if inside else u""
            for name in folders:
                self.incoming.full(u"files/%s%s/x" % (inside, text(name)))
            found.update(inside + text(name) for name in names)
        return found

    def full(self, path):
        return os.path.join(self.base, native(path))

    def lay(self):
        clear(self.base)
        os.mkdir(self.base, 0o700)
        self.lay_documents()
        try:
            self.brought = self.payload()
            for entry in self.incoming.files.get("files") or ():
                self.lay_entry(entry)
        finally:
            self.patches.close()  # what is open can't be removed on Windows
        for full, mode in reversed(self.modes):
            os.chmod(full, mode & 0o777)
        # The plan of a large tree needs the memory.
        self.patches, self.contents, self.brought, self.made, self.modes = None, {}, set(), set(), []

    def lay_documents(self):
        make_folders(self.full(OWN))
        for name, data in sorted(self.incoming.documents.items()):
            write_new(self.full(OWN + u"/" + name), data, 0o644, (self.incoming.epoch, self.incoming.epoch))
        self.incoming.documents = {}  # Plone's are five megabytes

    def lay_entry(self, entry):
        path, kind = entry["path"], entry.get("type") or u""
        full = self.full(path)
        folder = os.path.dirname(full)
        if folder not in self.made:
            make_folders(folder)
            self.made.add(folder)
        if kind == u"dir":
            if not is_folder(full):
                os.mkdir(full, 0o700)
            self.modes.append((full, entry["mode"]))
        elif kind == u"link":
            os.symlink(native(entry["link"]), full)
        else:
            self.lay_file(path, entry, full)

    def copy(self, source, target, mode):
        """Makes a second name of a file that is not used for anything else, or a copy."""
        found = os.lstat(source)
        if stat.S_IMODE(found.st_mode) == mode & 0o777 and int(found.st_mtime) == self.incoming.epoch:
            lay_copy(source, target)
        else:
            self.write(target, pieces(source), mode)

    def write(self, target, content, mode):
        """Writes a file, piece by piece."""
        write_new(target, content, mode, (self.incoming.epoch, self.incoming.epoch))

    def lay_file(self, path, entry, full):
        if path in self.brought:
            payload, seen = self.incoming.full(u"files/" + path), hashlib.sha256()
            self.write(full, pieces(payload, seen), entry["mode"])
            if seen.hexdigest() != entry["sha256"]:
                raise Refused(u"%s of %s is damaged" % (path, self.incoming.what()), u"unpack the delta again")
            self.written[path] = os.lstat(full).st_ino, entry["sha256"]
            return
        if self.patches.base(path) is not None:
            self.lay_patched(path, entry, full)
            return
        if path.split(u"/")[0] == u"var":
            self.left_out.add(path)
            return
        if self.lay_moved(path, entry, full):
            return
        here = self.tree.inside(path)
        found = status(here)
        mode = entry["mode"] & 0o777
        if found is not None and self.holds(here, found, entry):
            if WINDOWS or stat.S_IMODE(found.st_mode) == mode:
                lay_copy(here, full)
                if int(found.st_mtime) != self.incoming.epoch:
                    self.times.append([u"touch", path, int(found.st_mtime), self.incoming.epoch])
            else:
                self.write(full, pieces(here), mode)
            return
        origin = self.tree.inside(OWN + u"/origin/" + path)
        if os.path.lexists(origin) and self.holds(origin, os.lstat(origin), entry):
            self.copy(origin, full, mode)
            return
        self.lay_other(path, entry, here, found, full)

    def lay_patched(self, path, entry, full):
        base = self.patches.base(path)
        source = self.likely(base)
        if source is None:
            self.lacks(base)
        try:
            self.write(full, self.patches.chunks(path, source, entry), entry["mode"])
        except Refused:
            if not self.holds(source, os.lstat(source), self.before[base]):
                self.lacks(base)
            raise
        self.written[path] = os.lstat(full).st_ino, entry["sha256"]

    def likely(self, path):
        """Says where a file of the version that is here lies as its archive has it, by its
        size; None if it does nowhere. What a patch makes of another one is refused by its digest."""
        entry = self.before.get(path) or {}
        for name in (OWN + u"/origin/" + path, path):
            full = self.tree.inside(name)
            found = status(full) if "sha256" in entry else None
            if found is not None and stat.S_ISREG(found.st_mode) and found.st_size == entry.get("size", 0):
                return full
        return None

    def lay_moved(self, path, entry, full):
        """Lays a file with the content that a path has in the new version alone, and says
        whether it was found. It is copied: a second name would change when somebody edits the other one."""
        if (self.before.get(path) or {}).get("sha256") == entry["sha256"]:
            return False
        for other in self.contents.get(entry["sha256"]) or ():
            source = self.likely(other)
            if source is None:
                continue
            seen = hashlib.sha256()
            self.write(full, pieces(source, seen), entry["mode"])
            if seen.hexdigest() == entry["sha256"]:
                self.written[path] = os.lstat(full).st_ino, entry["sha256"]
                return True
            os.unlink(full)
        return False

    @staticmethod
    def holds(full, found, entry):
        return (stat.S_ISREG(found.st_mode) and found.st_size == entry.get("size", 0)
                and digest_of(full) == entry["sha256"])

    def lay_other(self, path, entry, here, found, full):
        """Stages a file that the new version has as the old one had it, and that was
        changed or removed here. The edit stays; what belongs to buildout has to be there."""
        was = self.before.get(path) or {}
        if was.get("sha256") != entry["sha256"] or path in self.relocated or (
                found is None and is_owned(path) and not was_taken(path)) or (found is not None and not stat.S_ISREG(found.st_mode)):
            self.lacks(path)
        elif found is None:
            self.left_out.add(path)
        else:
            lay_copy(here, full)

    def lacks(self, path):
        state = u"not as it was installed" if os.path.lexists(self.tree.inside(path)) else u"missing"
        raise Refused(u"%s is %s, and the update doesn't bring it" % (path, state),
                      u"update with the whole archive: binary-buildout update DIR ARCHIVE")

    def program(self, python):
        """Gives the interpreter of the new version, where it lies now."""
        bundled = self.incoming.manifest.get("bundled_python")
        if bundled:
            return plain(self.full(bundled["executable"]))
        if not self.tree.manifest.get("bundled_python"):
            return native(python.program)
        given = given_python(self.tree.base)
        if given is None:
            minor = u".".join(self.incoming.manifest["python"]["version"].split(u".")[:2])
            raise Refused(u"%s has no interpreter in it, and the update removes the one that is here" % self.incoming.what(),
                          u"run: python%s bootstrap.py" % minor, 2)
        return native(given)

    def fit(self, python, root, fitter=None):
        """Has the new version's own bootstrap.py do what it does in a fresh install: by a
        child that is that program already, or by starting it."""
        self.check_length(root)
        code, err = fitter.run() if fitter and fitter.fits(self.incoming, python) else self.start(python, root)
        if code:
            lines = dict(line.split(u": ", 1) for line in text(err).splitlines() if u": " in line)
            raise Refused(u"preparing %s: %s" % (self.incoming.what(), lines.get(u"error") or text(err).strip()),
                          lines.get(u"hint") or u"", code if code in (1, 2) else 3)

    def start(self, python, root):
        """Runs the staged bootstrap.py. Gives its exit code, and what it wrote to stderr."""
        command = starting_command(self.base) if self.incoming.manifest.get("bundled_python") else None
        command = command or [self.program(python), "-sE", plain(self.full(u"bootstrap.py"))]
        run = subprocess.Popen(command + ["--root", native(root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=plain(self.base))
        _, err = run.communicate()
        return run.returncode, err

    def check_length(self, root):
        """Refuses a path that is too long: Windows takes 259 characters where a program
        doesn't ask for more, and Python doesn't, which reads zc.buildout and develop packages in here."""
        launch = read_json(self.base, LAUNCH) or {}
        folders = list(launch.get("path") or ()) + [s["path"] for s in self.incoming.manifest["signatures"]]
        folders = tuple(u"" if f == u"." else f + u"/" for f in folders)
        paths = [e["path"] for e in self.incoming.files.get("files") or () if e["path"].startswith(folders)]
        longest = STAGED + u"/" + max(paths + [LAUNCHER], key=len)
        if WINDOWS and len(root) + 1 + len(longest) > 259:
            raise Refused(u"the path of this directory is too long for an update: Windows takes 259 characters, and %s would have %d"
                          % (longest, len(root) + 1 + len(longest)),
                          u"move the tree to a path of at most %d characters" % (258 - len(longest)), 2)

    def items(self):
        """Gives everything that the new tree has, by path, and what it is. Files that
        are the tree's own under a second name are None: they stay."""
        found = {}
        for folder, folders, names in os.walk(self.base):
            inside = text(folder)[len(text(self.base)):].replace(os.sep, u"/").lstrip(u"/")
            for name in folders + names:
                path = (inside + u"/" if inside else u"") + text(name)
                path = (self.before.get(path) or {}).get("path", path)  # one string of it is enough
                full = self.full(path)
                if path == LOCK:
                    continue
                there = None if WINDOWS else status(os.path.join(self.tree.base, native(path)))
                if there is not None and stat.S_ISREG(there.st_mode) and os.path.samestat(there, os.lstat(full)):
                    found[path] = None
                else:
                    found[path] = self.as_written(path, full) or item_at(full)
                    found[path].source = STAGED + u"/" + path
        return found

    def as_written(self, path, full):
        """Gives a file that is the one whose content was checked as it was written, which
        needn't be read again. What fits the tree writes files anew. None for others."""
        inode, value = (None, None) if WINDOWS else self.written.get(path, (None, None))  # Python 2.7 knows none there
        if inode is None:
            return None
        found = os.lstat(full)
        if (found.st_ino, int(found.st_mtime)) != (inode, self.incoming.epoch):
            return None
        return Item(u"file", stat.S_IMODE(found.st_mode), value)
