# Runs in the launcher, in front of zc.buildout's main(). It writes down what
# zc.buildout fetches, one JSON object a line, to the file that
# BINARY_BUILDOUT_DOWNLOADS names, with the SHA-256 of each file: eggs, and what
# parts get by zc.buildout.download. What pip fetches for a build the witness
# writes there (internal/verify/witness); BINARY_BUILDOUT_OWNER tells it for what.
#
# With BINARY_BUILDOUT_HELD, a file of digests, a distribution that stands there
# is taken from no other file, and a file that has another digest ends the build.
# The launcher gives this program buildout and wrap (target/src/launching.py), and Go puts plain_name
# (target/src/names.py) in front.
import hashlib
import json
import os
import re

import zc.buildout.download

easy, module = buildout.easy_install, buildout.buildout  # noqa: F821
LOG, OWNER, HELD = 'BINARY_BUILDOUT_DOWNLOADS', 'BINARY_BUILDOUT_OWNER', 'BINARY_BUILDOUT_HELD'
ROOT = os.path.realpath(os.getcwd())
part = ['']  # the part at work
held = {'files': {}, 'urls': {}}
if os.environ.get(HELD):
    with open(os.environ[HELD], 'rb') as f:
        held = json.loads(f.read().decode('utf-8'))


def digest(path):
    found = hashlib.sha256()
    with open(path, 'rb') as f:
        for block in iter(lambda: f.read(1 << 20), b''):
            found.update(block)
    return found.hexdigest()


def note(**fields):
    """One write of one line: pip's processes write there too."""
    line = (json.dumps(fields, sort_keys=True) + '\n').encode('utf-8')
    fd = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, line)
    finally:
        os.close(fd)


def expect(name, sha256, wanted):
    """Refuses another file of the same name before any of it is run."""
    if wanted and sha256 != wanted:
        raise buildout.UserError('%s has the SHA-256 %s, and the archive was built with one that has %s' % (name, sha256, wanted))  # noqa: F821


# ---- distributions --------------------------------------------------------------

def file_of(location):
    """The file that the location of a distribution names: a path, or a URL."""
    return re.split('[?#]', location)[0].replace('\\', '/').rstrip('/').rpartition('/')[2].replace('%2B', '+').replace('%2b', '+')


def add(old, self, dist):
    files = held['files'].get(plain_name(dist.project_name or ''))  # noqa: F821
    if not files or file_of(dist.location or '') in files:
        return old(self, dist)


def fetch(old, self, dist, *args, **kw):
    found = old(self, dist, *args, **kw)
    if os.path.isfile(found.location):
        name, sha256 = os.path.basename(found.location), digest(found.location)
        expect(name, sha256, held['files'].get(plain_name(dist.project_name), {}).get(name))  # noqa: F821
        note(use='egg', project=dist.project_name, version=dist.version, file=name, sha256=sha256)
    # What its build needs is fetched next.
    os.environ[OWNER] = '%s %s' % (dist.project_name, dist.version)
    return found


def develop(old, setup, *args, **kw):
    folder = os.path.realpath(setup if os.path.isdir(setup) else os.path.dirname(setup) or '.')
    os.environ[OWNER] = './' + os.path.relpath(folder, ROOT).replace(os.sep, '/')
    try:
        return old(setup, *args, **kw)
    finally:
        os.environ.pop(OWNER, None)


# ---- parts ----------------------------------------------------------------------

def call(old, self, function):
    before, part[0] = part[0], self.name
    try:
        return old(self, function)
    finally:
        part[0] = before


def download(old, self, url, *args, **kw):
    found = old(self, url, *args, **kw)
    path = found[0]
    if part[0] and os.path.isfile(path):
        sha256 = digest(path)
        expect(url, sha256, held['urls'].get(url))
        note(use='part', owner=part[0], url=url, file=file_of(url), sha256=sha256)
    return found


if hasattr(easy, 'AllowHostsPackageIndex'):
    wrap(easy.AllowHostsPackageIndex, 'add', add)
wrap(easy.Installer, '_fetch', fetch)
wrap(easy, 'develop', develop)
wrap(module.Options, '_call', call)
wrap(zc.buildout.download.Download, '__call__', download)
