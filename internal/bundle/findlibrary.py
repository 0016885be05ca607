# Added by binary-buildout: a library that came along with this interpreter is
# the one that it was built with. Where the system has it too, that one may be
# of another version.
_find_on_system = find_library


def find_library(name):
    """Return where a library is, or what the loader finds it by; None if it isn't there."""
    stdlib = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    lib = os.path.join(os.path.dirname(os.path.dirname(stdlib)), "lib")
    there = os.listdir(lib) if os.path.isdir(lib) else []
    own = sorted(f for f in there if f.startswith("lib%s.so" % name))
    return os.path.join(lib, own[0]) if own else _find_on_system(name)
