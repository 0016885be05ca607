"""Stand-ins for compilers that fail, and say why."""
import os

from paths import fs
from system import WINDOWS, native, read_file, text, write_new


COMPILERS = ("cc", "gcc", "c++", "g++", "clang", "clang++", "make", "gmake", "cargo", "rustc", "gfortran")
SHIM = b"""#!/bin/sh
case "${0##*/} $*" in
*" --version"*|*" -v"|*" -V"|*" -dump"*|*" -print"*) ;;
make*|gmake*|cargo*|*.[cCfmsSor]|*.[cCfmsSor]\\ *|*.cc*|*.cpp*|*.cxx*|*.f90*|*.rs*)
    echo "$BINARY_BUILDOUT_PART $0 $*" >> "${0%/*}/wanted" ;;
esac
echo "${0##*/}: there is no compiler on this system" >&2
exit 127
"""


class Shims(object):
    """Programs that stand in for a compiler that isn't there, last on PATH.
    They fail, and note that a part asked to compile: setuptools and pip install
    many packages without their extensions, say nothing, and exit 0. (pip also
    asks rustc for its version, and ctypes has gcc look for libraries.)"""

    def __init__(self, journal):
        self.folder = None
        if WINDOWS or any(which(name) for name in ("cc", "gcc", "clang")):
            return
        self.folder = journal.path("shims")
        os.mkdir(self.folder, 0o700)
        for name in COMPILERS:
            if not which(name):
                write_new(os.path.join(self.folder, native(text(name))), SHIM, 0o755)
        os.environ["PATH"] = os.environ.get("PATH", os.defpath) + os.pathsep + fs(self.folder)

    def wanted(self):
        """Gives the parts that asked for a compiler, in order."""
        if not self.folder or not os.path.exists(os.path.join(self.folder, b"wanted")):
            return []
        found = []
        for line in read_file(os.path.join(self.folder, b"wanted")).split(b"\n"):
            part = text(line.split(b" ")[0])
            if line and part not in found:
                found.append(part)
        return found


def which(name):
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None
