"""The interpreter that runs this, in the words of the manifest."""
import os
import struct
import sys

from system import PY2, Refused, WINDOWS, exact, plain, text
from tags import canonical_arch


class Python(object):
    """The interpreter that runs this file, in the words of the manifest."""

    def __init__(self, root):
        self.path = self.executable(root)
        self.prefix = exact(getattr(sys, "real_prefix", None) or getattr(sys, "base_prefix", sys.prefix),
                            u"the interpreter's prefix")
        self.implementation = (sys.implementation.name if hasattr(sys, "implementation")
                               else sys.subversion[0]).lower()
        self.minor = u"%d.%d" % sys.version_info[:2]
        self.version = u"%d.%d.%d" % sys.version_info[:3]
        self.abi = self.find_abi()
        self.bits = struct.calcsize("P") * 8
        self.system, self.arch = self.find_system()

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

    @staticmethod
    def find_abi():
        number = u"cp%d%d" % sys.version_info[:2]
        debug = hasattr(sys, "gettotalrefcount")
        if PY2:
            import sysconfig
            malloc = sysconfig.get_config_var("WITH_PYMALLOC")
            return (number + (u"d" if debug else u"") + (u"m" if malloc or malloc is None else u"")
                    + (u"u" if sys.maxunicode > 0xffff else u""))
        flags = getattr(sys, "abiflags", None)
        if flags is None:
            import sysconfig
            flags = (u"t" if sysconfig.get_config_var("Py_GIL_DISABLED") else u"") + (u"d" if debug else u"")
        return number + flags.replace(u"m", u"")

    def find_system(self):
        if WINDOWS:
            import sysconfig
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            return u"windows", {u"win32": u"i686", u"win_amd64": u"x86_64",
                                u"win_arm64": u"aarch64"}.get(text(platform), text(platform))
        machine = text(os.uname()[4])
        return (u"macos" if sys.platform == "darwin" else u"linux"), canonical_arch(machine, self.bits)
