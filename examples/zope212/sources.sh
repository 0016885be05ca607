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
import gzip, os, shutil, sys, tarfile, tempfile, zipfile

sdist, target = sys.argv[1:]


def plain(member):
    # What it is doesn't say who made it, and when: rebuild checks its digest.
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 315532800
    member.mode = 0o755 if member.isdir() else 0o644
    return member


scratch = tempfile.mkdtemp()
try:
    zipfile.ZipFile(sdist).extractall(scratch)
    root = os.path.join(scratch, "Zope2-2.12.28")
    os.makedirs(os.path.join(root, "lib", "python", "zope", "app"))
    with open(target, "wb") as out, gzip.GzipFile("", "wb", 9, out, 0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for directory, inner, files in os.walk(root):
            inner.sort()
            name = "Zope-2.12.28" + directory[len(root):].replace(os.sep, "/")
            tar.add(directory, name, recursive=False, filter=plain)
            for file in sorted(files):
                tar.add(os.path.join(directory, file), name + "/" + file, recursive=False, filter=plain)
finally:
    shutil.rmtree(scratch)
END
