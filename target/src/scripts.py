"""The scripts that zc.buildout writes, fitted to the tree's path."""
import io
import os
import re
import stat
import sys

from journal import PART_BYTES
from paths import fs
from shebang import shebang
from starter import STARTED, for_starter, from_starter
from system import PY2, Refused, WINDOWS, native, read_file, replace, text, write_new


# -- scripts

def fit_script(contents):
    """Gives a script as bootstrap.py leaves it: see shebang()."""
    data = contents if isinstance(contents, bytes) else contents.encode("utf-8", "surrogateescape")
    python = sys.executable if isinstance(sys.executable, bytes) else os.fsencode(sys.executable)
    start = b"#!" + python
    if not data.startswith((start + b"\n", start + b" ", start + b"\r\n")):
        return contents
    line, _, rest = data[len(start):].partition(b"\n")
    fitted = shebang(python, line.strip(), rest)
    if isinstance(contents, bytes):
        return fitted
    return fitted.decode("utf-8", "surrogateescape")


NAMESPACES = """
def namespaces():  # that a -nspkg.pth of the interpreter's began go on in what is above
    import os
    for name, module in sys.modules.items():
        if hasattr(module, '__path__') and not hasattr(module, '__file__'):
            found = [os.path.join(p, *name.split('.')) for p in sys.path]
            found = [p for p in found if os.path.isdir(p)]
            module.__path__[:] = found + [p for p in module.__path__ if p not in found]

namespaces()
del namespaces
"""

OWN_PATH = re.compile(r"^sys\.path\[0:0\] = \[\n(.*\n)*? *\]\n", re.M)  # 1.x indents it by four


def join_namespaces(contents):
    """In Python 2 a -nspkg.pth in the interpreter's site-packages makes its
    namespace a module before a script runs, and all that the application has
    of that namespace isn't found. Python 3's import system sees to it itself."""
    found = OWN_PATH.search(contents)
    if not PY2 or not found or NAMESPACES in contents:
        return contents
    return contents[:found.end()] + NAMESPACES + contents[found.end():]


class Template(str):
    """A template of a script whose first lines fit what it is filled with."""

    def __mod__(self, values):
        return fit_script(join_namespaces(str.__mod__(self, values)))


def patch_scripts(easy, root):
    """Makes zc.buildout write scripts that start: with a space in the
    interpreter's path, with one that is too long, with letters that Python 2
    wants declared. They come out as bootstrap.py leaves them, so that no
    script is written again. bin/buildout is not zc.buildout's to write.

    All scripts go through one function; it is patched, not their templates, since
    djangorecipe and others put own ones in their place. From 2.0 on interpreters
    don't, and nobody has an own template for those."""
    own = os.path.join(fs(root), "bin", "buildout")

    def fitting(old, script, contents):
        def wrapped(*args):
            args = list(args)
            if os.path.abspath(args[script]) in (own, own + "-script.py"):
                return [args[script]]
            args[contents] = fit_script(join_namespaces(args[contents]))
            return old(*args)
        return wrapped
    if hasattr(easy, "_create_script"):
        easy._create_script = fitting(easy._create_script, 1, 0)
        easy.py_script_template = Template(easy.py_script_template)
    elif hasattr(easy, "_write_script"):
        easy._write_script = fitting(easy._write_script, 0, 1)
    if WINDOWS:
        easy.open = open_starters


class Starter(io.BytesIO):
    """A NAME.exe that is written: nothing happens if it is there already.
    zc.buildout writes those of interpreters each time, and Windows lets nobody
    write to a program that runs."""

    def __init__(self, path):
        io.BytesIO.__init__(self)
        self.path = path

    def close(self):
        if not self.closed:
            data = self.getvalue()
            if not os.path.isfile(self.path) or read_file(self.path) != data:
                with open(self.path, "wb") as f:
                    f.write(data)
        io.BytesIO.close(self)


class Script(io.StringIO):
    """A NAME-script.py that is read or written, as zc.buildout sees it."""

    def __init__(self, path, data=None):
        found = from_starter(data).decode("utf-8", "surrogateescape") if data is not None else u""
        io.StringIO.__init__(self, found, None)
        self.path = None if data is not None else path

    def close(self):
        if not self.closed and self.path:
            data = self.getvalue().replace(u"\n", text(os.linesep)).encode("utf-8", "surrogateescape")
            with open(self.path, "wb") as f:
                f.write(for_starter(text(self.path), data))
        io.StringIO.close(self)


def open_starters(name, mode="r", *args, **kw):
    if mode == "wb" and text(name).lower().endswith(u".exe"):
        return Starter(name)
    if not PY2 and mode in ("r", "w") and STARTED.search(text(name)):
        return Script(name, read_file(name) if mode == "r" else None)
    return open(name, mode, *args, **kw)


def fit_own(data, root):
    """Fits the first lines of a script whose interpreter lies in this tree, as a
    Python does that a part compiled."""
    line, _, rest = data[2:].partition(b"\n")
    front = native(text(root) + u"/")
    if WINDOWS or not line.startswith(front):
        return data
    ends = [i for i in range(len(front), len(line)) if line[i:i + 1] == b" "] + [len(line)]
    for end in ends:
        if os.path.isfile(line[:end]):
            try:
                return shebang(line[:end], line[end:].strip(), rest)
            except Refused:
                return data  # no Python: what starts it is its own affair
    return data


def fit_scripts(root):
    """Fits the scripts that recipes write themselves, after the run."""
    folder = os.path.join(root, native(u"bin"))
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size > PART_BYTES:
            continue
        data = read_file(path)
        if data[:2] == b"#!":
            fitted = for_starter(text(name), fit_own(fit_script(from_starter(data)), root))
            if fitted != data:
                new = os.path.join(folder, native(u".binary-buildout-new"))
                write_new(new, fitted, stat.S_IMODE(found.st_mode))
                replace(new, path)
