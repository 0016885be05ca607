"""The interpreter that runs this, in the words of the manifest."""
import os
import sys

from probe import asked
from system import Refused, exact, plain, text


class Python(object):
    """The interpreter that runs this file, in the words of the manifest."""

    def __init__(self, root):
        self.path = self.executable(root)
        self.prefix = exact(getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix),
                            u"the interpreter's prefix")
        told = asked()
        self.minor = u"%d.%d" % sys.version_info[:2]
        for name in ("implementation", "abi", "bits", "system", "machine", "libc", "libc_version", "macos"):
            setattr(self, name, told[name])

    @staticmethod
    def executable(root):
        """sys.executable, absolute, not resolved: a link like the system's
        python3 stays that when the system is updated. One in this tree is what
        it was made from."""
        if not sys.executable:
            raise Refused(u"this python doesn't know where it lies", u"start it by its full path", 2)
        found = plain(os.path.abspath(sys.executable))
        inside = os.path.join(text(root), u"")
        for path in (found, getattr(sys, "_base_executable", None) or found, os.path.realpath(found)):
            path = os.path.abspath(path)
            if not (exact(path, u"the interpreter's path") + u"").startswith(inside):
                break
        else:
            raise Refused(u"%s lies in this directory, and is what has to be set up" % text(found),
                          u"run bootstrap.py with the system's python", 2)
        real = getattr(sys, "real_prefix", None)
        if real:  # a virtualenv of the old kind doesn't start without its site-packages
            for name in ("python%d.%d" % sys.version_info[:2], "python%d" % sys.version_info[0], "python"):
                if os.access(os.path.join(real, "bin", name), os.X_OK):
                    path = os.path.join(real, "bin", name)
                    break
        return exact(path, u"the interpreter's path")
