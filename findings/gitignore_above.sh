#!/bin/sh
# A package is built into a wheel without a single module, because of its neighbour's .gitignore.
#
# hatchling 1.33.0 looks for a .gitignore from the project upwards until it meets one, or
# a .git; no repository has to be there. The patterns of the one it finds are read as if they
# stood in the project. A buildout that ignores its checkouts by "/src/" takes src/ out of
# each project with a src layout that is unpacked below it: the wheel has its metadata alone, is
# built with exit code 0, and installs. Built elsewhere the same source is whole. An empty
# .gitignore in the project cures it. Six other backends, poetry-core (which asks git) and
# scikit-build-core (which reads .gitignore too) among them, build the module.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"
need git git

venv tools 3.12 pip==25.3 hatchling==1.33.0 poetry-core==2.5.0 pdm-backend==2.5.0 flit-core==4.2.0 \
    setuptools==81.0.0 scikit-build-core==1.1.2 uv-build==0.13.6
mkdir -p buildout/src

# project NAME BACKEND: a project of one module in a src layout.
project() {
    mkdir -p "buildout/src/$1/src/pkg"
    echo 'here = True' >"buildout/src/$1/src/pkg/__init__.py"
    cat >"buildout/src/$1/pyproject.toml" <<TOML
[build-system]
requires = []
build-backend = "$2"
[project]
name = "pkg"
version = "1"
description = "x"
[tool.scikit-build]
wheel.cmake = false
TOML
}
project hatchling hatchling.build
project poetry poetry.core.masonry.api
project pdm pdm.backend
project flit flit_core.buildapi
project setuptools setuptools.build_meta
project scikit scikit_build_core.build
project uv uv_build

# modules NAME: of the wheel that is built from that project.
modules() {
    rm -rf out "buildout/src/$1/build"
    PATH=$work/tools/bin:$PATH tools/bin/pip -q --disable-pip-version-check wheel --no-build-isolation --no-deps \
        -w out "./buildout/src/$1" || echo "exit code $?"
    tools/bin/python -c '
import glob, zipfile
(wheel,) = glob.glob("out/*.whl")
print([n for n in zipfile.ZipFile(wheel).namelist() if n.endswith(".py")])'
}
expect "hatchling, alone" "['pkg/__init__.py']" "$(modules hatchling)"
echo /src/ >buildout/.gitignore
expect "below a .gitignore" "[]" "$(modules hatchling)"
git init -q buildout
expect "in a repository" "[]" "$(modules hatchling)"
for name in poetry pdm flit setuptools scikit uv; do
    expect "$name" "['pkg/__init__.py']" "$(modules $name)"
done
touch buildout/src/hatchling/.gitignore
expect "hatchling, with an empty one" "['pkg/__init__.py']" "$(modules hatchling)"
