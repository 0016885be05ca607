# Stands in front of fetcher.py: the sdists of pinned projects are built ahead too,
# side by side, by the call that zc.buildout would make (pip, or easy_install before
# zc.buildout 4), in one of the processes that make eggs.
#
# A build runs code, so only what a list of eggs leads to is built. It has files of
# its own for what it says, and for the logs of compilers, downloads and modules.
# They are passed on when zc.buildout asks for the egg. If nobody asks, or if the
# build fails, nothing of it is seen: then zc.buildout builds it, and says why it fails.
import os
import re
import sys

LOGS = ('BINARY_BUILDOUT_CALLS', 'BINARY_BUILDOUT_DOWNLOADS', 'BINARY_BUILDOUT_WITNESS')
OWNER, HELD = 'BINARY_BUILDOUT_OWNER', 'BINARY_BUILDOUT_HELD'


def is_sdist(location):
    return re.sub('[?#].*', '', location).endswith(('.tar.gz', '.tgz', '.zip'))


def surroundings():
    """What a build sees of this process."""
    variables = dict((name, value) for name, value in os.environ.items() if not name.startswith('BINARY_BUILDOUT_'))
    paths = [list(getattr(easy, name, ())) for name in ('pip_path', 'setuptools_path')]  # noqa: F821
    return variables, os.getcwd(), paths


def may_build(options):
    """Whether sdists are built ahead: not if a variable names what the parts make,
    which isn't there yet, nor if the digest of an sdist must be a certain one."""
    made = [options[name] for name in ('parts-directory', 'bin-directory', 'eggs-directory')]
    return not os.environ.get(HELD) and not any(place in value for value in surroundings()[0].values() for place in made)


def apart(folder, owner, build):
    """Builds, with what is said and logged in files in folder."""
    before, kept = dict(os.environ), [os.dup(1), os.dup(2)]
    said = os.open(os.path.join(folder, 'said'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(said, 1)
        os.dup2(said, 2)
        for name in LOGS:
            if name in os.environ:
                os.environ[name] = os.path.join(folder, name)
        os.environ[OWNER] = owner
        return build()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for fd in kept + [said]:
            os.close(fd)
        os.environ.clear()
        os.environ.update(before)


def pass_on(folder):
    """Says and logs what a build said and logged, as if it had just run."""
    for name in LOGS:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            log = os.open(os.environ[name], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            write_all(log, path)
            os.close(log)
    sys.stdout.flush()
    write_all(1, os.path.join(folder, 'said'))


def write_all(fd, path):
    with open(path, 'rb') as f:
        rest = f.read()
    while rest:
        rest = rest[os.write(fd, rest):]
