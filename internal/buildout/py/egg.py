# Makes eggs that pkg_resources reads. Runs with pip importable. Argument:
# {"wheels": [files], "dest": directory, "add": [egg directories]}. A wheel
# becomes dest/NAME-VERSION-pyX.Y.egg with EGG-INFO; a directory that holds
# only a dist-info gets an EGG-INFO beside it. Prints {"eggs": [{name, version,
# path}], "failed": [[path, why]]}.
#
# Environment markers are evaluated here and not written: requires.txt has
# another syntax for them, and the archive runs on one Python only.
import email.parser
import glob
import io
import json
import os
import re
import shutil
import sys
import zipfile

from pip._vendor.packaging.requirements import Requirement

PY = '%d.%d' % sys.version_info[:2]
COPIED = ('entry_points.txt', 'top_level.txt', 'namespace_packages.txt', 'dependency_links.txt',
          'eager_resources.txt', 'depends.txt')


def text(path):
    with io.open(path, encoding='utf-8', errors='replace') as f:
        return f.read()


def write(path, content):
    if not isinstance(content, type(u'')):
        content = content.decode('utf-8')
    with io.open(path, 'w', encoding='utf-8', newline='\n') as f:
        f.write(content)


def metadata(info):
    content = text(os.path.join(info, 'METADATA'))
    if sys.version_info[0] == 2:
        content = content.encode('utf-8')
    return email.parser.Parser().parsestr(content)


def plain(req):
    req.marker = None
    return str(req)


def requires(meta):
    """requires.txt: what is always needed, and then a section for each extra."""
    reqs = []
    for line in meta.get_all('Requires-Dist') or ():
        try:
            reqs.append(Requirement(line))
        except Exception:
            continue  # "pytz (>dev)": pkg_resources couldn't read it either
    extras = [e.strip() for e in meta.get_all('Provides-Extra') or ()]
    always = [r for r in reqs if r.marker is None or r.marker.evaluate({'extra': ''})]
    out = [plain(r) for r in always]
    for extra in sorted(set(extras)):
        more = [r for r in reqs if r not in always and r.marker.evaluate({'extra': extra})]
        out += ['', '[%s]' % re.sub('[^A-Za-z0-9.-]+', '_', extra).lower()] + [str(r).split(';')[0].strip() for r in more]
    return '\n'.join(out).strip('\n') + '\n'


def top_level(egg, info):
    """What the wheel doesn't say: first names of the files in its RECORD."""
    names = set()
    record = os.path.join(info, 'RECORD')
    for line in text(record).splitlines() if os.path.exists(record) else ():
        first = line.split(',')[0].split('/')
        name = first[0]
        if len(first) == 1:
            name = name.split('.')[0] if name.endswith(('.py', '.so', '.pyd')) else ''
        if name and not name.endswith(('.dist-info', '.data', '..')) and name != '__pycache__':
            names.add(name)
    return ''.join(n + '\n' for n in sorted(names))


def egg_info(egg, info, made):
    """Writes made (EGG-INFO) from what lies in info (a dist-info)."""
    meta = metadata(info)
    write(os.path.join(made, 'PKG-INFO'), text(os.path.join(info, 'METADATA')))
    req = requires(meta)
    if req.strip():
        write(os.path.join(made, 'requires.txt'), req)
    for name in COPIED:
        if os.path.exists(os.path.join(info, name)) and info != made:
            write(os.path.join(made, name), text(os.path.join(info, name)))
    if not os.path.exists(os.path.join(made, 'top_level.txt')):
        write(os.path.join(made, 'top_level.txt'), top_level(egg, info))
    write(os.path.join(made, 'not-zip-safe'), '\n')
    return {'name': meta['Name'], 'version': meta['Version'], 'path': egg}


def add(egg):
    made = os.path.join(egg, 'EGG-INFO')
    if os.path.exists(os.path.join(made, 'PKG-INFO')):
        return None
    infos = [d for d in glob.glob(os.path.join(glob.escape(egg) if hasattr(glob, 'escape') else egg, '*.dist-info'))
             if os.path.exists(os.path.join(d, 'METADATA'))]
    if len(infos) != 1:
        return None
    fresh = made + '.new'
    shutil.rmtree(fresh, ignore_errors=True)
    os.mkdir(fresh)
    found = egg_info(egg, infos[0], fresh)
    if os.path.isdir(made):
        shutil.rmtree(made)
    os.rename(fresh, made)
    return found


def namespaces(egg, made):
    """A wheel leaves out the __init__.py of pkg_resources' namespaces, and a .pth
    file stands in for them, which nothing reads in an egg. For Python 2 they
    come back. Python 3 needs none (PEP 420), and with one, recipes that have
    none (zc.recipe.cmmi 5 beside zc.buildout 4) would not be found."""
    path = os.path.join(made, 'namespace_packages.txt')
    if sys.version_info[0] > 2:
        if os.path.exists(path):
            os.remove(path)
        return
    for name in text(path).split() if os.path.exists(path) else ():
        init = os.path.join(egg, *(name.split('.') + ['__init__.py']))
        if os.path.isdir(os.path.dirname(init)) and not os.path.exists(init):
            write(init, u"__import__('pkg_resources').declare_namespace(__name__)\n")


def unpack(wheel, dest):
    fresh = os.path.join(dest, os.path.basename(wheel) + '.new')
    shutil.rmtree(fresh, ignore_errors=True)
    archive = zipfile.ZipFile(wheel)
    archive.extractall(fresh)
    archive.close()
    for data in glob.glob(os.path.join(fresh, '*.data')):
        for kind in ('purelib', 'platlib'):
            for name in os.listdir(os.path.join(data, kind)) if os.path.isdir(os.path.join(data, kind)) else ():
                os.rename(os.path.join(data, kind, name), os.path.join(fresh, name))
        shutil.rmtree(data)
    info, = [d for d in glob.glob(os.path.join(fresh, '*.dist-info'))]
    made = os.path.join(fresh, 'EGG-INFO')
    os.rename(info, made)
    found = egg_info(fresh, made, made)
    os.remove(os.path.join(made, 'METADATA'))
    namespaces(fresh, made)
    egg = os.path.join(dest, '%s-%s-py%s.egg' % (
        found['name'].replace('-', '_'), found['version'].replace('-', '_'), PY))
    shutil.rmtree(egg, ignore_errors=True)
    os.rename(fresh, egg)
    found['path'] = egg
    return found


job = json.loads(sys.argv[1])
eggs, failed = [], []
for wheel in job.get('wheels') or ():
    eggs.append(unpack(wheel, job['dest']))
for egg in job.get('add') or ():
    try:
        found = add(egg)
    except Exception as e:
        failed.append([egg, '%s: %s' % (type(e).__name__, e)])
    else:
        if found:
            eggs.append(found)
print(json.dumps({'eggs': eggs, 'failed': failed}))
