#!/bin/sh
# A library is loaded, and the module that needs it says that it can't be found.
#
# Packages that bring libraries in a directory of their own open them first, by full path
# and with RTLD_GLOBAL, and then import what needs them; torch does so with the nvidia
# packages. On glibc that works, since a library that is loaded answers to its SONAME. musl
# doesn't read SONAME at all: it knows libraries by the name that they were searched for
# and by their inode, and one that was opened by its path has no such name. So libfoo.so.1 is
# searched for and not found, while libfoo's functions can be called. A link of that name in
# the run path cures it, and there is still one library, not two.
#
# Seen 2026-11-30, musl 1.2.3 and glibc 2.36 of Debian 12.
. "$(dirname "$0")/lib.sh"
need gcc gcc
need musl-gcc musl-tools

echo 'int foo(void) { return 42; }' >foo.c
echo 'int foo(void); int module(void) { return foo(); }' >module.c
cat >main.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
int main(int n, char **args) {
    void *foo = dlopen(args[1], RTLD_NOW | RTLD_GLOBAL);
    printf("loaded, foo() is %d; ", ((int (*)(void))dlsym(foo, "foo"))());
    void *module = dlopen(args[2], RTLD_NOW);
    if (module)
        printf("module() is %d\n", ((int (*)(void))dlsym(module, "module"))());
    else
        puts(dlerror());
    return 0;
}
C
for compiler in gcc musl-gcc; do
    mkdir -p "$compiler/libs"
    $compiler -shared -fPIC -o "$compiler/libs/libfoo-1.0.so" foo.c -Wl,-soname,libfoo.so.1
    # shellcheck disable=SC2016 # $ORIGIN is the loader's
    $compiler -shared -fPIC -o "$compiler/module.so" module.c "$compiler/libs/libfoo-1.0.so" -Wl,-rpath,'$ORIGIN'
    $compiler -o "$compiler/main" main.c
    expect "$compiler, the module needs" libfoo.so.1 "$(readelf -d "$compiler/module.so" | sed -n 's/.*(NEEDED).*\[\(libfoo.*\)\]/\1/p')"
done
open() { "$1/main" "$1/libs/libfoo-1.0.so" "./$1/module.so"; }
expect "under glibc" "loaded, foo() is 42; module() is 42" "$(open gcc)"
expect "under musl" "loaded, foo() is 42; Error loading shared library libfoo.so.1: No such file or directory (needed by ./musl-gcc/module.so)" \
    "$(open musl-gcc)"
ln -s libs/libfoo-1.0.so musl-gcc/libfoo.so.1
expect "with a link" "loaded, foo() is 42; module() is 42" "$(open musl-gcc)"
