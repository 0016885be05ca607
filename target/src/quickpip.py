"""Wheels of a build are installed in forks of one process."""
import os
import sys

from system import PY2


PIP_MODULES = ("commands.install", "operations.install.wheel", "resolution.resolvelib.resolver")


def quick_pip(easy):
    """In a build pip installs each wheel in a fork of this process, which has
    pip imported, and not in a Python of its own: that spends most of its time on
    importing pip, and Plone has 250 wheels. macOS's libraries don't survive a
    fork; zc.buildout before 5 starts pip in another way."""
    if PY2 or not sys.platform.startswith("linux") or not hasattr(easy, "get_subprocess_output"):
        return
    old = easy.get_subprocess_output

    def get_subprocess_output(args, **kw):
        words = list(args)
        wheels = [w for w in words if w.endswith(".whl")]
        if words[1:4] == ["-m", "pip", "install"] and wheels and list(kw) == ["env"]:
            said = fork_pip(words[3:], kw["env"])
            if said is not None:
                return said
        return old(args, **kw)
    easy.get_subprocess_output = get_subprocess_output


def fork_pip(words, environment):
    """Gives what pip says, or None if it failed: then a process of its own says why."""
    try:
        from pip._internal.cli.main import main as pip
        for name in PIP_MODULES:
            __import__("pip._internal." + name)
    except ImportError:
        return None
    sys.stdout.flush()
    sys.stderr.flush()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            os.environ.clear()
            os.environ.update(environment)
            code = pip(words) or 0
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code if isinstance(code, int) else 1)
    os.close(writer)
    with os.fdopen(reader, "rb") as f:
        said = f.read()
    return said.decode("utf-8", "replace") if os.waitpid(child, 0)[1] == 0 else None
