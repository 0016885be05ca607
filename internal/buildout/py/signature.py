# The hashes that zc.buildout makes of develop directories. Argument: {"path":
# [eggs of zc.buildout], "dirs": [directories]}. Prints {directory: hash}.
import sys
if sys.path and sys.path[0] in ('', '-'):
    del sys.path[0]
import json
import os

job = json.loads(sys.argv[1])
sys.path[0:0] = [str(p) for p in job['path']]
sys.dont_write_bytecode = True
out = os.dup(1)
os.dup2(2, 1)
import zc.buildout.buildout as zb
os.write(out, json.dumps(dict((d, zb._dir_hash(d)) for d in job['dirs'])).encode('ascii'))
