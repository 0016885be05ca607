"""The tree: where its files lie, what its manifest says, and what is known of it."""
import os
import stat
import subprocess

from documents import read_json
from manifest import check_manifest
from system import LAUNCHER, MANIFEST, Refused, STATE, digest, endless, native, plain, read_file, text


class Tree(object):
    """This directory, and what is known of it. Paths are the manifest's."""

    def __init__(self, root):
        self.root = root
        self.base = endless(native(root))
        self.safe = set()
        data = b""
        if os.path.lexists(os.path.join(self.base, native(MANIFEST))):
            self.inside(MANIFEST)
            data = read_file(os.path.join(self.base, native(MANIFEST)))
        self.archive = digest(data)
        self.manifest = read_json(self.base, MANIFEST, u"unpack the archive again: bootstrap.py lies in its top directory")
        check_manifest(self.manifest)
        self.state = read_json(self.base, STATE)

    def inside(self, path):
        """Gives the path for the system's calls. No directory on the way may be a link."""
        parts = path.split(u"/")
        for i in range(1, len(parts)):
            folder = u"/".join(parts[:i])
            if folder in self.safe:
                continue
            full = os.path.join(self.base, native(folder))
            if os.path.lexists(full):
                if not stat.S_ISDIR(os.lstat(full).st_mode):
                    raise Refused(u"%s isn't a directory" % folder, u"unpack the archive again")
                self.safe.add(folder)
        return os.path.join(self.base, native(path))

    def content(self, path):
        """Gives the bytes and the stat of a regular file, or None, None."""
        full = self.inside(path)
        if not os.path.lexists(full):
            return None, None
        found = os.lstat(full)
        if not stat.S_ISREG(found.st_mode):
            return None, None
        return read_file(full), found

    def values(self):
        """Gives the values that the tree was last fitted to, or None."""
        return values_of(self.state) if self.state and self.state.get("root") else None

    def run_launcher(self, python, arguments):
        command = [native(python.program), "-sSE", plain(os.path.join(self.base, native(LAUNCHER)))] + arguments
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=plain(self.base))
        out, err = run.communicate()
        if run.returncode:
            raise Refused(u"running %s: %s" % (LAUNCHER, text(err).strip() or run.returncode))
        return text(out)


def values_of(state):
    """Gives root, python and prefix of a state, or of its pending record."""
    return {u"root": state["root"], u"python": state["interpreter"], u"prefix": state.get("prefix", u"")}
