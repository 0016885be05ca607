# Which versions of zc.buildout and what it needs are asked for, and by whom.
# Runs with pip importable. Argument: {"names", "pins": [[name, spec, source]],
# "files": [requirements files]}. Prints {"pins": [[name, spec, source]],
# "conflict": [name, spec, source, spec, source] or null}. Go puts plain_name (target/src/names.py) in front.
import io
import json
import os
import re
import sys

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet


def read(where):
    if '://' not in where:
        with io.open(where, encoding='utf-8') as f:
            return f.read()
    if where.startswith('file://'):
        from pip._vendor.six.moves.urllib.request import url2pathname
        return read(url2pathname(where[7:]))
    from pip._vendor import requests
    answer = requests.get(where, timeout=30, verify=os.environ.get('PIP_CERT') or True)
    answer.raise_for_status()
    return answer.text


def beside(name, where):
    if '://' in name or os.path.isabs(name):
        return name
    if '://' in where:
        return where.rsplit('/', 1)[0] + '/' + name
    return os.path.join(os.path.dirname(where), name)


def lines(where, seen):
    if where in seen:
        return
    seen.add(where)
    text = re.sub(r'\\\r?\n', '', read(where))
    for line in text.splitlines():
        line = re.sub(r'(^|\s)#.*$', '', line).strip()
        line = re.sub(r'\$\{([A-Z0-9_]+)\}', lambda m: os.environ.get(m.group(1), m.group(0)), line)
        nested = re.match(r'(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)$', line)
        if nested:
            for item in lines(beside(nested.group(1), where), seen):
                yield item
        elif line and not line.startswith('-'):
            yield where, re.split(r'\s--', line)[0].strip()


def demands(files, names):
    seen = set()
    for file in files:
        for where, line in lines(file, seen):
            match = re.match(r'[A-Za-z0-9][A-Za-z0-9._-]*', line)
            if not match or plain_name(match.group(0)) not in names:  # noqa: F821
                continue
            req = Requirement(line)
            if str(req.specifier) and (req.marker is None or req.marker.evaluate()):
                yield plain_name(req.name), str(req.specifier), where  # noqa: F821


def exact(spec):
    for s in SpecifierSet(spec):
        if s.operator in ('==', '===') and not s.version.endswith('.*'):
            return s.version


def conflict(pins):
    for i, (name, spec, source) in enumerate(pins):
        version = exact(spec)
        for other, spec2, source2 in pins:
            if version and other == name and not SpecifierSet(spec2).contains(version, prereleases=True):
                return [name, spec, source, spec2, source2]


job = json.loads(sys.argv[1])
names = set(plain_name(n) for n in job['names'])  # noqa: F821
pins = []
for name, spec, source in job['pins']:
    if plain_name(name) in names and spec:  # noqa: F821
        if re.match(r'[A-Za-z0-9]', spec):
            spec = '==' + spec
        pins.append((plain_name(name), spec, source))  # noqa: F821
pins.extend(demands(job['files'], names))
print(json.dumps({'pins': pins, 'conflict': conflict(pins)}))
