#!/bin/sh
# A wheel that wants glibc 2.36's loader gets the tag manylinux_2_5.
#
# Linked with -z pack-relative-relocs, a library's pointers are packed into DT_RELR,
# which glibc reads from 2.36 on, and musl from 1.2.4. So that an older glibc says
# no, ld adds a need for the version GLIBC_ABI_DT_RELR, but only where the library has
# versioned needs of libc already. A small extension that calls Python alone has none,
# and gets no such need. auditwheel 6.8.2 knows that version's name and doesn't look for
# DT_RELR: it gives manylinux_2_36 to the extension that calls strlen, and manylinux_2_5 to
# the one that doesn't. A loader that is too old takes such a file without a word and leaves
# the pointers as they are; musl 1.2.3 does it here; glibc 2.31 of Debian 11 did too.
#
# Seen 2026-11-30, binutils 2.40 and glibc 2.36 of Debian 12.
. "$(dirname "$0")/lib.sh"
need gcc gcc
need musl-gcc musl-tools

venv tools 3.12 pip==25.3 setuptools==81.0.0 auditwheel==6.8.2
for name in alone strlen; do
    mkdir "$name"
    # -nostartfiles: without constructors, so that a loader that relocates nothing can open it.
    cat >"$name/setup.py" <<'PY'
from setuptools import setup, Extension
setup(name='relr', version='1', ext_modules=[Extension('relr', ['relr.c'],
      extra_link_args=['-nostartfiles', '-Wl,-z,pack-relative-relocs'])])
PY
done
cat >alone/relr.c <<'C'
#include <Python.h>
static int x;
static int *volatile table[] = { &x };
int relocated(void) { return table[0] == &x; }
static PyModuleDef def = { PyModuleDef_HEAD_INIT, "relr", 0, 0, 0 };
PyMODINIT_FUNC PyInit_relr(void) { return PyModuleDef_Init(&def); }
C
{
    cat alone/relr.c
    echo 'size_t length(const char *s) { return strlen(s); }'
} >strlen/relr.c
cat >open.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
int main(int n, char **args) {
    void *library = dlopen(args[1], RTLD_LAZY);
    int (*relocated)(void) = library ? (int (*)(void))dlsym(library, "relocated") : 0;
    puts(!relocated ? "refused" : relocated() ? "relocated" : "not relocated");
    return 0;
}
C
gcc -o glibc open.c
musl-gcc -o musl open.c

for name in alone strlen; do
    tools/bin/pip -q --disable-pip-version-check wheel --no-build-isolation --no-deps -w "of-$name" "./$name" 2>/dev/null
    tools/bin/python -m zipfile -e of-"$name"/*.whl "$name/out"
    file=$(echo "$name"/out/relr.*.so)
    case $name in
        alone) needs="" tag=manylinux_2_5_x86_64 ;;
        *) needs="GLIBC_2.2.5 GLIBC_ABI_DT_RELR" tag=manylinux_2_36_x86_64 ;;
    esac
    expect "$name has" "RELR RELRENT RELRSZ" "$(readelf -d "$file" | grep -o 'RELR[A-Z]*' | sort | paste -sd' ')"
    expect "needs" "$needs" "$(readelf -V "$file" | sed -n 's/.*Name: \(GLIBC_[^ ]*\).*/\1/p' | sort | paste -sd' ')"
    expect "auditwheel" "$tag" "$(tools/bin/auditwheel show of-"$name"/*.whl 2>/dev/null | sed -n 's/^platform tag: "\(.*\)"\.$/\1/p')"
done
expect "opened by glibc 2.36" relocated "$(./glibc alone/out/relr.*.so)"
expect "by musl 1.2.3" "not relocated" "$(./musl alone/out/relr.*.so)"
