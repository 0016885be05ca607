#!/usr/bin/env python
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
import sys; sys.path[:] = [p for p in sys.path if p not in ("", ".") and not p.endswith(".binary-buildout")]

# Runs this tree's own zc.buildout, in the build, in the gate and on the target:
#
#   PYTHON -sSE launcher.py --mode=build  ...   the build, in the stage
#   PYTHON -sSE launcher.py --mode=target ...   bin/buildout
#   PYTHON -sSE launcher.py --signature DIR...  zc.buildout's hash of a develop directory
#   PYTHON -sSE launcher.py --recover           undoes an interrupted run
#   PYTHON -sSE launcher.py --reads CONFIG      whether a configuration goes with this tree
#
# In the build, zc.buildout runs as it is. On the target some of its functions are
# replaced, so that nothing is compiled, fetched or lost: see Run.

import os

# What lies in PYTHONPATH doesn't count either.
for p in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    sys.path[:] = [q for q in sys.path if q not in (p, os.path.abspath(p))]

from journal import Journal
from launching import launch_buildout
from reading import reads, signature
from starting import own_root
from system import Refused, WINDOWS, complain, exact


def main(arguments):
    root = own_root()
    root = root if WINDOWS else (root if isinstance(root, bytes) else os.fsencode(root))
    try:
        exact(root, u"the path of this directory")
        if arguments[:1] == ["--recover"]:
            Journal(root).undo()
            return 0
        if arguments[:1] == ["--signature"]:
            return signature(root, arguments[1:])
        if arguments[:1] == ["--reads"] and len(arguments) == 2:
            return reads(root, arguments[1])
        if arguments[:1] in (["--mode=build"], ["--mode=target"]):
            return launch_buildout(root, arguments[0].partition("=")[2], arguments[1:])
        raise Refused(u"launcher.py --mode=build|target ..., --signature DIR, --recover", u"run bin/buildout", 2)
    except (Refused, EnvironmentError) as e:
        return complain(e)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
