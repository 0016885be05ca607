# Makes an egg of an sdist with the setuptools that is importable. Argument:
# {"sdist", "dest"}. Prints {name, version, path}.
import glob
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

job = json.loads(sys.argv[1])
work = tempfile.mkdtemp(dir=job['dest'])
try:
    archive = tarfile.open(job['sdist'])
    archive.extractall(work)
    archive.close()
    setup, = glob.glob(os.path.join(work, '*', 'setup.py'))
    process = subprocess.Popen(
        [sys.executable, '-sS', '-c', 'import sys, setuptools; __file__ = "setup.py"; sys.argv = ["setup.py"] + sys.argv[1:];'
         'sys.path.insert(0, "."); exec(compile(open(__file__).read(), __file__, "exec"))',
         '-q', 'bdist_egg', '-d', work], cwd=os.path.dirname(setup), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = process.communicate()[0]
    if process.returncode:
        sys.exit(out[-2000:])
    built, = glob.glob(os.path.join(work, '*.egg'))
    target = os.path.join(job['dest'], os.path.basename(built))
    shutil.rmtree(target, ignore_errors=True)
    if os.path.isdir(built):
        os.rename(built, target)
    else:
        import zipfile
        archive = zipfile.ZipFile(built)
        archive.extractall(target)
        archive.close()
finally:
    shutil.rmtree(work)
name, version = os.path.basename(target).split('-')[:2]
print(json.dumps({'name': name.replace('_', '-'), 'version': version, 'path': target}))
