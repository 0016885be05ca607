"""A small tree as an archive unpacks it, for the tests of bootstrap.py."""
import hashlib
import json
import os
import shutil
import tempfile

import probe
from tests import PY2, source

ROOT, PYTHON = u"@binary-buildout-root@", u"@binary-buildout-python@"
OWN = u".binary-buildout/"
FILES = {
    u"bin/script": u"#!" + PYTHON + u"\nprint(1)\n",
    u"lib/mod.py": u"where = '@binary-buildout-root+python@'\n",
    u"etc/latin.conf": u"caf\xe9 = " + ROOT + u"\n",
    u".installed.cfg": u"[buildout]\nparts = x\n\n[x]\n__buildout_installed__ = " + ROOT + u"/bin/script\n",
}


class Tree(object):
    """One tree in a directory of its own, which close() removes."""

    def __init__(self, folder=u"archive"):
        self.above = os.path.realpath(tempfile.mkdtemp())
        if isinstance(self.above, bytes):
            self.above = self.above.decode("utf-8")
        self.root = os.path.join(self.above, folder)
        for name, data in FILES.items():
            self.write(name, data.encode("utf-8"))
        self.write(u"bootstrap.py", source("bootstrap.py"))
        self.write(OWN + u"launcher.py", source("launcher.py"))
        self.write_json(OWN + u"launch.json", {"format": 1, "config": "buildout.cfg"})
        told = probe.asked()
        self.manifest = {
            "format": 1, "name": "small", "version": "1.0", "target": told["abi"] + "-linux_" + told["machine"], "longest_path": "lib/mod.py",
            "python": dict((key, told[key]) for key in ("version", "implementation", "abi", "bits", "libc")),
            "relocations": [self.relocation(name) for name in sorted(FILES)]}
        self.write_manifest()

    @staticmethod
    def relocation(name, data=None):
        data = (FILES[name] if data is None else data).encode("utf-8")
        return {"path": name, "class": "text", "mode": 0o644, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def at(self, name):
        """A path for the system's calls, whatever the locale is."""
        return os.path.join(self.root, name).encode("utf-8")

    def own(self, name):
        """The path of a program, as Python has it in __file__."""
        path = self.at(name)
        return path if PY2 else os.fsdecode(path)

    def write(self, name, data):
        folder = os.path.dirname(self.at(name))
        if not os.path.isdir(folder):
            os.makedirs(folder)
        with open(self.at(name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode("utf-8"))

    def write_json(self, name, value):
        self.write(name, json.dumps(value))

    def write_manifest(self):
        self.write_json(OWN + u"manifest.json", self.manifest)

    def names(self):
        """What is there: kinds, and the content of files. The lock doesn't count."""
        found = {}
        for at, folders, files in os.walk(self.above.encode("utf-8")):
            for name in folders + files:
                path = os.path.join(at, name)
                if os.path.islink(path):
                    found[path] = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as f:
                        found[path] = f.read()
                else:
                    found[path] = None
        found.pop(self.at(OWN + u"lock"), None)
        return found

    def close(self):
        shutil.rmtree(self.above.encode("utf-8"))
