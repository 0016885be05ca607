# Runs in the launcher, in front of zc.buildout's main(), where a build reuses
# what the last archive has. The stage has eggs of it, and those of its parts
# that are compiled; reuse.json beside this file says which. What follows sees
# to it that zc.buildout builds what a build from nothing would make otherwise:
#
#   - of an egg without an exact pin, a newer one counts,
#   - a part is installed anew if one that it was made with changed,
#   - eggs that were compiled here are, if the libraries or flags changed,
#   - a develop package whose sources are the same isn't built again.
#
# What was used is written to "report": eggs that were not are old ones.
# The launcher gives this program buildout and wrap (target/src/launching.py).
import atexit
import json
import os
import re
import shutil
import sys

PY2 = sys.version_info[0] == 2


def plain(value):
    """JSON's texts as this Python's own strings."""
    if isinstance(value, dict):
        return dict((plain(k), plain(v)) for k, v in value.items())
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value.encode('utf-8') if PY2 and isinstance(value, type(u'')) else value


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'reuse.json'), 'rb') as f:
    job = plain(json.loads(f.read().decode('utf-8')))
easy, module = buildout.easy_install, buildout.buildout  # noqa: F821
used, developed, installed = set(), [], []
part = [None]        # the part at work
removed = set()      # parts that were uninstalled
state = {}
FLAGS = re.compile('flags|environ|_config|^cc$|^cxx$|library|include|rpath', re.I)


def same(path):
    """One path has one name."""
    return os.path.normcase(os.path.realpath(path))


# ---- eggs ---------------------------------------------------------------------

def install(old, self, *args, **kw):
    found = old(self, *args, **kw)
    used.update(same(dist.location) for dist in found)
    return found


def build(old, self, *args, **kw):
    found = job['eggparts'].get(part[0]) if part[0] in state['kept'] - removed else None
    if found is None:
        found = old(self, *args, **kw)
    else:  # what it built in an empty tree; one in eggs came later
        found = [b for b in state['installed'][part[0]]['__buildout_installed__'].split('\n') if b]
    used.update(same(path) for path in found)
    return found


def satisfied(old, self, req, *args, **kw):
    """As in an empty eggs directory, the newest counts."""
    was = self._newest
    if any(same(dist.location) in EGGS for dist in self._env[req.project_name]):
        self._newest = True
    try:
        return old(self, req, *args, **kw)
    finally:
        self._newest = was


def forget_compiled(b):
    """Eggs and develop packages that were compiled here are again."""
    loaded = set(same(p) for p in sys.path)
    for egg in job['compiled']:
        if same(egg) not in loaded and os.path.isdir(egg):
            shutil.rmtree(egg)
    for folder in [f for f, d in job['develop'].items() if d['compiled']]:
        del job['develop'][folder]


# ---- parts --------------------------------------------------------------------

def read(old, self, *args):
    found = old(self, *args)
    state.setdefault('installed', found[0])
    return found


def everything(b):
    """What the last archive's .installed.cfg says of all its parts."""
    options = b['buildout']
    name = options['installed']
    options['installed'] = job['old']
    try:
        return module.Buildout._read_installed_part_options(b)[0]
    finally:
        options['installed'] = name


def signatures(old, self, parts, *args):
    found = old(self, parts, *args)
    settle(self, parts)
    return found


def agree(was, now):
    """A virtualenv was made anew, of the same distributions: its files differ
    (RECORD, paths), and so does the hash of its site-packages."""
    key = '__buildout_signature__'

    def without_site(options):
        return sorted(t for t in options.get(key, '').split() if t.rpartition('-')[0].lower().replace('_', '-').replace('.', '-') not in job['site'])
    if was.get(key) and now.get(key) and without_site(was) == without_site(now):
        was[key] = now[key]


def settle(b, parts):
    """Decides which parts are installed anew although they look the same."""
    was = dict((name, dict(options.items())) for name, options in everything(b).items() if name != 'buildout')
    for known in was, state['installed']:
        for name in set(known) & set(parts):
            agree(known[name], b[name])
    changed, flags = set(job['touched']), False
    for name, options in was.items():
        now = dict(b[name].items()) if name in parts else {}
        before = dict((k, v) for k, v in options.items() if k != '__buildout_installed__')
        if before != now:
            changed.add(name)
        for key in set(before) | set(now):
            if before.get(key) != now.get(key) and FLAGS.search(key) and not before.get('recipe', '').startswith('zc.recipe.egg'):
                flags = True
    for name in parts:
        if name not in was:
            options = dict(b[name].items())
            flags = flags or 'cmmi' in options.get('recipe', '') or any(FLAGS.search(k) for k in options)
    follow(b, was, changed)
    again = flags or bool(changed.intersection(job['libs']))
    for name in job['parts']:
        if name in state['installed'] and (flags or name in changed or again and name in job['eggparts']):
            options = state['installed'][name]
            options['__buildout_signature__'] = options.get('__buildout_signature__', '') + ' changed'
            for egg in job['eggparts'].get(name, ()):
                if same(egg) not in set(same(p) for p in sys.path) and os.path.isdir(egg):
                    shutil.rmtree(egg)
    for folder, develop in list(job['develop'].items()):
        if develop['part'] and (flags or develop['part'] in changed):
            del job['develop'][folder]
    if again:
        forget_compiled(b)


def follow(b, was, changed):
    """Adds the parts whose options name what a changed part made."""
    more = True
    while more:
        more = False
        for name in sorted(changed & set(was)):
            made = [b._buildout_path(p) for p in was[name].get('__buildout_installed__', '').split('\n') if p]
            made += [was[name].get('location', '')]
            patterns = [re.compile(re.escape(p) + r'(?![\w.-])') for p in made if p]
            for other, options in was.items():
                values = [v for k, v in options.items() if not k.startswith('__buildout_')]
                if other not in changed and any(p.search(v) for p in patterns for v in values):
                    changed.add(other)
                    more = True


def call(old, self, function):
    before, part[0] = part[0], self.name
    try:
        recipe = getattr(function, '__self__', None)
        name = getattr(function, '__name__', '')
        if name == 'install' and self.name not in installed and (self.name in removed or self.name not in state['kept']):
            installed.append(self.name)
        found = old(self, function)
        if name == 'update' and found is not None and self.name in state['kept']:
            # What is known stays known: zc.buildout would forget what an
            # update doesn't name again, as zc.recipe.egg:custom's own egg.
            known = state['installed'][self.name]['__buildout_installed__'].split('\n')
            if all(path in known for path in ([found] if isinstance(found, str) else found)):
                found = None
        if name == 'update' and type(recipe).__module__.startswith('zc.recipe.cmmi'):
            os.environ.update(recipe.environ)  # as its install() leaves it to all that follow
        return found
    finally:
        part[0] = before


def uninstall_part(old, self, name, *args):
    removed.add(name)
    return old(self, name, *args)


# ---- develop packages -----------------------------------------------------------

def develop(old, setup, dest, *args, **kw):
    folder = same(setup if os.path.isdir(setup) else os.path.dirname(setup) or '.')
    found = dict((same(f), f) for f in job['develop']).get(folder)
    folder, found = found, job['develop'].pop(found, None)
    if found is None or found['part'] != (part[0] or '') or part[0] in removed:
        return old(setup, dest, *args, **kw)
    base = os.path.relpath(folder, ROOT)
    for name in found['products']:
        bring(os.path.join(job['shelf'], base, name), os.path.join(folder, name))
    link = None
    for name in found['files']:
        place = os.path.join(dest, name)
        bring(os.path.join(job['shelf'], os.path.relpath(dest, ROOT), name), place)
        if name.endswith('.egg-link'):
            link = place
    developed.append(folder)
    return link


def bring(source, place):
    if os.path.lexists(source) and not os.path.lexists(place):
        if not os.path.isdir(os.path.dirname(place)):
            os.makedirs(os.path.dirname(place))
        os.rename(source, place)


def report():
    with open(job['report'], 'wb') as f:
        f.write(json.dumps({'Used': [egg for egg in job['eggs'] if same(egg) in used], 'Develop': developed, 'Installed': installed}).encode('ascii'))


EGGS = set(same(egg) for egg in job['eggs'])
ROOT = os.path.realpath(os.getcwd())
state['kept'] = set(job['parts'])
wrap(easy.Installer, 'install', install)
wrap(easy.Installer, 'build', build)
wrap(easy.Installer, '_satisfied', satisfied)
wrap(easy, 'develop', develop)
wrap(module.Buildout, '_read_installed_part_options', read)
wrap(module.Buildout, '_compute_part_signatures', signatures)
wrap(module.Buildout, '_uninstall_part', uninstall_part)
wrap(module.Options, '_call', call)
atexit.register(report)
