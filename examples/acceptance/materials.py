"""Holds a bill of materials to what pip and the wheels say: BOM TREE WHEEL...

TREE is the installed archive, WHEEL a project whose wheel is downloaded again.
Prints what differs, a line each.
"""
import configparser
import email
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
from pip._vendor.packaging.utils import canonicalize_name

bom, tree, wheels = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3:]
components = {c['bom-ref']: c for c in bom['components']}
depends = {d['ref']: d.get('dependsOn', []) for d in bom['dependencies']}


def pip(*args):
    return subprocess.run([sys.executable, '-m', 'pip', '--disable-pip-version-check', *args], check=True, stdout=subprocess.PIPE).stdout


def ref(name, version):
    return 'pkg:pypi/%s@%s' % (name.lower().replace('_', '-'), version.replace('+', '%2B').replace('!', '%21'))


# ---- pip inspect ----------------------------------------------------------------

paths = sorted(p for d in ('eggs', 'eggs/v5', 'develop-eggs') for p in glob.glob(os.path.join(tree, d, '*.egg')))
said = json.loads(pip('inspect', *['--path=' + p for p in paths]))
found = {}
for d in said['installed']:
    m = d['metadata']
    if canonicalize_name(m['name']) not in found or '.dist-info' in d['metadata_location']:
        found[canonicalize_name(m['name'])] = m
        # pip before 25 doesn't know it.
        for name in ('METADATA', 'PKG-INFO'):
            path = os.path.join(d['metadata_location'], name)
            if os.path.exists(path):
                with open(path, encoding='utf-8') as f:
                    m['license_expression'] = email.message_from_file(f)['License-Expression']
extras = {name: set() for name in found}
installed = configparser.RawConfigParser(strict=False)
installed.read(os.path.join(tree, '.installed.cfg'), encoding='utf-8')
for section in installed.sections():
    for line in installed.get(section, 'eggs', fallback='').splitlines():
        try:
            r = Requirement(line.strip())
        except InvalidRequirement:
            continue
        extras.get(canonicalize_name(r.name), set()).update(map(canonicalize_name, r.extras))


def applies(r, wanted):
    return r.marker is None or any(r.marker.evaluate(dict(said['environment'], extra=x)) for x in {''} | wanted)


requires, more = {}, True
while more:
    more = False
    for name, m in found.items():
        requires[name] = set()
        for r in map(Requirement, m.get('requires_dist', [])):
            to = canonicalize_name(r.name)
            if to in found and to != name and applies(r, {x for e in extras[name] for x in (e, e.replace('-', '_'))}):
                requires[name].add(to)
            if to in found and applies(r, extras[name]) and not set(map(canonicalize_name, r.extras)) <= extras[to]:
                extras[to].update(map(canonicalize_name, r.extras))
                more = True

eggs = {r for r in components if r.startswith('pkg:pypi/')}
for r in sorted(eggs ^ {ref(m['name'], m['version']) for m in found.values()}):
    print('%s: %s' % (r, 'pip inspect has it not' if r in eggs else 'it is missing'))
for name, m in sorted(found.items()):
    own = ref(m['name'], m['version'])
    c = components.get(own)
    if c is None:
        continue
    cut = [p['value'] for p in c.get('properties', []) if p['name'] == 'binary-buildout:requires']
    got = {r for r in depends[own] + cut if '#' not in r and r.startswith('pkg:')}
    want = {ref(found[to]['name'], found[to]['version']) for to in requires[name]}
    if got != want:
        print('%s requires %s too, and not %s' % (own, sorted(want - got), sorted(got - want)))
    licenses = c.get('licenses', [])
    if m.get('license_expression') and licenses != [{'expression': m['license_expression']}]:
        print('%s has the licence %s, and %r' % (own, licenses, m['license_expression']))
    if 'License :: OSI Approved :: MIT License' in m.get('classifier', []) and not m.get('license_expression') and {'license': {'id': 'MIT'}} not in licenses:
        print('%s is under MIT, not %s' % (own, licenses))
    if not licenses and (m.get('license') or any(x.startswith('License :: ') and x != 'License :: OSI Approved' for x in m.get('classifier', []))):
        print('%s has no licence, and says %r' % (own, m.get('license')))
    if (m.get('author') or m.get('maintainer')) and not c.get('authors') and not c.get('supplier'):
        print('%s has no author, and says %r' % (own, m.get('author')))
    if not c.get('externalReferences'):
        print('%s has no digest of what was downloaded' % own)

# ---- wheels ---------------------------------------------------------------------

with tempfile.TemporaryDirectory() as scratch:
    for name in wheels:
        m = found[name]
        pip('download', '-q', '--no-deps', '--only-binary=:all:', '-d', os.path.join(scratch, name), '%s==%s' % (m['name'], m['version']))
        (path,) = glob.glob(os.path.join(scratch, name, '*.whl'))
        with open(path, 'rb') as f:
            sha256 = hashlib.sha256(f.read()).hexdigest()
        c = components[ref(m['name'], m['version'])]
        if [sha256] not in [[h['content'] for h in r['hashes']] for r in c['externalReferences']]:
            print('%s has the SHA-256 %s' % (os.path.basename(path), sha256))
        inside = {x['properties'][0]['value'] for x in c.get('components', [])}
        named = {x['name'] for x in c.get('components', [])}
        wheel = zipfile.ZipFile(path)
        for entry in wheel.namelist():
            if re.match(r'[^/]+\.libs/.*\.so', entry) and entry not in inside:
                print('%s: %s is missing' % (name, entry))
            if '.dist-info/sboms/' in entry and entry.endswith('.json'):
                for x in json.loads(wheel.read(entry)).get('components', []):
                    if x['name'] not in named and canonicalize_name(x['name']) != name:
                        print('%s: %s of %s is missing' % (name, x['name'], entry))
