# Why zc.buildout would install a part again. Its argument is JSON: {"root",
# "config" or "", "part"}. It reads the configuration and makes the recipes
# ready, as bin/buildout does before it changes anything, and nothing after
# that: no develop package is made, nothing is fetched, .installed.cfg stays.
# Prints {"parts", "installed", "old", "new", "error"}: the options of the part as
# .installed.cfg has them and as they are now; null for what isn't there.
import ast
import json
import logging
import os
import re
import sys

sys.dont_write_bytecode = True
out = os.dup(1)
os.dup2(2, 1)  # what recipes print isn't an answer


def native(value):
    """zc.buildout 1.x and 2.x take no unicode on Python 2."""
    return value if isinstance(value, str) else value.encode('utf-8')


job = json.loads(sys.argv[1])
root, config, part = native(job['root']), native(job['config']), native(job['part'])
os.chdir(root)
script = os.path.join('bin', 'buildout')
script = script if os.path.exists(script) else script + '-script.py'  # Windows'
launcher = os.path.join(root, '.binary-buildout', 'launcher.py')
options, defaults = [], True


def of_launcher():
    """Of a tree that binary-buildout installed: its launcher knows how."""
    names = {'__name__': 'launcher', '__file__': launcher}
    with open(launcher, 'rb') as f:
        exec(compile(f.read(), launcher, 'exec'), names)
    with open(os.path.join(root, '.binary-buildout', 'launch.json'), 'rb') as f:
        launch = json.loads(f.read().decode('utf-8'))
    there = root if os.name == 'nt' or not isinstance(root, str) or str is bytes else os.fsencode(root)
    given = names['Arguments'](['-c', config] if config else [])
    words = names['buildout_words'](given, launch, there, 'target')
    names['clean_environment']('target', False)
    names['set_path'](launch, there)
    names['load_buildout']()
    return words[1], [w for w in words[2:] if '=' in w]


def of_script():
    """Of any other: the path that zc.buildout wrote into its script."""
    with open(script, 'rb') as f:
        text = f.read().decode('utf-8', 'replace')
    found = re.search(r'sys\.path\[0:0\] = (\[.*?\])', text, re.S)
    if found:
        try:
            sys.path[0:0] = [native(p) for p in ast.literal_eval(found.group(1))]
        except ValueError:  # relative-paths: join(base, 'eggs/...')
            sys.path[0:0] = [os.path.join(root, native(p)) for p in re.findall(r"join\(base, '([^']*)'\)", found.group(1))]
    try:
        import setuptools  # noqa: F401 it brings distutils
    except ImportError:
        pass
    return os.path.abspath(config or 'buildout.cfg'), []


def answer(**found):
    os.write(out, json.dumps(found).encode('ascii') + b'\n')
    os._exit(0)


try:
    if os.path.exists(launcher):
        (config, options), defaults = of_launcher(), False
    else:
        config, options = of_script()
    import zc.buildout.buildout as zb
    words = [tuple(w.partition('=')[0].split(':')) + (w.partition('=')[2],) for w in options]
    b = zb.Buildout(config, [w for w in words if len(w) == 3], defaults)
except Exception as e:
    answer(error='%s: %s' % (type(e).__name__, e))
logging.disable(logging.CRITICAL)
b.newest, b.offline = False, True
parts = b['buildout']['parts'].split()
installed = b._read_installed_part_options()[0]
known = [p for p in installed if p != 'buildout']
error = None
try:
    b._load_extensions()
    sys.path.insert(0, b['buildout']['develop-eggs-directory'])
except Exception as e:
    error = '%s: %s' % (type(e).__name__, e)
for name in parts:
    try:
        b[name]
    except (Exception, SystemExit) as e:
        if name == part:
            error = '%s: %s' % (type(e).__name__, e)
new = None
if part in parts and not error:
    try:
        b._compute_part_signatures([part])
        new = b.get(part).copy()
    except (Exception, SystemExit) as e:
        error = '%s: %s' % (type(e).__name__, e)
old = installed[part].copy() if part in known else None
answer(parts=parts, installed=known, old=old, new=new, error=error)
