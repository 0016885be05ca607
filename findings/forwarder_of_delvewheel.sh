#!/bin/sh
# delvewheel puts the DLLs of an extension into its wheel, and the one with the code stays behind.
#
# A DLL can export a function that lies in another one: the entry holds "b.number", and the loader goes on
# to b.dll. Windows is full of them, and a library that was split keeps its old name that way. Such a
# DLL imports nothing from b.dll. delvewheel 1.11.2 follows imports, as do objdump -p and what else
# asks for dependencies; so the wheel gets a.dll, which has no code of its own for number(), and
# not b.dll, which lies beside it. b.dll isn't named among those left out either, and the exit code
# is 0. --include b.dll cures it.
#
# Seen 2026-12-01, MinGW gcc 12.2 and binutils 2.40 of Debian 12; no Windows is needed to look.
. "$(dirname "$0")/lib.sh"
need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64

venv tools 3.12 delvewheel==1.11.2 wheel==0.45.1
mkdir -p dlls unpacked/m-1.dist-info
echo 'int number(void) { return 42; }' >b.c
echo 'int other(void) { return 1; }' >a.c
printf 'LIBRARY a.dll\nEXPORTS\n  number = b.number\n' >a.def
echo 'int number(void); __declspec(dllexport) int PyInit_m(void) { return number(); }' >m.c
x86_64-w64-mingw32-gcc -shared -o dlls/b.dll b.c
x86_64-w64-mingw32-gcc -shared -o dlls/a.dll a.c a.def -Wl,--out-implib,liba.a
x86_64-w64-mingw32-gcc -shared -o unpacked/m.pyd m.c liba.a
(
    cd unpacked/m-1.dist-info
    printf 'Metadata-Version: 2.1\nName: m\nVersion: 1\n' >METADATA
    printf 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: false\nTag: cp312-cp312-win_amd64\n' >WHEEL
    : >RECORD
)
tools/bin/wheel pack -d . unpacked >log
imports() { x86_64-w64-mingw32-objdump -p "$1" | sed -n 's/.*DLL Name: //p' | grep -v -i '^kernel32\|^msvcrt' | paste -sd' '; }
expect "the extension imports from" a.dll "$(imports unpacked/m.pyd)"
expect "a.dll imports from" "" "$(imports dlls/a.dll)"
expect "a.dll's number is" b.number "$(x86_64-w64-mingw32-objdump -p dlls/a.dll | sed -n 's/.*Forwarder RVA -- //p')"
# dlls OPTION...: those in the repaired wheel, without the hash in a name.
dlls() {
    rm -rf out
    tools/bin/delvewheel repair --add-path dlls -w out "$@" m-1-cp312-cp312-win_amd64.whl >log 2>&1
    tools/bin/python -m zipfile -l out/*.whl | sed -n 's|.*/\([ab]\)[-0-9a-f]*\.dll .*|\1.dll|p' | sort | paste -sd' '
}
expect "repaired" a.dll "$(dlls)"
expect "lines that name b.dll" 0 "$(grep -c 'b\.dll' log || :)"
expect "repaired with --include b.dll" "a.dll b.dll" "$(dlls --include b.dll)"
