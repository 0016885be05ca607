"""Imports extension modules, each in a process of its own, and says what happened.

Python 2.7 and 3.6 to the newest, standard library only. Reads one JSON object a
line: id, paths, module, file, packages, timeout, script. Writes one a line: id, and
error (with type, and where there is one missing, and package: the package of the
module whose own import failed), or maps: the libraries that were mapped. It is
started with -sSEB, so that nothing but paths counts.
"""
import json
import os
import signal
import subprocess
import sys
import time

HAVE_FORK = hasattr(os, "fork")


ATTEMPTS = 8  # of one module, each after the import of another one


def attempt(job):
    """Import one module, in this process, and describe it."""
    sys.path[0:0] = job["paths"]
    sys.argv = ["import"]
    name = job["module"]
    package = None
    try:
        for first in job.get("first") or ():
            __import__(first)
        for package in packages(name):
            __import__(package)
        package = None
        __import__(name)
        module = sys.modules[name]
    except BaseException:
        kind, error, trace = sys.exc_info()
        result = {"error": str(error) or kind.__name__, "type": kind.__name__, "by": raisers(trace)}
        missing = getattr(error, "name", None) if kind.__name__ == "ModuleNotFoundError" else None
        text = result["error"]
        if kind is ImportError and text.startswith("No module named "):
            missing = text[len("No module named "):].strip("'\"")
        if missing:
            result["missing"] = missing
        result["maps"] = mapped()
        # A package often imports its extension: then the extension may be what failed.
        if package and os.path.basename(job["file"]) not in text and not any(same(m, job["file"]) for m in result["maps"]):
            result["package"] = package
        return result
    result = {"maps": mapped()}
    got = getattr(module, "__file__", None)
    # An egg made by setuptools has a stub beside the extension, which loads it.
    if got and not same(got, job["file"]) and not any(same(m, job["file"]) for m in result["maps"]):
        result["other"] = os.path.realpath(got)
    return result


def packages(name):
    """The packages that a module lies in, the outermost first."""
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


def raisers(trace):
    """The modules that an exception came through, the innermost first."""
    names = []
    while trace:
        name = trace.tb_frame.f_globals.get("__name__")
        if name in names:
            names.remove(name)
        names.append(name)
        trace = trace.tb_next
    return [n for n in reversed(names) if n and n != "__main__" and not n.startswith(("importlib.", "_frozen_importlib"))]


def tried(job, how):
    """An attempt, and others where modules import each other in a circle: such an
    extension (mypy has 22, scipy one) can only be imported after another module of
    the circle, which one of those that the exception came through is, or one of
    the distribution's packages."""
    result = how(job)
    if "error" not in result or result.get("missing") or "by" not in result:
        return result
    others = [n for n in result["by"] + (job.get("packages") or []) if n != job["module"]]
    for other in sorted(set(others), key=others.index)[:ATTEMPTS]:
        again = how(dict(job, first=[other]))
        if "error" not in again:
            return again
    return result


def same(a, b):
    return os.path.realpath(a) == os.path.realpath(b)


def mapped():
    """The files that are mapped into this process, on Linux."""
    try:
        with open("/proc/self/maps") as f:
            rows = [line.split(None, 5) for line in f]
    except (IOError, OSError):
        return []
    files = set(r[5].strip() for r in rows if len(r) == 6)
    return sorted(f for f in files if f.startswith("/") and (".so" in os.path.basename(f) or f == os.path.realpath(sys.executable)))


def answer(stream, job, result):
    result["id"] = job["id"]
    stream.write((json.dumps(result) + "\n").encode("utf-8"))
    stream.flush()


def forked(job):
    """attempt() in a child that may crash, hang or print."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(r)
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for fd in 0, 1, 2:
                os.dup2(null, fd)
            out = os.fdopen(w, "wb")
            out.write(json.dumps(attempt(job)).encode("utf-8"))
            out.flush()
        finally:
            os._exit(0)
    os.close(w)
    return collect(job, pid, r)


def collect(job, pid, r):
    import select
    deadline = time.time() + job["timeout"]
    data, hung = b"", False
    while True:
        left = deadline - time.time()
        if left <= 0 or not select.select([r], [], [], left)[0]:
            hung = True
            break
        chunk = os.read(r, 1 << 16)
        if not chunk:
            break
        data += chunk
        try:
            json.loads(data.decode("utf-8"))
            break  # whole: a thread that was started at import may keep the pipe open
        except ValueError:
            pass
    os.close(r)
    if hung:
        kill(pid)
    status = os.waitpid(pid, 0)[1] if hung or not data else reap(pid)
    if hung:
        return {"error": "it did not end within %d seconds" % job["timeout"], "type": "timeout"}
    if not data:
        return {"error": describe(status), "type": "crash"}
    return json.loads(data.decode("utf-8"))


def kill(pid):
    for how in (os.killpg, os.kill):
        try:
            how(pid, signal.SIGKILL)
        except OSError:
            pass


def reap(pid):
    """Wait for a child that has answered; it exits at once, or is killed."""
    for _ in range(50):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.01)
    kill(pid)
    return os.waitpid(pid, 0)[1]


def describe(status):
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        names = [n for n in dir(signal) if n.startswith("SIG") and n[3] != "_" and getattr(signal, n) == number]
        return "it crashes the interpreter: signal %d%s" % (number, " (%s)" % names[0] if names else "")
    return "it ends the interpreter, with exit code %d" % os.WEXITSTATUS(status)


def spawned(job):
    """attempt() in another interpreter, where there is no fork."""
    p = subprocess.Popen([sys.executable, "-sSEB", "-c", job["script"], "--one"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out = p.communicate(json.dumps(job).encode("utf-8"), timeout=job["timeout"])[0]
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()
        return {"error": "it did not end within %d seconds" % job["timeout"], "type": "timeout"}
    for line in reversed(out.decode("utf-8", "replace").splitlines()):
        if line.startswith('{"binary-buildout":'):
            return json.loads(line)["binary-buildout"]
    return {"error": "it ends the interpreter, with exit code %d" % p.returncode, "type": "crash"}


def main():
    stdin, stdout = getattr(sys.stdin, "buffer", sys.stdin), getattr(sys.stdout, "buffer", sys.stdout)
    if sys.argv[1:] == ["--one"]:
        result = attempt(json.loads(stdin.read().decode("utf-8")))
        print("\n" + json.dumps({"binary-buildout": result}))
        sys.stdout.flush()
        os._exit(0)
    while True:
        line = stdin.readline()
        if not line:
            return
        job = json.loads(line.decode("utf-8"))
        answer(stdout, job, tried(job, forked if HAVE_FORK else spawned))


main()
