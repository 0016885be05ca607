"""What an application may count on under a copied interpreter, at any path.

Arguments: the copy's prefix, the build's, a directory for temporary files, a
directory with a wheel's worth of pip. Each function is a claim; what fails is
printed, and nothing else.
"""
import ctypes
import ctypes.util
import os
import re
import subprocess
import sys
import sysconfig
import traceback

PREFIX, BUILD, WORK, PIP = sys.argv[1:5]


def run(*command, **variables):
    """Run a program, and return what it says; its failure is an exception."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=WORK, env=dict(os.environ, **variables))
    said = done.stdout.decode()
    assert done.returncode == 0, said
    return said


def openssl_reads_nothing_of_the_build():
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
    place = crypto.CONF_get1_default_config_file
    place.restype = ctypes.c_char_p
    found = place().decode()
    assert found.startswith("//") and not os.path.exists(os.path.dirname(found)), found
    # Providers are built in, but for those of ossl-modules.
    text = open(ctypes.util.find_library("crypto"), "rb").read()
    for place in re.findall(b'(?:OPENSSLDIR|ENGINESDIR|MODULESDIR): "([^"]*)"', text):
        assert b"\0" + place + b"\0" not in text, place
    variable = run(sys.executable, "-c", "import ctypes, ctypes.util as u; f = ctypes.CDLL(u.find_library('crypto')).CONF_get1_default_config_file; "
                   "f.restype = ctypes.c_char_p; print(f().decode())", OPENSSL_CONF="/srv/openssl.cnf")
    assert variable == "/srv/openssl.cnf\n", variable


def libraries_that_came_along_are_found_first():
    for name in ("ssl", "crypto", "sqlite3", "z"):
        found = ctypes.util.find_library(name)
        assert found.startswith(PREFIX + "/lib/lib" + name + ".so"), found
    assert ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6").getpid() == os.getpid()
    assert ctypes.util.find_library("nothing-of-that-name") is None


def time_zones_are_the_systems():
    import zoneinfo
    assert zoneinfo.TZPATH and not [p for p in zoneinfo.TZPATH if p.startswith(BUILD) and BUILD != "/usr"], zoneinfo.TZPATH
    zoneinfo.ZoneInfo("UTC") if any(os.path.exists(p + "/UTC") for p in zoneinfo.TZPATH) else None


def locales_are_the_systems():
    import locale
    if os.path.isdir("/usr/lib/locale"):  # a system of BusyBox alone has none
        assert locale.setlocale(locale.LC_ALL, "") == "C.UTF-8"
    assert locale.localeconv()["decimal_point"] == "."
    assert sys.getfilesystemencoding() == "utf-8"


def terminals_are_the_systems():
    code = "import curses, readline; readline.parse_and_bind('tab: complete'); "
    if any(os.path.exists(p + "/v/vt100") for p in ("/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo")):
        code += "curses.setupterm('vt100', 1); assert curses.tigetstr('clear')"
    assert run(sys.executable, "-c", code) == ""


def sysconfig_names_the_new_place():
    for name, path in sysconfig.get_paths().items():
        assert (path + "/").startswith(PREFIX + "/"), (name, path)
    for name in ("prefix", "exec_prefix", "base", "platbase", "installed_base"):
        assert sysconfig.get_config_var(name) == PREFIX, (name, sysconfig.get_config_var(name))


def programs_start_under_the_right_interpreter():
    assert sys.executable == os.path.join(PREFIX, "bin", "python%d.%d" % sys.version_info[:2])
    assert getattr(sys, "_base_executable", sys.executable) == sys.executable
    for link in ("python", "python3"):
        said = run(os.path.join(PREFIX, "bin", link), "-c", "import sys; print(sys.prefix)")
        assert said == PREFIX + "\n", said


def shelves_are_kept():
    import dbm
    import shelve
    for name in ("first", "again"):
        with shelve.open(os.path.join(WORK, "a shelf")) as shelf:
            assert shelf.setdefault("key", ["first"]) == ["first"], name
    assert dbm.whichdb(os.path.join(WORK, "a shelf"))


def environments_are_made():
    place = os.path.join(WORK, "an environment ü")
    refused = subprocess.run([sys.executable, "-m", "venv", place], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert refused.returncode == 1 and b"without the wheels of pip: use --without-pip" in refused.stdout, refused.stdout
    assert not os.path.exists(place)
    assert run(sys.executable, "-m", "venv", "--without-pip", place) == ""
    code = "import sys, ssl; print(sys.prefix); print(sys.base_prefix); print(getattr(sys, '_base_executable', sys.executable))"
    said = run(os.path.join(place, "bin", "python"), "-c", code).splitlines()
    assert said[:2] == [place, PREFIX] and os.path.realpath(said[2]) == os.path.realpath(sys.executable), said


def pip_installs_into_an_environment():
    place, project = os.path.join(WORK, "an environment ü"), os.path.join(WORK, "project")
    info = os.path.join(project, "own-1.0.dist-info")
    os.makedirs(info)
    files = {"own.py": "def main():\n    import sys\n    print(sys.prefix)\n", "own-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: own\nVersion: 1.0\n",
             "own-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
             "own-1.0.dist-info/entry_points.txt": "[console_scripts]\nown = own:main\n", "own-1.0.dist-info/RECORD": ""}
    import zipfile
    wheel = os.path.join(WORK, "own-1.0-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w") as z:
        for name, text in files.items():
            z.writestr(name, text)
    python = os.path.join(place, "bin", "python")
    run(python, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-index", wheel, PYTHONPATH=PIP)
    assert run(os.path.join(place, "bin", "own")) == place + "\n"


def main():
    for name, claim in sorted(globals().items()):
        if "_" in name and callable(claim):
            try:
                claim()
            except Exception:
                print(name + ": " + traceback.format_exc().strip())


if __name__ == "__main__":
    main()
