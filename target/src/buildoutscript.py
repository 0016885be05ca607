"""The text of bin/buildout."""
import sys

from shebang import shebang
from starter import for_starter
from system import LAUNCHER, WINDOWS


BUILDOUT = br'''# Written by bootstrap.py: runs the zc.buildout of this tree, as %(launcher)s says.
import sys; sys.path[:] = sys.path[not (getattr(sys.flags, "isolated", 0) or getattr(sys.flags, "safe_path", 0)):]
import os
here = os.path.realpath(__file__)
here = here[4:] if here[:4] == "\\\\?\\" else here  # what NAME.exe says on Windows
launcher = os.path.join(os.path.dirname(os.path.dirname(here)), ".binary-buildout", "launcher.py")
sys.argv[0] = os.path.abspath(__file__)
sys.argv[1:1] = ["--mode=target"]
with open(launcher, "rb") as f:
    code = compile(f.read(), launcher, "exec")
exec(code, {"__name__": "__main__", "__file__": launcher})
'''


def own_scripts(launch):
    """Gives what buildout_scripts() writes. Windows' virtualenvs have their scripts,
    zc.buildout's too, in Scripts, and zc.buildout its own in bin."""
    if not WINDOWS:
        return (u"bin/buildout",)
    folders = (u"bin", u"Scripts") if launch.get("virtualenv") else (u"bin",)
    return tuple(folder + u"/buildout" + end for folder in folders for end in (u"-script.py", u".exe"))


def buildout_scripts(tree, launch, values):
    """Gives bin/buildout, and on Windows the program that starts it."""
    body = BUILDOUT.replace(b"%(launcher)s", LAUNCHER.encode("ascii"))
    if launch.get("virtualenv"):
        python, flags = u"/".join((values[u"root"], u"bin", u"python")), b"-sE"
        if WINDOWS:
            python = values[u"root"] + u"\\Scripts\\python.exe"
    else:
        python, flags = values[u"python"], b"-sSE"
    if WINDOWS and sys.version_info >= (3, 7):
        flags += b" -X utf8"  # launcher.py would start it again
    script = shebang(python.encode("utf-8"), flags, body)
    if not WINDOWS:
        return [(u"bin/buildout", script)]
    script = for_starter(u"bin/buildout-script.py", script)
    program = None
    for egg in list(launch.get("path") or ()) + [u"Lib/site-packages"]:
        for name in (u"cli-64.exe", u"cli.exe"):
            program = program or tree.content(egg + u"/setuptools/" + name)[0]
    if program:
        return [(path, script if path.endswith(u".py") else program) for path in own_scripts(launch)]
    return [(u"bin/buildout-script.py", script), (u"bin/buildout.cmd", b"@\"" + python.encode("utf-8") + b"\" " + flags +
                                                  b" \"%~dp0buildout-script.py\" %*\r\n")]
