"""pip, which zc.buildout imports at each start and uses only when it reads an index.

zc.buildout from 3 on takes five names of three modules of pip, which import a quarter of all
that it imports. Here stand-ins give those names while zc.buildout is imported. The first page
of an index that is asked for (PackageIndex.process_url), or the first look into pip from
elsewhere, imports pip and has zc.buildout patch its index again, as it does by itself.
"""
import os
import re
import sys
import types


# What zc.buildout takes of each module: one name of each pair.
TAKEN = {
    "pip._internal.index.collector": (("IndexContent", "HTMLPage"), ("parse_links",)),
    "pip._internal.index.package_finder": (("_check_link_requires_python",),),
    "pip._internal.models.target_python": (("TargetPython",),),
}


class LazyPip(object):
    """The time in which zc.buildout is imported without those modules, unless they are wanted."""

    def __init__(self, wanted=False):
        self.wanted = wanted
        self.indexes = []   # PackageIndex, and its process_url before it was patched
        self.waiting = []   # pip and pip._internal, while they look for what isn't imported
        self.stand_ins = {}
        self.page = self.real = None  # what stands for process_url meanwhile, and zc.buildout's own

    def __enter__(self):
        found = {} if self.wanted or "pip" in sys.modules else names_defined()
        if found:
            self.stand_ins = dict((name, StandIn(name, found[name], self)) for name in found)
        sys.modules.update(self.stand_ins)
        return self

    def __exit__(self, kind, error, trace):
        for name, module in self.stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        for index, old in self.indexes:
            if index.process_url is not old:
                index.process_url = self.page = self.first_page()
        if self.indexes:
            self.wait(sys.modules["pip"])
            self.wait(sys.modules["pip._internal"])

    def asked(self):
        """Remembers the index that zc.buildout is about to patch."""
        if not self.indexes:
            import pip._internal  # noqa: F401  it gives all later loggers their class
            module = sys.modules.get("zc.buildout._package_index") or sys.modules["setuptools.package_index"]
            self.indexes.append((module.PackageIndex, module.PackageIndex.__dict__["process_url"]))

    def first_page(self):
        """Gives the index's function, which imports pip and then does what it does with it."""
        def process_url(index, *args, **kw):
            self.load()
            return self.real(index, *args, **kw)
        return process_url

    def load(self):
        """Imports what was left out, with what zc.buildout says where that fails."""
        while self.waiting:
            del self.waiting.pop().__getattr__
        while self.indexes:
            index, old = self.indexes.pop()
            found, index.process_url = index.process_url, old
            sys.modules["zc.buildout.patches"].patch_PackageIndex()
            self.real = index.process_url
            if found not in (self.page, old):  # an extension of zc.buildout has put its own around it
                index.process_url = found

    def wait(self, module):
        """Has a package look for a module that it would have if all were imported."""
        def look(name):
            if name.startswith("__"):
                raise AttributeError("module %r has no attribute %r" % (module.__name__, name))
            self.load()
            return getattr(module, name)
        if "__getattr__" not in module.__dict__:
            module.__getattr__ = look
            self.waiting.append(module)


class StandIn(types.ModuleType):
    """A module of pip, for zc.buildout's patch of its index: what it takes is never called."""

    def __init__(self, name, names, lazy):
        types.ModuleType.__init__(self, name)
        self.__dict__.update(_names=names, _lazy=lazy)

    def __getattr__(self, name):
        if name not in self._names:
            raise AttributeError(name)
        self._lazy.asked()
        return Unused


class Unused(object):
    """What zc.buildout asks when it patches its index: TargetPython().py_version_info."""
    py_version_info = None


def names_defined():
    """Gives the names that zc.buildout takes of each module, as the files define them. It is empty unless
    all are there: zc.buildout then imports pip, and says what is missing."""
    if sys.version_info < (3, 7):  # modules have no __getattr__ there
        return {}
    folder = next((p for p in sys.path if os.path.exists(os.path.join(p, "pip", "__init__.py"))), None)
    found = {}
    for name, wanted in TAKEN.items() if folder else ():
        try:
            with open(os.path.join(folder, *name.split(".")) + ".py", "rb") as f:
                source = f.read().decode("utf-8", "replace")
        except EnvironmentError:
            return {}
        names = [n for pair in wanted for n in pair if re.search(r"^(?:class|def) %s\b" % n, source, re.M)]
        if any(not set(pair) & set(names) for pair in wanted):
            return {}
        found[name] = names
    return found
