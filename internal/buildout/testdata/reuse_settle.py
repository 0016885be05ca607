# Runs py/reuse.py with stand-ins for zc.buildout, and prints what is installed
# anew. Arguments: reuse.py, which lies beside reuse.json; a case as JSON:
# "old" and "new" are the parts' options, "stage" the parts of .installed.cfg.
import json
import os
import sys


class Options(dict):
    name = 'buildout'

    def _call(self, function):
        return function()


class Buildout(dict):
    def _read_installed_part_options(self):
        names = case['old'] if self['buildout']['installed'] == 'whole' else case['stage']
        found = dict((n, Options(case['old'][n])) for n in names)
        found['buildout'] = Options(parts=' '.join(names))
        return found, True

    def _compute_part_signatures(self, parts):
        pass

    def _uninstall_part(self, part, installed):
        pass

    def _buildout_path(self, name):
        return name


class Installer(object):
    def install(self):
        pass
    build = _satisfied = install


class Module(object):
    pass


case = json.loads(sys.argv[2])
buildout = Module()
buildout.buildout, buildout.easy_install = Module(), Module()
buildout.buildout.Buildout, buildout.buildout.Options = Buildout, Options
buildout.easy_install.Installer = Installer
buildout.easy_install.develop = lambda setup, dest: None
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'target', 'src'))
from patches import wrap  # noqa: E402
with open(sys.argv[1]) as f:
    exec(compile(f.read(), sys.argv[1], 'exec'), {'buildout': buildout, 'wrap': wrap, '__file__': sys.argv[1]})
b = Buildout((n, Options(o)) for n, o in case['new'].items())
b['buildout'] = Options(installed='.installed.cfg')
installed = b._read_installed_part_options()[0]
b._compute_part_signatures(list(case['new']))
print(json.dumps({'Again': sorted(n for n, o in installed.items() if 'changed' in o.get('__buildout_signature__', '')),
                  'Eggs': sorted(os.listdir('eggs'))}))
