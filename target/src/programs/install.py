# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
"""Installs an archive of binary-buildout on a machine that has only a Python.

install.sh and install.ps1 have its SHA-256, and give it its options; nobody runs
it by itself. It is for Python 2.7 and 3, on POSIX and Windows, has nothing but the
standard library, and is ASCII.
"""
import os, sys
# Nothing from the directory that we are in. (os is there before any search.)
HERE = os.path.normcase(os.path.abspath(os.curdir))
sys.path[:] = [p for p in sys.path if os.path.normcase(os.path.abspath(p)) != HERE]

import errno
import signal
import sys

from installation import install
from options import options, spoken
from upgrade import upgrade
from words import Stop, say


def ended(number, frame):
    raise KeyboardInterrupt


for number_ in ("SIGTERM", "SIGHUP", "SIGBREAK"):
    if hasattr(signal, number_):
        signal.signal(getattr(signal, number_), ended)
try:
    wanted = options()
    (upgrade if wanted["update"] else install)(wanted)
except Stop as e:
    failure = e
except EnvironmentError as e:
    failure = Stop(3, "installing: %s" % e, "make room on that disk" if e.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)) else "")
except KeyboardInterrupt:
    failure = Stop(3, "installing: it was interrupted", "run the command again: it resumes where this one stopped")
else:
    sys.exit(0)
say("error: " + spoken(failure.text))
if failure.hint:
    say("hint: " + spoken(failure.hint))
sys.exit(failure.code)
