# What zc.buildout itself makes of a configuration. Arguments: {"path": [eggs
# of zc.buildout], "config": file, "options": ["section:key=value"],
# "defaults": default.cfg or "", "cache": existing
# directory for remote files}. Makes no directory of the configuration. Prints {"raw": {section: {key: value}},
# "buildout": [buildout] with substitutions, "version": zc.buildout's,
# "files": all files read, "remote": whether one came by URL, "defaults":
# ["section:key=value" that stand only because of default.cfg]}, or {"refused":
# what is wrong with the configuration, "of_defaults": whether default.cfg makes
# it so}. Exit code 4: there is no zc.buildout.
import json
import logging
import os
import shutil
import sys
import tempfile


def native(value):
    """zc.buildout 1.x takes no unicode."""
    if isinstance(value, dict):
        return dict((native(k), native(v)) for k, v in value.items())
    if isinstance(value, list):
        return [native(v) for v in value]
    return value if isinstance(value, (str, bool, int)) else value.encode('utf-8')


job = native(json.loads(sys.argv[1]))
sys.path[0:0] = job['path']
sys.dont_write_bytecode = True
out = os.dup(1)
os.dup2(2, 1)  # what extensions and zc.buildout print isn't an answer

try:
    import pkg_resources  # noqa: zc.buildout 6 brings its own
except ImportError:
    pass
# Since 3.0 it patches its package index with parts of pip, if it can import
# them: half of the time that reading takes, and nobody asks the index here.
sys.modules['pip._internal.index.collector'] = None
logging.getLogger('zc.buildout.patches').disabled = True
try:
    import zc.buildout.buildout as zb
except ImportError:
    if any(os.path.isdir(os.path.join(p, 'zc', 'buildout')) for p in sys.path):
        raise  # it is there, and lacks something
    sys.exit(4)
try:
    from zc.buildout.configparser import Error as ConfigError
except ImportError:  # 1.x has Python's own
    from ConfigParser import Error as ConfigError

opened = []
_open = zb._open


def recording(base, filename, *args, **kw):
    if zb._isurl(filename):
        opened.append(filename)
    elif zb._isurl(base):
        opened.append(base + '/' + filename)
    else:
        opened.append(os.path.join(base, filename))
    args = list(args)
    args[2] = dict(args[2], **zb._annotate_section({'extends-cache': job['cache']}, 'COMMAND_LINE_VALUE'))
    return _open(base, filename, *args, **kw)


zb._open = recording


def only_scratch(make):
    def call(path, *args, **kw):
        if os.path.abspath(path).startswith((job['cache'], tempfile.gettempdir())):
            make(path, *args, **kw)
    return call


os.makedirs, os.mkdir = only_scratch(os.makedirs), only_scratch(os.mkdir)


def only_there(change):
    def call(path):
        if os.path.isdir(path):
            change(path)
    return call


os.chdir = only_there(os.chdir)  # [buildout] directory may be one that isn't here


def read(home):
    """The configuration, with home/default.cfg or without."""
    os.environ['BUILDOUT_HOME'] = home or '/nonexistent'
    options = []
    for option in job['options']:
        name, value = option.split('=', 1)
        section, key = name.split(':')
        options.append((section, key, value))
    if not home:
        return zb.Buildout(job['config'], options, False)
    saved = os.environ.get('HOME')
    os.environ['HOME'] = home  # 1.x knows no BUILDOUT_HOME
    os.mkdir(os.path.join(home, '.buildout'))
    shutil.copy(os.path.join(home, 'default.cfg'), os.path.join(home, '.buildout', 'default.cfg'))
    try:
        return zb.Buildout(job['config'], options, True)
    finally:
        os.environ.pop('HOME')
        if saved is not None:
            os.environ['HOME'] = saved


def raw(b):
    return dict((s, dict(o)) for s, o in b._raw.items())


def differ(plain, full):
    for section in sorted(full):
        for key, value in sorted(full[section].items()):
            if plain.get(section, {}).get(key) != value:
                yield '%s:%s=%s' % (section, key, value)


def expanded(b):
    found = {}
    for key in b['buildout']:
        try:
            found[key] = b['buildout'][key]
        except Exception:
            pass  # an option that a recipe's section would have to give
    return found


def versions(b):
    """The pins of the configuration, without those that zc.buildout adds of itself."""
    name = b['buildout'].get('versions')
    pins = dict(b._raw.get(name) or {}) if name else {}
    for project in ('zc.buildout', 'zc.recipe.egg'):
        if pins.get(project, '').startswith('>='):
            note = b._annotated.get(name, {}).get(project)
            if note is None or getattr(note, 'source', None) == 'DEFAULT_VALUE':
                del pins[project]
    return pins


def plain(error, home=''):
    """What is wrong, in one line, without the stage's directory. What lies in
    home is default.cfg's copy, and what that takes to lie beside it."""
    words = ' '.join(str(error).split()).replace(repr(u'\ufeff')[1:-1].lstrip("'"), '(a byte order mark)')
    if opened and opened[-1] not in words:
        words = '%s: %s' % (opened[-1], words)
    for folder in (os.path.join(home, '.buildout', ''), os.path.join(home, '')) if home else ():
        words = words.replace(folder + 'default.cfg', job['defaults'])
        words = words.replace(folder, os.path.join(os.path.dirname(job['defaults']), ''))
    return words.replace(os.path.join(where, ''), '')


FAULTS = (zb.zc.buildout.UserError, ConfigError, UnicodeError, EnvironmentError)


def refuse(said, of_defaults):
    os.write(out, json.dumps({'refused': said, 'of_defaults': of_defaults}).encode('ascii'))
    sys.exit(0)


where = os.getcwd()
answer = {}
try:
    b = read('')
except FAULTS as error:
    refuse(plain(error), False)
answer['raw'] = raw(b)
extra = []
if job['defaults']:
    os.chdir(where)
    home = tempfile.mkdtemp()
    try:
        shutil.copy(job['defaults'], os.path.join(home, 'default.cfg'))
        b = read(home)
    except FAULTS as error:
        refuse(plain(error, home), True)
    finally:
        shutil.rmtree(home)
    extra = list(differ(answer['raw'], raw(b)))
    answer['raw'] = raw(b)
answer['defaults'] = extra
answer['versions'] = versions(b)
answer['buildout'] = expanded(b)
answer['files'] = [f for i, f in enumerate(opened) if f not in opened[:i]]
answer['index'] = __import__('zc.buildout.easy_install').buildout.easy_install.default_index_url
answer['remote'] = any('://' in f for f in opened)
answer['version'] = [d.version for d in __import__('pkg_resources').working_set
                     if d.key in ('zc.buildout', 'zc-buildout')][0]
os.write(out, json.dumps(answer).encode('ascii'))
