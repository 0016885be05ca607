#!/bin/sh
# The library that lies where RUNPATH says isn't the one that is loaded.
#
# In each directory of a run path, not in the system's alone, glibc from 2.33 on looks first
# in glibc-hwcaps/x86-64-v4, -v3 and -v2, as far as the processor goes. A program with the
# RUNPATH $ORIGIN/../lib has lib/libfoo.so.1 there; if another one lies in
# lib/glibc-hwcaps/x86-64-v2, that one is loaded, on nearly every machine of today. auditwheel
# 6.8.2, which answers the same question without running anything, names the first, and
# musl loads it. Whoever replaces lib/libfoo.so.1 by a fixed one still runs the old copy.
#
# Seen 2026-11-30, glibc 2.36 of Debian 12.
. "$(dirname "$0")/lib.sh"
need gcc gcc
need musl-gcc musl-tools

venv tools 3.12 auditwheel==6.8.2
cat >main.c <<'C'
#include <stdio.h>
const char *foo(void);
int main(void) { puts(foo()); return 0; }
C
for compiler in gcc musl-gcc; do
    sub=$compiler/lib/glibc-hwcaps/x86-64-v2
    mkdir -p "$sub" "$compiler/bin"
    for where in "$compiler/lib" "$sub"; do
        echo "const char *foo(void) { return \"${where#"$compiler"/}\"; }" >foo.c
        $compiler -shared -fPIC -o "$where/libfoo.so.1" foo.c -Wl,-soname,libfoo.so.1
    done
    # shellcheck disable=SC2016 # $ORIGIN is the loader's
    $compiler -o "$compiler/bin/main" main.c "$compiler/lib/libfoo.so.1" -Wl,--enable-new-dtags,-rpath,'$ORIGIN/../lib'
done
expect "loaded by glibc" lib/glibc-hwcaps/x86-64-v2 "$(gcc/bin/main)"
expect "by musl" lib "$(musl-gcc/bin/main)"
expect "by auditwheel" lib/libfoo.so.1 "$(tools/bin/python -c '
import pathlib
from auditwheel.lddtree import ldd
found = ldd(pathlib.Path("gcc/bin/main")).libraries["libfoo.so.1"].realpath
print(found.relative_to(pathlib.Path("gcc").resolve()))')"
rm -r gcc/lib/glibc-hwcaps
expect "by glibc, without that directory" lib "$(gcc/bin/main)"
