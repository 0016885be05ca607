"""The interpreter that runs this, in the words of the manifest."""
import os
import sys

from bundled import runs_from
from probe import asked
from system import Refused, exact, native, plain, text


class Python(object):
    """The interpreter that runs this file, in the words of the manifest. path and
    prefix are what the tree gets; program is what is run now: it differs from
    path where the interpreter lies in a tree that is fitted to another place."""

    def __init__(self, base, root, bundled=None):
        if bundled:
            self.program, self.path, self.prefix = self.of_tree(base, root, bundled)
        else:
            self.path = self.program = self.executable(base)
            self.prefix = exact(getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix),
                                u"the interpreter's prefix")
        told = asked()
        self.minor = u"%d.%d" % sys.version_info[:2]
        for name in ("implementation", "abi", "bits", "system", "machine", "libc", "libc_version", "macos"):
            setattr(self, name, told[name])

    @staticmethod
    def of_tree(base, root, bundled):
        """Gives the archive's own interpreter: what runs, and by which path and prefix the tree has it."""
        if not runs_from(os.path.join(base, native(bundled["directory"]))):
            raise Refused(u"this archive has an interpreter of its own, %s, and this is %s" % (bundled["executable"], text(sys.executable or "")),
                          u"unpack the archive again: the program bootstrap is missing in its top directory", 2)
        front = text(native(root + u"/"))
        return (plain(text(os.path.join(base, native(bundled["executable"])))),
                front + text(native(bundled["executable"])), front + text(native(bundled["directory"])))

    @staticmethod
    def executable(root):
        """sys.executable, absolute, not resolved: a link like the system's
        python3 stays that when the system is updated. One in this tree is what
        it was made from."""
        if not sys.executable:
            raise Refused(u"this Python doesn't know its own path", u"start it by its full path", 2)
        found = plain(os.path.abspath(sys.executable))
        inside = os.path.join(text(root), u"")
        for path in (found, getattr(sys, "_base_executable", None) or found, os.path.realpath(found)):
            path = os.path.abspath(path)
            if not (exact(path, u"the interpreter's path") + u"").startswith(inside):
                break
        else:
            raise Refused(u"%s is part of this directory, which has to be set up first" % text(found),
                          u"run bootstrap.py with the system's python", 2)
        real = getattr(sys, "real_prefix", None)
        if real:  # a virtualenv of the old kind doesn't start without its site-packages
            for name in ("python%d.%d" % sys.version_info[:2], "python%d" % sys.version_info[0], "python"):
                if os.access(os.path.join(real, "bin", name), os.X_OK):
                    path = os.path.join(real, "bin", name)
                    break
        return exact(path, u"the interpreter's path")
