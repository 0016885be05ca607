#!/bin/sh
# The same RUNPATH finds a library under musl, and not under glibc.
#
# A program needs libb, libb needs libc_; the program's RUNPATH names both
# directories, libb has none. ld.so(8) uses a RUNPATH for the needs of the file that
# holds it alone, and the glibc program doesn't start. musl 1.2.3 has one slot for
# RPATH and RUNPATH and walks up to whoever needed the library, so for it a RUNPATH is
# inherited, as the old RPATH was: the same program prints 42. An archive that was
# tried on Alpine alone proves nothing about run paths.
#
# Seen 2026-11-30, musl 1.2.3 and glibc 2.36 of Debian 12.
. "$(dirname "$0")/lib.sh"
need gcc gcc
need musl-gcc musl-tools

echo 'int c(void) { return 42; }' >c.c
echo 'int c(void); int b(void) { return c(); }' >b.c
printf '#include <stdio.h>\nint b(void);\nint main(void) { printf("%%d\\n", b()); return 0; }\n' >a.c
for compiler in gcc musl-gcc; do
    mkdir -p "$compiler/one" "$compiler/two"
    $compiler -shared -fPIC -o "$compiler/two/libc_.so" c.c -Wl,-soname,libc_.so
    $compiler -shared -fPIC -o "$compiler/one/libb.so" b.c -Wl,-soname,libb.so -L"$compiler/two" -l:libc_.so
    # shellcheck disable=SC2016 # $ORIGIN is the loader's
    $compiler -o "$compiler/a" a.c -L"$compiler/one" -l:libb.so -Wl,-rpath-link,"$compiler/two" \
        -Wl,--enable-new-dtags,-rpath,'$ORIGIN/one:$ORIGIN/two'
    # shellcheck disable=SC2016
    expect "$compiler" 'RUNPATH [$ORIGIN/one:$ORIGIN/two]' \
        "$(readelf -d "$compiler/a" | sed -n 's/.*(\(RUNPATH\|RPATH\)).*: /\1 /p')"
done
expect "under glibc" "libc_.so: cannot open shared object file: No such file or directory" \
    "$(gcc/a 2>&1 | sed 's/.*libraries: //')"
expect "under musl" 42 "$(musl-gcc/a)"
