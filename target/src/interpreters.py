"""The interpreters that are here, as internal/interpreter/python.go finds them."""
import glob
import json
import os
import re
import sys

from probe import PROBE
from tags import number
from trust import roots_alone
from words import Stop, WINDOWS, native, run


PYTHON = re.compile(r"python(?:[0-9]+(?:\.[0-9]+)?t?)?" + (r"\.exe\Z" if WINDOWS else r"\Z"), re.I if WINDOWS else 0)


def registered():
    """The directories that Windows was told of (PEP 514), as the py launcher finds them."""
    try:
        import winreg
    except ImportError:
        import _winreg as winreg

    def below(key):
        return [winreg.EnumKey(key, i) for i in range(winreg.QueryInfoKey(key)[0])]

    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
            try:
                with winreg.OpenKey(hive, r"Software\Python", 0, winreg.KEY_READ | view) as root:
                    names = [company + "\\" + tag for company in below(root) for tag in below(winreg.OpenKey(root, company, 0, winreg.KEY_READ | view))]
                    for name in names:
                        try:
                            with winreg.OpenKey(root, name + "\\InstallPath", 0, winreg.KEY_READ | view) as key:
                                yield native(winreg.QueryValueEx(key, "")[0])
                        except EnvironmentError:
                            pass
            except EnvironmentError:
                pass


def candidates(others=None):
    """The interpreters that may be run; the others are added to a list."""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    dirs = os.environ.get("PATH", "").split(os.pathsep) + [os.path.dirname(sys.executable or "")]
    if WINDOWS:
        dirs += registered()
        local = os.environ.get("LOCALAPPDATA", "")
        patterns = [local + r"\Programs\Python\Python*", os.environ.get("ProgramFiles", "") + r"\Python*", r"C:\Python*",
                    local + r"\Python\pythoncore-*", os.path.expanduser("~") + r"\.pyenv\pyenv-win\versions\*"]
    elif sys.platform == "darwin":
        patterns = ["/usr/local/bin", "/opt/homebrew/bin", "/opt/*/bin", "/Library/Frameworks/Python.framework/Versions/*/bin",
                    "/usr/local/opt/python@*/bin", "/opt/homebrew/opt/python@*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/bin"]
    else:
        patterns = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/*/bin", "/opt/python/*/bin", "/opt/rh/*/root/usr/bin",
                    "/usr/lib/python-*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/local/python*/bin"]
    for pattern in patterns:
        dirs += sorted(glob.glob(pattern))
    seen = set()
    for d in dirs:
        above = os.path.dirname(d)
        # A shim starts one or another interpreter, as the environment says.
        real = [d] if os.path.basename(d) != "shims" else sorted(
            glob.glob(above + "/versions/*/bin") + glob.glob(above + "/installs/python/*/bin"))
        for d in real:
            if not os.path.isabs(d) or not os.path.isdir(d):
                continue
            # A link in a virtualenv is another interpreter than what it points to.
            venv = os.path.exists(os.path.join(os.path.dirname(d), "pyvenv.cfg"))
            best, keys = {}, []
            try:
                names = sorted(os.listdir(d))
            except EnvironmentError:
                continue
            for name in names:
                path = os.path.join(d, name)
                if not PYTHON.match(name) or not os.path.exists(path):
                    continue
                if not roots_alone(path):
                    if others is not None:
                        others.append(path)
                    continue
                key = os.path.normcase(os.path.realpath(path)) + (d if venv else "")
                if key in seen:
                    continue
                if key not in best:
                    keys.append(key)
                # Rather python3.11 than python3, which is another one after the
                # next update of the system.
                best[key] = max(best.get(key, ""), path, key=len)
            for key in keys:
                seen.add(key)
                yield best[key]


def describe(path):
    # In its own directory on Windows, where / is that of the current drive.
    code, out, _ = run([path, "-sE", "-c", PROBE + "import json\nsys.stdout.write(json.dumps(told))\n"], limit=20, cwd=os.path.dirname(path) if WINDOWS else "/")
    try:
        p = native(json.loads(out.decode("utf-8"))) if code == 0 else None
    except ValueError:
        return None
    if p:
        p["executable"] = p["executable"] or path
    return p


def pythons(asked):
    """The one that was asked for, by path, name or version; or all."""
    if not asked:
        return described(candidates())
    if "/" in asked or WINDOWS and "\\" in asked:
        paths = [os.path.abspath(asked)]
    else:
        version = re.match(r"[0-9.]+\Z", asked)
        name, paths = "python" + asked if version else asked, []
        for path in candidates():
            at = os.path.basename(os.path.dirname(os.path.dirname(path)))
            base = os.path.basename(path)
            if (base[:-4] if WINDOWS else base) == name or version and (at + ".").startswith(asked + "."):
                paths.append(path)
        if version and not paths:  # on Windows all are called python.exe
            return [p for p in described(candidates()) if (p["version"] + ".").startswith(asked + ".")][:1] or no_python(asked)
    for path in paths:
        p = describe(path)
        if p:
            return [p]
    return no_python(asked)


def described(paths):
    found = []
    for path in paths:
        p = describe(path)
        if p and p["executable"] not in [q["executable"] for q in found]:
            found.append(p)
    return found


def no_python(asked):
    raise Stop(2, "looking for --python %s: there is none, or it does not run; this system is %s" % (asked, this_system(described(candidates()))),
               "give the path of an interpreter")


def system_words(p):
    return "%s %s%s%s" % (p["system"], p["machine"], ", %s %s" % (p["libc"], p["libc_version"]) if p["libc"] else "", " " + p["macos"] if p["macos"] else "")


def this_system(found):
    others = []
    list(candidates(others))
    if len(others) > 8:
        others[8:] = ["and %d more" % (len(others) - 8)]
    return these_pythons(found) + (" (not run by root, since others can change them: %s)" % ", ".join(others) if others else "")


def these_pythons(found):
    """What is here, the newest Python first."""
    if not found:
        return "without a Python"
    names = ["%s (%s)" % (q["version"], q["executable"]) for q in sorted(found, key=lambda q: number(q["version"]), reverse=True)]
    if len(names) > 8:
        names[8:] = ["and %d more" % (len(names) - 8)]
    return "%s, with Python %s" % (system_words(found[0]), ", ".join(names))
