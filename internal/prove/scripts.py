# Imports what the console scripts of a tree import, each in a process of its
# own, and runs none: a script that zc.buildout wrote does so where its __name__
# isn't "__main__". It prints JSON: of each script that fails, what is missing.
#
#   PYTHON scripts.py ROOT SECONDS
from __future__ import print_function

import glob
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback

ENTRY = re.compile(br"^import ([\w.]+)\n\n+if __name__ == '__main__':\n    (?:sys\.exit\()?\1\.", re.M)
MISSING = re.compile(r"No module named '?([\w.]+)'?")


def module_of(script):
    """The module of the entry point, or None where a script is of another kind."""
    with open(script, "rb") as f:
        found = ENTRY.search(f.read(1 << 20).replace(b"\r\n", b"\n"))
    return found.group(1).decode("ascii") if found else None


def attempt(script, module, answer):
    """Imports it here, and writes what that raised."""
    import runpy
    problem = None
    sys.argv[:] = [script]
    try:
        runpy.run_path(script, run_name="binary_buildout_proof")
    except ImportError as e:
        said = "%s" % e
        name = getattr(e, "name", None) or named(said, traceback.extract_tb(sys.exc_info()[2])[-1][3])
        problem = {"said": said, "ours": bool(name) and ours(name, module)}
    except SystemExit:
        pass
    except BaseException as e:
        problem = {"said": "%s: %s" % (type(e).__name__, e), "ours": False}
    with io.open(answer, "w", encoding="ascii") as f:
        f.write(u"%s" % json.dumps(problem))


def named(said, line):
    """The missing module's whole name, of which Python 2 says the last word."""
    found = MISSING.search(said)
    if found is None:
        found = re.match(r"\s*from ([\w.]+) import", line or "")
        return found.group(1).lstrip(".") if found else None
    whole = re.search(r"([\w.]+\.)?" + re.escape(found.group(1)) + r"\b", line or "")
    return whole.group(0) if whole else found.group(1)


def ours(name, module):
    """Whether the tree ought to have a module for this script: it is the entry
    point's own, or lies in a package that the script's path has, or that is
    under develop. Anything else may be of an extra that nobody asked for."""
    if module == name or module.startswith(name + "."):
        return True
    folders = [p for p in sys.path if p.startswith(os.path.join(ROOT, ""))]
    for link in glob.glob(os.path.join(ROOT, "develop-eggs", "*.egg-link")):
        with io.open(link, encoding="utf-8") as f:
            folders.append(f.readline().strip())
    words = name.split(".")
    for count in (1, 2):
        holding = [p for p in set(folders) if present(os.path.join(p, *words[:count]))]
        if count == len(words) or len(holding) < 2:
            break  # it isn't a namespace
    return bool(holding)


def present(path):
    return os.path.isdir(path) or bool(glob.glob(path + ".*"))


def python_of(script):
    """The interpreter that a script names, if that is one of the tree."""
    with open(script, "rb") as f:
        head = f.read(4096)
    for line in head.split(b"\n")[:6]:
        for found in re.findall(br"^#!\s*(/[^\n]*?python[\w.]*)|'(/[^'\n]*python[\w.]*)'", line):
            path = (found[0] or found[1]).decode("utf-8")
            if path.startswith(os.path.join(ROOT, "")) and os.access(path, os.X_OK):
                return path
    return sys.executable


def run(script, seconds, folder):
    """Tries one in a process, and gives what that found, or None."""
    answer, said = os.path.join(folder, "answer"), os.path.join(folder, "said")
    if os.path.exists(answer):
        os.unlink(answer)
    with open(said, "wb") as out, open(os.devnull, "rb") as nothing:
        if python_of(script) == sys.executable and sys.platform.startswith("linux"):  # macOS's libraries don't survive a fork
            code = forked(script, seconds, answer, out, nothing)
        else:
            code = subprocess.call([python_of(script), os.path.abspath(__file__), ROOT, "%d" % seconds, "--one", script, answer],
                                   stdin=nothing, stdout=out, stderr=out)
    if os.path.exists(answer):
        with io.open(answer, encoding="ascii") as f:
            return json.loads(f.read() or "null")
    with io.open(said, encoding="utf-8", errors="replace") as f:
        lines = f.read().strip().splitlines()
    end = {0: "without a word", 14: "after %d s, by a signal: it didn't end by itself" % seconds}.get(abs(code), "with %d" % code)
    return {"said": ": ".join(["the import ended " + end] + lines[-1:]), "ours": False}


def forked(script, seconds, answer, out, nothing):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    code = 1
    try:
        limit(seconds)
        os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        attempt(script, module_of(script), answer)
        code = 0
    finally:
        os._exit(code)


def limit(seconds):
    import signal
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def scripts():
    folder = os.path.join(ROOT, "bin")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    if os.name == "nt":
        names = [n for n in names if n.endswith("-script.py")]
    return [p for p in (os.path.join(folder, n) for n in names) if os.path.isfile(p)]


def main(seconds):
    tried, problems = 0, []
    folder = tempfile.mkdtemp()
    for script in scripts():
        module = module_of(script)
        if module:
            tried += 1
            problem = run(script, seconds, folder)
            if problem:
                problems.append(dict(problem, script=os.path.basename(script), module=module))
    print(json.dumps({"tried": tried, "problems": problems}))


ROOT = sys.argv[1]
del sys.path[0]  # where this file lies
if sys.argv[3:4] == ["--one"]:
    limit(int(sys.argv[2]))
    attempt(sys.argv[4], module_of(sys.argv[4]), sys.argv[5])
else:
    main(int(sys.argv[2]))
