# A stand-in for launcher.py in this package's tests: eggs on sys.path,
# then zc.buildout. In mode target nothing newer is looked for, and develop
# packages stay as they are.
import json
import os
import sys

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(root, '.binary-buildout', 'launch.json')) as f:
    launch = json.load(f)
mode = sys.argv[1].split('=')[1]
args = sys.argv[2:]
sys.path[0:1] = [os.path.join(root, *str(p).split('/')) for p in launch['path']]
os.chdir(root)
import zc.buildout.buildout  # noqa: E402
import zc.buildout.easy_install  # noqa: E402
if mode == 'target':
    args += ['buildout:newest=false', 'buildout:install-from-cache=false']

    def develop(self):
        installed = self._read_installed_part_options()[0]
        return saved or installed['buildout'].get('installed_develop_eggs', '')
    zc.buildout.buildout.Buildout._develop = develop
    uninstall = zc.buildout.buildout.Buildout._uninstall
    saved = ''

    def keep(self, installed):
        global saved
        dev = self['buildout']['develop-eggs-directory']
        if installed and all(os.path.dirname(f) == dev for f in installed.split('\n') if f):
            saved = installed
            return
        uninstall(self, installed)
    zc.buildout.buildout.Buildout._uninstall = keep
sys.argv[0] = os.path.join(root, 'bin', 'buildout')
zc.buildout.buildout.main(['-U', '-c', str(launch['config'])] + [str(o) for o in launch['options']] + args)
