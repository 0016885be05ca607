"""Paths as Python's own modules take them, and as the manifest has them."""
import os

from system import PY2, WINDOWS, native, text


def fs(path):
    """Gives a path as Python's own modules take it: str in both Pythons."""
    path = native(path) if not isinstance(path, bytes) and not WINDOWS else path
    return path if PY2 or not isinstance(path, bytes) else os.fsdecode(path)


def slashed(path):
    """Gives a path in the manifest's words: text, with slashes on Windows too."""
    return text(path).replace(u"\\", u"/") if WINDOWS else text(path)
