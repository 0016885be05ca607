#!/usr/bin/env python
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
import sys; sys.path[:] = sys.path[not (getattr(sys.flags, "isolated", 0) or getattr(sys.flags, "safe_path", 0)):]

HELP = """\
usage: python bootstrap.py [--check] [--rollback] [--root DIR] [--help]

Sets this directory up for the place where it is and for the Python that runs
this program. The directory is a buildout that binary-buildout compiled
elsewhere. Neither a compiler nor a network is needed. Then run bin/buildout.

If the directory has an interpreter of its own, ./bootstrap (on Windows
bootstrap.cmd) needs no other Python, and this program continues under that
interpreter, whichever Python started it.

Run it again after the directory was moved, with another Python, or after a
delta was unpacked in it. A delta is applied completely or not at all.

  --check     verify every file against the archive, and change nothing
  --rollback  go back to the version before the last update
  --root DIR  set it up for DIR, where it will be moved to when this is done
  --help      this text

Exit codes: 0 done; 1 a file is missing or altered; 2 wrong usage, or not for
this system; 3 the system failed (read-only, disk full).
"""

# How it works. Everything is decided before anything is changed:
#
#   1. check: manifest, interpreter, system, path, owner.
#   2. stage: each file that has to change is written anew beside the old one,
#      under a temporary name, and synced. An error up to here removes them.
#   3. mark: state.json gets a "pending" record: the new values, and for each
#      file its digest before and after.
#   4. rename: the archive's version is kept under .binary-buildout/origin, the
#      new file takes its place. Then .installed.cfg, which needs hashes of what
#      was renamed, and bin/buildout.
#   5. state.json without "pending".
#
# A run that was killed in step 2 changed nothing; one killed later is finished
# by the next, which knows each file by its digest.

import os

# What lies in PYTHONPATH doesn't count either.
for p in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    sys.path[:] = [q for q in sys.path if q not in (p, os.path.abspath(p))]

from bundled import hand_over
from check import check
from ownership import check_owner
from bootstrapping import again, bootstrap, go_back, look, resume
from system import Refused, complain, exact, native, plain, say, text
from tree import Tree


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        say(text(HELP.rstrip()))
        return 0
    try:
        root = exact(plain(os.path.realpath(os.path.dirname(os.path.abspath(__file__)))), u"the path of this directory")
        if arguments == ["--check"]:
            return check(Tree(root))
        check_owner(native(root))  # before anything is replayed
        hand_over(native(root), arguments)
        rolled_back = resume(native(root))
        if rolled_back is not None:
            if rolled_back and arguments == ["--rollback"]:
                arguments = []  # that was it
            return again(native(root), arguments) if arguments != ["--recover"] else 0
        if arguments == ["--recover"]:
            return 0
        if arguments == ["--rollback"]:
            return go_back(root, root)
        if arguments == ["--look"]:
            return look(root)
        if len(arguments) == 2 and arguments[0] == "--root":
            return bootstrap(root, exact(os.path.abspath(arguments[1]), u"the path of --root"))
        if arguments:
            raise Refused(u"unknown argument %s" % text(arguments[0]), u"python bootstrap.py --help", 2)
        return bootstrap(root, root)
    except (Refused, EnvironmentError) as e:
        return complain(e)
    except KeyboardInterrupt:
        return complain(Refused(u"interrupted", u"run it again: it resumes where it stopped", 130))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
