"""sys.path, and zc.buildout of the tree."""
import os
import sys

from lazypip import LazyPip
from paths import fs
from system import Refused, WINDOWS, native, text


def set_path(launch, root):
    """Gives sys.path: the eggs of zc.buildout, then the interpreter's own modules."""
    own = [os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.realpath(__file__)), ""]
    rest = [p for p in sys.path if p not in own]
    if not launch.get("virtualenv"):
        site = [p for p in rest if os.path.basename(p) in ("site-packages", "dist-packages")]
        forget_modules(site)
        rest = [p for p in rest if p not in site]
    eggs = [fs(root + b"/" + native(p) if not WINDOWS else root + "/" + p) for p in launch.get("path") or ()]
    for egg in eggs:
        if not os.path.exists(egg):
            raise Refused(u"%s is missing" % text(egg), u"unpack the archive again, then: python bootstrap.py", 2)
    sys.path[:] = eggs + rest
    sys.path_importer_cache.clear()


def forget_modules(folders):
    """Drops modules that .pth files of those directories have loaded already."""
    fronts = tuple(os.path.join(f, "") for f in folders)
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if fronts and path and path.startswith(fronts) and name != "__main__":
            del sys.modules[name]
    if fronts:
        sys.meta_path[:] = [m for m in sys.meta_path if type(m).__module__ in sys.modules or
                            getattr(m, "__module__", "") in sys.modules]


def load_buildout(reads_index=False):
    """Imports zc.buildout of the tree; pip at once if the run will read an index. setuptools comes first:
    it brings distutils where the standard library has none."""
    import warnings
    warnings.filterwarnings("ignore", ".*pkg_resources.*")
    warnings.filterwarnings("ignore", "Module .* was already imported from None")
    try:
        import setuptools  # noqa: F401
        with LazyPip(reads_index):
            import zc.buildout
        import zc.buildout.easy_install
        import zc.buildout.buildout
    except ImportError as e:
        raise Refused(u"this tree's zc.buildout can't be imported: %s" % text(str(e)),
                      u"unpack the archive again, then: python bootstrap.py")
    return zc.buildout


class Sorted(object):
    """The module os, with directories in the order of their names."""

    def __getattr__(self, name):
        return getattr(os, name)

    @staticmethod
    def listdir(path):
        return sorted(os.listdir(path))


def steady_paths(buildout):
    """zc.buildout 6 gives scripts the directories that .pth files name, in the
    order in which a file system happens to list them: with another, each script
    would be written anew."""
    utils = getattr(buildout, "utils", None)
    if hasattr(utils, "get_pth_paths"):
        utils.os = Sorted()
