#!/bin/sh
# Two libraries that are loaded apart from each other share a variable, by the compiler that made them.
#
# Python loads each extension with RTLD_LOCAL, so what two of them define under one name
# stays apart. Not so a static variable of an inline function, or of a template, in a C++ header that
# both include: g++ gives it the binding STB_GNU_UNIQUE, and glibc keeps one of these
# for the whole process, RTLD_LOCAL or not. Two wheels that each bring their own copy of a
# header-only library then count on one counter, whichever versions they were made from. clang++ makes
# a weak symbol of it, g++ does with -fno-gnu-unique, and musl doesn't know the binding: there
# each has its own. So the same source shares its state, or doesn't, by compiler and by libc.
#
# Seen 2026-12-01, g++ 12.2, clang 14.0.6, glibc 2.36 and musl 1.2.3 of Debian 12.
. "$(dirname "$0")/lib.sh"
need g++ g++
need clang++ clang
need musl-gcc musl-tools

cat >counter.h <<'H'
inline int &counter() {
    static int n = 0;
    return n;
}
H
cat >module.cc <<'CC'
#include "counter.h"
extern "C" int bump() { return ++counter(); }
CC
cat >main.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
int main(int n, char **libraries) {
    for (int i = 1; i < n; i++) {
        int (*bump)(void) = (int (*)(void))dlsym(dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL), "bump");
        printf(i < n - 1 ? "%d " : "%d\n", bump());
    }
    return 0;
}
C
gcc -o with-glibc main.c
musl-gcc -o with-musl main.c

# both NAME COMPILER...: compiles two libraries by that.
both() {
    _name=$1
    shift
    "$@" -c -fPIC -o "$_name.o" module.cc
    for _one in a b; do
        musl-gcc -shared -nostdlib -o "./$_name-$_one.so" "$_name.o"
    done
}
both gnu g++ -fno-threadsafe-statics
both without g++ -fno-threadsafe-statics -fno-gnu-unique
both clang clang++ -fno-threadsafe-statics
binding() { readelf -W --dyn-syms "$1-a.so" | awk '/counter.*1n$/ { print $5 }'; }
expect "g++, the variable's binding" UNIQUE "$(binding gnu)"
expect "g++ -fno-gnu-unique" WEAK "$(binding without)"
expect "clang++" WEAK "$(binding clang)"
expect "glibc, two of g++" "1 2" "$(./with-glibc ./gnu-a.so ./gnu-b.so)"
expect "musl, two of g++" "1 1" "$(./with-musl ./gnu-a.so ./gnu-b.so)"
expect "glibc, two of clang++" "1 1" "$(./with-glibc ./clang-a.so ./clang-b.so)"
expect "glibc, two of g++ -fno-gnu-unique" "1 1" "$(./with-glibc ./without-a.so ./without-b.so)"
expect "glibc, one of g++ and one of clang++" "1 1" "$(./with-glibc ./gnu-a.so ./clang-b.so)"
