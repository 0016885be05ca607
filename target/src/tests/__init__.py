"""Tests of the modules in target/src, by the standard library's unittest.

Go's TestUnits (target) runs them with every Python that is here, in a copy of the
directory that has the three programs in it.
"""
import contextlib
import io
import json
import os
import sys

SRC = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.dirname(SRC)
PY2 = sys.version_info[0] == 2


def cases(name):
    """A table that Go's tests read too."""
    with io.open(os.path.join(TARGET, "cases", name), encoding="utf-8") as f:
        return json.loads(f.read())


def source(path):
    with open(os.path.join(TARGET, path), "rb") as f:
        return f.read()


@contextlib.contextmanager
def patched(**values):
    """Has names stand for other values in each module of src that has them."""
    old = []
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        if os.path.dirname(os.path.abspath(path)) != SRC:
            continue
        for name in values:
            if hasattr(module, name):
                old.append((module, name, getattr(module, name)))
                setattr(module, name, values[name])
    try:
        yield
    finally:
        for module, name, value in old:
            setattr(module, name, value)


class Program(object):
    """bootstrap.py, launcher.py or install.py as it travels, loaded once. What
    it prints is kept."""

    def __init__(self, name):
        self.names, path = {"__name__": "loaded", "__file__": os.path.join(TARGET, name)}, sys.path[:]
        exec(compile(source(name), name, "exec"), self.names)
        sys.path[:] = path
        self.names["say"] = self.say
        self.out, self.err = [], []

    def say(self, line, stream=None):
        (self.err if stream is sys.stderr else self.out).append(line)

    def run(self, path, arguments):
        """Exit code of main(), and the lines that it said to standard error."""
        self.names["__file__"] = path
        self.out[:], self.err[:] = [], []
        return self.names["main"](arguments), list(self.err)
