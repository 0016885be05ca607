"""Has a tree's interpreter give way to another one and come back, in one Windows,
where processes see each other. It ends at the first thing that isn't as it should be.

    exchange.py TREE DELTA OLD NEW [KILLS]

OLD and NEW are the interpreters' directories. With KILLS, bootstrap.cmd does it too,
and updates and rollbacks are killed at so many of their calls each.
"""
import os
import random
import re
import subprocess
import sys
import tarfile
import time

TREE, DELTA, OLD, NEW = sys.argv[1:5]
KILLS = sys.argv[5:]
START = time.time()
PROGRAM = r"Z:\w\binary-buildout.exe"

# Imports a module for each line, and says what a child of the same interpreter says.
LATE = """
import subprocess, sys
for line in iter(sys.stdin.readline, ""):
    __import__(line.strip())
    print(subprocess.check_output([sys.executable, "-c", "import sys; print(ascii(sys.prefix))"]).decode().strip())
    sys.stdout.flush()
"""


# Ends bootstrap.py at a call that writes, or says at the end how many there are.
KILLED = r"""
import os, runpy, sys
number, calls = int(sys.argv[1]), [0]
def ends(name, function, writes=lambda *a: True):
    def call(*arguments, **more):
        calls[0] += writes(*arguments)
        if calls[0] == number and number:
            print("killed at", name, ascii(arguments), flush=True)
            os._exit(137)
        return function(*arguments, **more)
    setattr(os, name, call)
for name in ("rename", "replace", "link", "unlink", "mkdir", "rmdir", "chmod", "utime", "fsync"):
    ends(name, getattr(os, name))
ends("open", os.open, lambda path, flags, *mode: flags & os.O_CREAT != 0)
del sys.argv[:2]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(calls[0])
"""


def fail(*what):
    print("exchange.py:", *what)
    sys.exit(1)


def run(*command, code=0):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=TREE)
    said = p.stdout.decode("utf-8", "replace")
    print("%6.1f" % (time.time() - START), command[:2], flush=True)
    if p.returncode != code or "failed to create process" in said:
        fail("exit", p.returncode, "of", command, said)
    return said


def cmd(*arguments, code=0):
    """Runs bootstrap.cmd as a person does."""
    return run("cmd", "/c", "bootstrap.cmd", *arguments, code=code)


def starts(own, why):
    """Sees that the scripts, and bootstrap.cmd, start under an interpreter."""
    said = run(os.path.join(TREE, "bin", "demo.exe"))
    if "\\" + own.lower() + "\\python.exe" not in said.lower():
        fail(why, "bin\\demo isn't of", own, said)


def there(why, *names):
    found = sorted(n for n in os.listdir(TREE) if n.startswith("python-"))
    if found != sorted(names):
        fail(why, "there are", found, "not", sorted(names))


class Serving(object):
    """A process that runs under one of the tree's interpreters."""

    def __init__(self, own):
        self.prefix = os.path.join(TREE, own)
        self.process = subprocess.Popen([os.path.join(self.prefix, "python.exe"), "-BsSE", "-c", LATE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def imports(self, module):
        self.process.stdin.write(module.encode() + b"\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().decode().strip()
        if said.lower() != ascii(self.prefix).lower():
            fail("importing", module, "a child says", said, "not", ascii(self.prefix))

    def stop(self):
        self.process.communicate()


def lay():
    """Unpacks the delta over the tree."""
    with tarfile.open(DELTA) as t:
        t.extractall(TREE, filter="data")


def by_program():
    """By binary-buildout.exe, while a process runs under the older one."""
    there("first", OLD)
    serving = Serving(OLD)
    serving.imports("colorsys")
    run(PROGRAM, "update", TREE, DELTA)
    there("an update while it serves", OLD, NEW)
    starts(NEW, "updated")
    serving.imports("sched")
    cmd()
    there("again", OLD, NEW)
    serving.imports("fractions")
    run(PROGRAM, "rollback", TREE)
    starts(OLD, "rolled back")
    serving.imports("statistics")
    cmd()
    there("when nothing runs the newer one", OLD)
    serving.stop()


def by_starter():
    """By bootstrap.cmd, with a rollback while a process runs under the newer one."""
    lay()
    said = cmd()  # which is replaced meanwhile
    if "next: " not in said:
        fail("an update by bootstrap.cmd says", said)
    starts(NEW, "updated by bootstrap.cmd")
    cmd()
    there("when nothing runs the older one", NEW)
    run(os.path.join(TREE, "bin", "buildout.exe"))
    serving = Serving(NEW)
    serving.imports("sched")
    cmd("--rollback")
    starts(OLD, "rolled back by bootstrap.cmd")
    there("a rollback while it serves", OLD, NEW)
    serving.imports("fractions")
    serving.stop()
    run(os.path.join(TREE, "bin", "buildout.exe"))
    there("after bin\\buildout", OLD)
    cmd("--rollback", code=2)


def own():
    """The interpreter that bootstrap.cmd starts."""
    with open(os.path.join(TREE, "bootstrap.cmd")) as f:
        return re.search(r"(?m)^@set PYTHON=(.*)$", f.read()).group(1)


def kill(number, *arguments):
    """Runs bootstrap.py, killed at one of its calls that write, and gives what it says."""
    command = [os.path.join(TREE, own()), "-BsSE", "-c", KILLED, str(number), os.path.join(TREE, "bootstrap.py")]
    return run(*command + list(arguments), code=137 if number else 0)


def killed(count):
    """Kills an update and a rollback at so many of their calls each."""
    lay()
    updates = int(kill(0).split()[-1])
    cmd()
    rollbacks = int(kill(0, "--rollback").split()[-1])
    cmd()
    seed = random.randrange(1000)
    print("%d and %d calls, seed %d" % (updates, rollbacks, seed))
    picked = random.Random(seed)
    for _ in range(count):
        lay()
        at = kill(picked.randint(1, updates)).splitlines()[-1]
        cmd()
        starts(NEW, at)
        cmd()
        there(at, NEW)
        at = kill(picked.randint(1, rollbacks), "--rollback").splitlines()[-1]
        cmd("--rollback")
        starts(OLD, at)
        cmd()
        there(at, OLD)


by_program()
if KILLS:
    by_starter()
    killed(int(KILLS[0]))
print("exchanged")
