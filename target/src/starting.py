"""The interpreter and environment that zc.buildout of the tree runs in."""
import os
import struct
import subprocess
import sys

from paths import fs
from system import PY2, WINDOWS, plain


def own_root():
    """Gives the tree that this file lies in."""
    return plain(os.path.realpath(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


UTF8_LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US.utf8", "UTF-8")


def utf8_locale():
    """Gives a locale of this system whose encoding is UTF-8, or None."""
    import locale
    for name in UTF8_LOCALES:
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        return name
    return None


def agree_on_utf8():
    """In the locale "C" Python 3.7 and newer take names for UTF-8, but site of
    3.11 and 3.12 reads .pth files as the locale says: as ASCII, and zc.buildout
    6 fails where the path has an umlaut."""
    if PY2 or WINDOWS or sys.getfilesystemencoding().lower() not in ("utf-8", "utf8"):
        return
    import locale
    if locale.nl_langinfo(locale.CODESET).lower() not in ("utf-8", "utf8"):
        utf8_locale()


def restart(launch, root, arguments):
    """Starts again where the interpreter wasn't started as docs/design.md
    says: without site-packages and PYTHON* variables, and with UTF-8 names
    where the locale "C" would make Python 3.6 refuse them."""
    again = os.environ.pop("BINARY_BUILDOUT_STARTED", "")
    flags, python, wanted = sys.flags, sys.executable, "-sSE"
    environment = dict(os.environ)
    # A build's hash seed is fixed, which -E would ignore: recipes write sets.
    ignored = flags.ignore_environment or os.environ.get("BINARY_BUILDOUT_STAGE") == "1"
    wrong = not (flags.no_site and flags.no_user_site and ignored)
    if launch.get("virtualenv"):
        wanted = "-sE"
        python = os.path.join(fs(root), *([u"Scripts", u"python.exe"] if WINDOWS else ["bin", "python"]))
        wrong = (not (flags.no_user_site and flags.ignore_environment) or bool(flags.no_site)
                 or os.path.abspath(sys.executable) != python)
    utf8 = []
    if WINDOWS and sys.version_info >= (3, 7):  # zc.buildout opens text as the code page says
        utf8, wrong = ["-X", "utf8"], wrong or not flags.utf8_mode
        environment["PYTHONUTF8"] = "1"  # for what it runs
    if not PY2 and not WINDOWS and sys.getfilesystemencoding().lower() not in ("utf-8", "utf8") and (
            sys.version_info < (3, 7)):
        name = utf8_locale()
        if name:
            environment.pop("LC_ALL", None)
            environment["LC_CTYPE"] = name
            wrong = True
    if not wrong or again:
        agree_on_utf8()
        return
    environment["BINARY_BUILDOUT_STARTED"] = "1"
    command = [python, wanted] + utf8 + [os.path.abspath(__file__)] + arguments
    if WINDOWS:
        sys.exit(subprocess.call(command, env=environment))
    os.execve(python, command, environment)


KEPT_PYTHON = ("PYTHONUTF8", "PYTHONHASHSEED", "PYTHONUNBUFFERED")
DROPPED = ("PYTHON", "PIP_", "SETUPTOOLS_", "DISTUTILS_", "VIRTUALENV_", "BUILDOUT_", "buildout_",
           "buildout-", "CONDA_", "UV_")


def name_platform():
    """Names the platform to a Python of 32 bits, which takes the processor of a 64-bit
    kernel for its own, and names eggs by it: on a kernel of 32 bits none of them would count, nor
    the reverse. sysconfig reads this variable in every version."""
    if sys.platform.startswith("linux") and struct.calcsize("P") == 4:
        name = {"x86_64": "i686", "aarch64": "armv7l", "armv8l": "armv7l"}.get(os.uname()[4])
        if name:
            os.environ.setdefault("_PYTHON_HOST_PLATFORM", "linux-" + name)


def clean_environment(mode, defaults):
    """Takes out what would make another tree of this one. A build keeps what
    it needs for private indexes and compilers; who starts it chose its
    PYTHONPATH, which brings the witness of what is compiled."""
    name_platform()
    for name in ("PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"):
        os.environ.pop(name, None)
    if mode == "build":
        return
    os.environ.pop("PYTHONPATH", None)
    for name in list(os.environ):
        if name.startswith(DROPPED) and name not in KEPT_PYTHON:
            if name == "BUILDOUT_HOME" and defaults:
                continue
            if name == "BUILDOUT_RESTART_AFTER_UPGRADE":
                continue
            del os.environ[name]
    os.environ["PYTHONNOUSERSITE"] = "1"
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    os.environ["PIP_RETRIES"] = "0"
