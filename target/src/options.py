"""What install.sh and install.ps1 hand over, and how their users know it."""
import base64
import os
import re
import sys

from words import PY2, WINDOWS, native


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
    o.setdefault("update", "")
    return o


def spoken(words):
    """On one line, with the options as the user knows them."""
    if "OPTIONS" in globals():
        words = re.sub(r"--(into|python|tag|from|label|sha256|update)\b", lambda m: "-" + m.group(1).capitalize(), words)
    return words.replace("\n", "\\n")
