"""The interpreter that lies in an archive: how it is started, and what starts under it."""
import os
import re
import subprocess
import sys

from system import Refused, WINDOWS, exact, native, plain, read_file, text


# What starts bootstrap.py under it. An update lays a new one when all of a new
# interpreter is there, and the old interpreter goes after it was replaced: so the
# interpreter that it names is whole at each moment, other than manifest.json's.
STARTER = u"bootstrap.cmd" if WINDOWS else u"bootstrap"

# The python that a person or a program ran bootstrap.py with.
GIVEN = "BINARY_BUILDOUT_GIVEN"


def bundled_in(base):
    """Gives the path in the tree of its own interpreter, or None."""
    try:
        data = read_file(os.path.join(base, native(STARTER)))
    except (EnvironmentError, Refused):
        return None
    found = re.search(br"(?m)^(?:@set )?PYTHON=([A-Za-z0-9._+/\\-]+)\r?\n", data)
    return text(found.group(1)).replace(u"\\", u"/") if found and b"binary-buildout: starts" in data else None


def starting_command(base):
    """Gives what starts a tree's bootstrap.py under its own interpreter, or None. sh
    says first what that interpreter can't run on."""
    program = bundled_in(base)
    if program is None:
        return None
    if WINDOWS:
        return [plain(os.path.join(base, native(program))), "-BsSE", plain(os.path.join(base, u"bootstrap.py"))]
    return [b"/bin/sh", os.path.join(base, native(STARTER))]


def how_to_start(base):
    """Gives the command that a hint tells a person to run."""
    if bundled_in(base) is None:
        return u"python bootstrap.py"
    return u"bootstrap.cmd" if WINDOWS else u"./bootstrap"


def runs_from(folder):
    """Says whether a directory is the prefix of the interpreter that runs this."""
    prefix = getattr(sys, "base_prefix", sys.prefix)
    return os.path.realpath(native(exact(prefix, u"the interpreter's prefix"))) == os.path.realpath(folder)


def is_run(program):
    """Says whether a program is the interpreter that runs this."""
    path = native(exact(plain(os.path.abspath(sys.executable or "")), u"the interpreter's path"))
    return os.path.realpath(path) == os.path.realpath(program)


def given_python(base):
    """Gives the interpreter that this was started with before the tree's own took over,
    or None."""
    path = os.environ.get(GIVEN) or ""
    if not path or not os.path.exists(path):
        return None
    path = exact(path, u"the interpreter's path")
    return None if path.startswith(os.path.join(text(base), u"")) else path


def hand_over(base, arguments):
    """Goes on under the tree's own interpreter, if it has one and another one runs this."""
    program = bundled_in(base)
    if program is None:
        return
    folder = os.path.join(base, native(program.split(u"/")[0]))
    if runs_from(folder):
        return
    if GIVEN in os.environ and is_run(os.path.join(base, native(program))):
        raise Refused(u"%s doesn't find its own library: it takes %s for its prefix" % (program, text(sys.prefix)),
                      u"unpack the archive again", 2)
    command = starting_command(base) + arguments
    environment = dict(os.environ)
    environment[GIVEN] = sys.executable or ""
    if WINDOWS:
        try:
            sys.exit(subprocess.call(command, env=environment))
        except EnvironmentError as e:
            raise Refused(u"running %s: %s" % (program, text(e.strerror or str(e))), u"use the archive of the same release that is for this system", 2)
    os.execve(command[0], command, environment)
