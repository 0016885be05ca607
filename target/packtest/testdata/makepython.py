"""makepython.py DIR MODULE ...: a small copy of the interpreter that runs this, as a prefix that works at any place.

It has the program, libpython, and the modules, which the target's programs import:
those in Python in a zip, so that the trees of the tests have few files.
"""
import glob
import os
import py_compile
import subprocess
import sys
import sysconfig
import zipfile

# What those import when they run, and what installs.
NEEDED = "__future__ codecs csv datetime gzip io runpy tempfile traceback types warnings weakref zipfile zipimport urllib imp"


def patched(path):
    """A file without the place of the interpreter: the loader finds libpython beside it."""
    old = sys.prefix.encode()
    work = os.path.join(sys.argv[1], "work.elf")
    subprocess.check_call(["strip", "-o", work, path])
    with open(work, "rb") as f:
        data = f.read()
    os.unlink(work)
    run = old + b"/lib\0"
    data = data.replace(run, b"$ORIGIN/../lib".ljust(len(run), b"\0") if len(run) > 14 else run)
    return data.replace(old, b"/".ljust(len(old), b"x"))


def lay(path, data, mode=0o644):
    path = os.path.join(sys.argv[1], path)
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)


version = "%d.%d" % sys.version_info[:2]
for name in NEEDED.split() + sys.argv[2:] + ["encodings." + os.path.basename(p)[:-3] for p in glob.glob(os.path.dirname(os.__file__) + "/encodings/*.py")]:
    try:
        __import__(name)
    except (ImportError, LookupError):  # of the other Python, or of Windows
        pass
if sys.version_info[0] == 3:
    import importlib.util, urllib.parse
library = os.path.dirname(os.path.abspath(os.__file__))
lay("bin/python" + version, patched(os.path.realpath(sys.executable)), 0o755)
lay("lib/" + sysconfig.get_config_var("INSTSONAME"), patched(os.path.join(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME"))))
lay("lib/python%s/os.py" % version, b"# where getpath finds the prefix\n" + open(os.path.join(library, "os.py"), "rb").read())
archive = os.path.join(sys.argv[1], "lib/python%d%d.zip" % sys.version_info[:2])
work = os.path.join(sys.argv[1], "work.pyc")
paths = set(os.path.abspath(m.__file__) for m in list(sys.modules.values()) if getattr(m, "__file__", None))
paths |= set(path for path in [library + "/collections/abc.py"] if os.path.exists(path))
with zipfile.ZipFile(archive, "w") as z:
    for path in sorted(set(path[:-1] if path.endswith(".pyc") else path for path in paths)):
        inside = os.path.relpath(path, library)
        if inside.startswith("lib-dynload"):
            lay("lib/python%s/%s" % (version, inside), patched(path), 0o755)
        elif not inside.startswith(("..", "_sysconfigdata")):
            py_compile.compile(path, work, "<%s>" % inside, doraise=True)
            z.writestr(zipfile.ZipInfo(inside + "c"), open(work, "rb").read())
    for path in glob.glob(library + "/_sysconfigdata*.py"):
        z.writestr(zipfile.ZipInfo(os.path.basename(path)), open(path).read().replace(os.path.expanduser("~"), "/elsewhere"))
os.unlink(work)
