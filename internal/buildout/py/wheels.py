# Runs in the launcher, in front of zc.buildout's main(). zc.buildout 5 and 6 start
# a pip for each egg. For a wheel, pip then asks its resolver, which has nothing to
# decide, and calls install_wheel(). Here that function of the same pip is called
# in this process: the egg is the same, without starting pip.
#
# That it is the same is tried first, with a wheel that has one of each kind of
# file, which pip itself installs too. If anything differs, or pip is configured
# in a way that isn't known here to make no difference, pip is left to it.
# The launcher gives this program buildout and wrap (target/src/launching.py).
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import zipfile

easy = buildout.easy_install  # noqa: F821
ours = {}  # whether install_wheel() does what pip does: unknown until it was tried

# Options of pip's configuration that change nothing where one wheel is installed.
HARMLESS = frozenset((
    'cache-dir', 'cert', 'client-cert', 'compile', 'default-timeout', 'disable-pip-version-check', 'extra-index-url', 'find-links',
    'index-url', 'keyring-provider', 'no-build-isolation', 'no-cache-dir', 'no-color', 'no-compile', 'no-index', 'no-input',
    'no-python-version-warning', 'no-warn-script-location', 'prefer-binary', 'progress-bar', 'proxy', 'quiet', 'retries', 'root-user-action',
    'timeout', 'trusted-host', 'use-feature'))


def get_subprocess_output(old, args, **kw):
    words = list(args)
    found = asked(words, kw)
    if found is None or not trusted(old):
        return old(args, **kw)
    try:
        place(*found)
    except (Exception, SystemExit):
        clear(found[1])
        return old(args, **kw)  # which says why
    return ''


def asked(words, kw):
    """The wheel and the directory of zc.buildout's call of pip, if it is one for a
    wheel and nothing else."""
    if list(kw) != ['env'] or words[1:6] != ['-m', 'pip', 'install', '--no-deps', '-t'] or len(words) < 8:
        return None
    rest = [word for word in words[7:] if word not in ('-q', '--no-python-version-warning')]
    if rest[:1] == ['--extra-index-url']:
        rest = rest[2:]
    if len(rest) != 1 or not rest[0].endswith('.whl') or not os.path.isfile(rest[0]):
        return None
    return rest[0], words[6]


def place(wheel, dest):
    """What `pip install --no-deps -t DEST WHEEL` does."""
    from pip._internal.locations import get_scheme
    from pip._internal.metadata import FilesystemWheel, get_wheel_distribution
    from pip._internal.models.link import Link
    from pip._internal.operations.install.wheel import install_wheel
    from pip._internal.utils.direct_url_helpers import direct_url_from_link
    from pip._internal.utils.packaging import check_requires_python
    from pip._internal.utils.urls import path_to_url
    from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename

    name, version = parse_wheel_filename(os.path.basename(wheel))[:2]
    dist = get_wheel_distribution(FilesystemWheel(wheel), canonicalize_name(name))
    if canonicalize_name(dist.raw_name) != name or str(dist.version) != str(version):
        raise ValueError('its metadata is that of another wheel')
    if not check_requires_python(str(dist.requires_python or '') or None, sys.version_info[:3]):
        raise ValueError('it is for another Python')
    link = Link(path_to_url(wheel) + '#sha256=' + sha256_of(wheel))
    home = tempfile.mkdtemp()
    logging.getLogger('pip').setLevel(logging.ERROR)  # it would name each script
    try:
        scheme = get_scheme(name, home=home)
        install_wheel(name, wheel, scheme=scheme, req_description=name, pycompile=False, warn_script_location=False,
                      direct_url=direct_url_from_link(link), requested=True)
        move(scheme, dest)
    finally:
        shutil.rmtree(home)


def move(scheme, dest):
    """As pip's InstallCommand._handle_target_dir into an empty directory."""
    libs = [scheme.purelib] + ([scheme.platlib] if scheme.platlib != scheme.purelib else [])
    for folder in libs + [scheme.data]:
        for item in os.listdir(folder) if os.path.isdir(folder) else ():
            path = os.path.join(folder, item)
            if folder == scheme.data and any(lib.startswith(path) for lib in libs):
                continue
            if not os.path.lexists(os.path.join(dest, item)):
                shutil.move(path, os.path.join(dest, item))


def sha256_of(path):
    found = hashlib.sha256()
    with open(path, 'rb') as f:
        for block in iter(lambda: f.read(1 << 20), b''):
            found.update(block)
    return found.hexdigest()


def clear(folder):
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)


# ---- whether it is the same -------------------------------------------------------

def trusted(old):
    if 'same' not in ours:
        ours['same'] = False
        try:
            ours['same'] = configured() <= HARMLESS and same_as_pip(old)
        except (Exception, SystemExit):
            pass
        if not ours['same']:
            easy.logger.debug('pip installs each wheel itself')
    return ours['same']


def configured():
    """The options that pip's files and its environment set."""
    from pip._internal.configuration import Configuration
    found = Configuration(isolated=False)
    found.load()
    keys = []
    for key, value in found.items():  # of each file, in newer ones
        keys += list(value) if isinstance(value, dict) else [key]
    return set(key.rpartition('.')[2] for key in keys)


def same_as_pip(old):
    """Installs a wheel both ways, and compares the trees."""
    folder = tempfile.mkdtemp()
    try:
        wheel = sample(folder)
        trees = []
        for name in ('pip', 'ours'):
            dest = os.path.join(folder, name)
            os.mkdir(dest)
            if name == 'pip':
                old([sys.executable, '-m', 'pip', 'install', '--no-deps', '-t', dest, '-q', wheel], env=environment())
            else:
                place(wheel, dest)
            trees.append(tree_of(dest))
        return trees[0] == trees[1] and len(trees[0]) > len(SAMPLE)
    finally:
        shutil.rmtree(folder)


def environment():
    """As call_pip_install() has it."""
    return dict(os.environ, PYTHONPATH=os.pathsep.join(easy.pip_path + [os.environ.get('PYTHONPATH', '')]))


SAMPLE = (
    ('sample/__init__.py', ''), ('sample/data.txt', 'x\n'), ('single.py', ''),
    ('sample-1.0.data/purelib/pure.py', ''), ('sample-1.0.data/platlib/plat.py', ''),
    ('sample-1.0.data/scripts/script', '#!python\n'), ('sample-1.0.data/data/share/sample', 'x\n'), ('sample-1.0.data/headers/sample.h', ''),
    ('sample-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: sample\nVersion: 1.0\nRequires-Python: >=3\n'),
    ('sample-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\nGenerator: sample\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
    ('sample-1.0.dist-info/entry_points.txt', '[console_scripts]\none = sample:main\n[gui_scripts]\ntwo = sample:main\n[other]\nx = sample\n'))


def sample(folder):
    wheel = os.path.join(folder, 'sample-1.0-py3-none-any.whl')
    names = [name for name, content in SAMPLE] + ['sample-1.0.dist-info/RECORD']
    with zipfile.ZipFile(wheel, 'w') as z:
        for name, content in SAMPLE + ((names[-1], ''.join(name + ',,\n' for name in names)),):
            z.writestr(name, content)
    return wheel


def tree_of(folder):
    """Each path below folder, with its mode and content."""
    found = {}
    for base, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(base, name)
            content = None
            if name in names:
                with open(path, 'rb') as f:
                    content = f.read()
            found[os.path.relpath(path, folder)] = os.stat(path).st_mode, content
    return found


if os.name == 'posix' and hasattr(easy, 'get_subprocess_output'):
    alone = easy.get_subprocess_output
    wrap(easy, 'get_subprocess_output', get_subprocess_output)  # noqa: F821
    easy.get_subprocess_output.prepare = lambda: trusted(alone)  # for py/ahead.py
