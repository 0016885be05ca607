#!/bin/sh
# Each of six modules can be imported, and the six together can't.
#
# Thread-local variables of the model "initial-exec", which allocators and OpenMP's runtime have for
# speed, lie at a fixed place in each thread's block, and that is laid out when the program starts. For
# what is loaded later glibc keeps some bytes to spare, one lot for the whole process. Modules
# with 400 bytes each find room four times; the fifth import fails, whichever is the fifth. Nothing
# is wrong with the one that the error names, and a test that imports each module by
# itself sees nothing; only the flag STATIC_TLS tells that a library is one of these.
# GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096 makes room for all.
#
# Seen 2026-12-01, glibc 2.36 of Debian 12, CPython 3.12; setuptools 81.0.0.
. "$(dirname "$0")/lib.sh"
need gcc gcc

venv tools 3.12 setuptools==81.0.0
cat >setup.py <<'PY'
from setuptools import Extension, setup
names = ["tls%d" % i for i in range(1, 7)]
setup(name="tls", version="1", py_modules=[], ext_modules=[
    Extension(n, [n + ".c"], extra_compile_args=["-ftls-model=initial-exec"]) for n in names])
PY
for i in 1 2 3 4 5 6; do
    cat >tls$i.c <<C
#include <Python.h>
static __thread volatile char space[400];
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "tls$i", NULL, 0, NULL};
PyMODINIT_FUNC PyInit_tls$i(void) {
    space[0] = 1;
    return PyModule_Create(&def);
}
C
done
tools/bin/python setup.py -q build_ext -i 2>log
# imported NAME...: imports them in this order, and says how many could be, and the error.
imported() {
    tools/bin/python -c '
import importlib, sys
for n, name in enumerate(sys.argv[1:]):
    try:
        importlib.import_module(name)
    except ImportError as e:
        sys.exit("%d, then %s" % (n, str(e).rsplit("/")[-1].split(".")[0] + ":" + str(e).split(":")[1]))
print("all")' "$@" 2>&1
}
expect "the flag" STATIC_TLS "$(readelf -d tls1.*.so | sed -n 's/.*(FLAGS) *//p')"
for i in 1 2 3 4 5 6; do
    expect "tls$i alone" all "$(imported tls$i)"
done
no="cannot allocate memory in static TLS block"
expect "one after another" "4, then tls5: $no" "$(imported tls1 tls2 tls3 tls4 tls5 tls6)"
expect "the other way round" "4, then tls2: $no" "$(imported tls6 tls5 tls4 tls3 tls2 tls1)"
expect "with more room" all "$(GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096 imported tls1 tls2 tls3 tls4 tls5 tls6)"
