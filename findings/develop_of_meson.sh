#!/bin/sh
# zc.buildout develops a meson-python package: exit code 0, and no script can import it.
#
# zc.buildout 6.0.1 runs "pip install -e" for "develop" and keeps what it knows of
# the result: the dist-info, an .egg-link, and files named .pth. meson-python 0.18.0
# leaves a loader, _mes_editable_loader.py, and a .pth that imports it. The loader is
# thrown away with pip's directory; the .pth that is kept names a module that is
# gone, and lies in develop-eggs, where no .pth is ever read. The extension was compiled.
#
# Seen 2026-11-30, meson 1.9.1, CPython 3.12.
. "$(dirname "$0")/lib.sh"
need gcc gcc
need ninja ninja-build

venv v 3.12 zc.buildout==6.0.1 setuptools==81.0.0
mkdir -p src/mes/mes
cat >src/mes/pyproject.toml <<'TOML'
[build-system]
build-backend = "mesonpy"
requires = ["meson-python==0.18.0", "meson==1.9.1"]
[project]
name = "mes"
version = "1.0"
TOML
cat >src/mes/meson.build <<'MESON'
project('mes', 'c', version: '1.0')
py = import('python').find_installation(pure: false)
py.install_sources('mes/__init__.py', subdir: 'mes')
py.extension_module('_m', '_m.c', subdir: 'mes', install: true, dependencies: py.dependency())
MESON
echo 'from mes import _m' >src/mes/mes/__init__.py
cat >src/mes/_m.c <<'C'
#include <Python.h>
static PyModuleDef def = { PyModuleDef_HEAD_INIT, "_m", 0, 0, 0 };
PyMODINIT_FUNC PyInit__m(void) { return PyModuleDef_Init(&def); }
C
cat >buildout.cfg <<'CFG'
[buildout]
develop = src/mes
parts = py
[versions]
zc.recipe.egg = 6.0.0
[py]
recipe = zc.recipe.egg
eggs = mes
interpreter = py
CFG
code=0
v/bin/buildout >log 2>&1 || code=$?
expect "bin/buildout exits with" 0 "$code"
expect "kept" "mes-1.0.dist-info mes-editable.pth mes.egg-link" "$(cd develop-eggs && echo mes*)"
expect "loaders" 0 "$(find . -name '_mes_editable_loader.py' | wc -l)"
expect "compiled" 1 "$(find src -name '_m.*.so' | wc -l)"
expect "in a script" "ModuleNotFoundError: No module named 'mes'" "$(bin/py -c 'import mes' 2>&1 | tail -n 1)"
