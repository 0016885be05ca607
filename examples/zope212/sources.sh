#!/bin/sh
# sources.sh: puts downloads/Zope-2.12.28.tar.gz there, which the recipe builds.
#
# plone.recipe.zope2install wants the tarball that zope.org had. Its server is
# gone; PyPI has the same sources as the sdist of Zope2, in a zip file and
# without lib/python/zope, in which the recipe looks for packages.
set -eu

cache=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}/sources
sdist=$cache/Zope2-2.12.28.zip

# The sdist's setup.py, which pip runs, is for Python 2.
for python in python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python; do
    "$python" -c '' 2>/dev/null && break
done

mkdir -p downloads "$cache"
[ -e "$sdist" ] ||
    "$python" -m pip -q download --no-deps --no-binary :all: -d "$cache" Zope2==2.12.28

"$python" - "$sdist" downloads/Zope-2.12.28.tar.gz <<'END'
import os, shutil, sys, tarfile, tempfile, zipfile

sdist, target = sys.argv[1:]
scratch = tempfile.mkdtemp()
try:
    zipfile.ZipFile(sdist).extractall(scratch)
    root = os.path.join(scratch, "Zope2-2.12.28")
    os.makedirs(os.path.join(root, "lib", "python", "zope", "app"))
    with tarfile.open(target, "w:gz") as tar:
        tar.add(root, "Zope-2.12.28")
finally:
    shutil.rmtree(scratch)
END
