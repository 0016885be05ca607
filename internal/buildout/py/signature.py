# The hashes that zc.buildout makes of develop directories. Argument: {"path":
# [eggs of zc.buildout], "dirs": [directories], "wanted": [hashes], "root": the
# stage, "canonical": what the archive names instead of it, or ""}. Prints
# {directory: [hash, its hash at the canonical stage]}: the two differ where a
# file of the directory names the stage and the hash is wanted.
import json
import os
import shutil
import sys
import tempfile

job = json.loads(sys.argv[1])
sys.path[0:0] = [str(p) for p in job['path']]
sys.dont_write_bytecode = True
out = os.dup(1)
os.dup2(2, 1)
import zc.buildout.buildout as zb


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def names_root(folder, root):
    for base, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(base, name)
            if os.path.isfile(path) and root in content(path):
                return True
    return False


def rewrite(folder, root, canonical):
    for base, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(base, name)
            if os.path.isfile(path):
                data = content(path)
                os.remove(path)  # a link, or one that can't be written
                with open(path, 'wb') as f:
                    f.write(data.replace(root, canonical))


def moved(folder, hashed):
    root, canonical = job['root'].encode('utf-8'), job['canonical'].encode('utf-8')
    if hashed not in job['wanted'] or not names_root(folder, root):
        return hashed
    scratch = tempfile.mkdtemp()
    try:
        copy = os.path.join(scratch, 'copy')
        shutil.copytree(folder, copy, symlinks=True)
        rewrite(copy, root, canonical)
        return zb._dir_hash(copy)
    finally:
        shutil.rmtree(scratch, True)


hashes = dict((d, zb._dir_hash(d)) for d in job['dirs'])
pairs = dict((d, [h, moved(d, h) if job['canonical'] else h]) for d, h in hashes.items())
os.write(out, json.dumps(pairs).encode('ascii'))
