# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
"""Installs an archive of binary-buildout on a machine that has only a Python.

release.Installers puts this text into install.sh and install.ps1, which give
it its options; nobody runs it by itself. It is for Python 2.7 and 3, on POSIX
and Windows, has nothing but the standard library, is ASCII, and no single
quote may stand in it: those are around it.
"""
import os, sys
# Nothing from the directory that we are in. (os is there before any search.)
HERE = os.path.normcase(os.path.abspath(os.curdir))
sys.path[:] = [p for p in sys.path if os.path.normcase(os.path.abspath(p)) != HERE]

import base64
import errno
import os
import re
import signal
import sys

from fetch import from_copy, from_open
from fits import choose
from here import final, look, other_version
from index import as_asked, as_tagged, read_index
from interpreters import pythons
from shelves import source
from trust import safe_place
from unpack import zstd
from words import PY2, Stop, WINDOWS, native, say, word


def install(o):
    path = final(o["into"])
    safe_place(path)
    there = look(path)
    shelf = source(o["from"], o["server"], o["repo"], o["release"], o["tag"], (o["helper"], o["script"]) if o.get("helper") else None)
    index = read_index(shelf.index(), shelf.name)
    as_tagged(o["tag"], index, shelf.name)
    say("%s has %s %s" % (shelf.name, index["name"], index["version"]))
    asset, python = choose(index, shelf.name, pythons(o["python"]), o["label"])
    as_asked(o["sha256"], asset)
    if there and there["sha256"] == asset["sha256"]:
        return say("%s is in %s already: nothing changes" % (there["what"], path), sys.stdout)
    if there:
        raise other_version(path, there, asset, index, shelf)
    if asset["archive"].endswith(".zst"):
        zstd()
    local = shelf.local(asset)
    if not local or not from_open(local, True, asset, path, python, shelf):
        from_copy(asset, path, python, shelf)
    after = "cd %s; bin\\buildout" if WINDOWS else "cd %s && bin/buildout"
    say("%s %s is in %s, with %s\nnext: %s" % (index["name"], index["version"], path, python["executable"], after % word(path)), sys.stdout)


def options():
    """NAME=VALUE: of install.sh the arguments, of install.ps1 what it set as
    OPTIONS before this text, since no quoting comes between there."""
    given = sys.argv[1:]
    if "OPTIONS" in globals():
        given = base64.b64decode(OPTIONS).split(b"\0")
        given = [native(v.decode("utf-8")) if PY2 or WINDOWS else os.fsdecode(v) for v in given]
    o = dict(v.split("=", 1) for v in given)
    # From install.sh by the environment: a mirror may have a password.
    o.setdefault("from", os.environ.pop("BINARY_BUILDOUT_FROM", ""))
    return o


def spoken(words):
    """On one line, with the options as the user knows them."""
    if "OPTIONS" in globals():
        words = re.sub(r"--(into|python|tag|from|label|sha256)\b", lambda m: "-" + m.group(1).capitalize(), words)
    return words.replace("\n", "\\n")


def ended(number, frame):
    raise KeyboardInterrupt


for number_ in ("SIGTERM", "SIGHUP", "SIGBREAK"):
    if hasattr(signal, number_):
        signal.signal(getattr(signal, number_), ended)
try:
    install(options())
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
