"""The .pyc files of sources that hold a path of the tree."""
import re
import struct
import sys

from system import PY2


def bytecode(path, source, filename, mtime):
    """Gives a .pyc of a source that we relocated, or None if it doesn't compile.
    From 3.7 on it is never compared with its source's time, and outside of
    installed distributions with its source's hash, so that an edit counts."""
    import marshal
    level = re.search(u"\\.opt-([12])\\.pyc\\Z", path)
    try:
        if PY2:
            code = compile(source.replace(b"\r\n", b"\n") + b"\n", filename.encode("utf-8"), "exec", 0, True)
        else:
            code = compile(source, filename, "exec", 0, True, int(level.group(1)) if level else 0)
    except (SyntaxError, ValueError, TypeError):
        return None
    body = marshal.dumps(code)
    size = len(source) & 0xffffffff
    if PY2:
        import imp
        return imp.get_magic() + struct.pack("<I", mtime & 0xffffffff) + body
    import importlib.util
    if sys.version_info < (3, 7):
        return importlib.util.MAGIC_NUMBER + struct.pack("<II", mtime & 0xffffffff, size) + body
    flags = 1 if is_installed(path) else 3  # PEP 552
    return importlib.util.MAGIC_NUMBER + struct.pack("<I", flags) + importlib.util.source_hash(source) + body


OWN_PYTHON = re.compile(u"python-[0-9]+[.][0-9]+[.][0-9]+[0-9a-z+]*/")  # the archive's own interpreter


def is_installed(path):
    """Says whether a file is an installed distribution's, which nobody edits."""
    return path.startswith(u"eggs/") or bool(OWN_PYTHON.match(path)) or any(p.endswith(u".egg") or p == u"site-packages" for p in path.split(u"/"))


def source_of(path):
    """Gives the source that a .pyc is compiled from."""
    folder, _, name = path.rpartition(u"/")
    if folder.rpartition(u"/")[2] == u"__pycache__":
        return folder[:-len(u"__pycache__")] + name.split(u".")[0] + u".py"
    return path[:-1]
