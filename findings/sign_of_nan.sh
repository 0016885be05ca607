#!/bin/sh
# The compiler of Python writes the processor's sign into a .pyc file.
#
# CPython computes constants when it compiles: "1e400 - 1e400" becomes a NaN, which marshal
# writes with its eight bytes. The NaN that x86 makes of inf - inf has the sign bit set, the one that
# ARM, POWER, z and RISC-V make hasn't; IEEE 754 leaves that open. So one source gives two
# files, by the machine that compiled it (all else is equal, see bytecode_of_s390x.sh), and
# copysign(1, nan) of a file that was compiled on x86_64 is -1 on aarch64 as well, where
# the same expression at run time gives 1. float("nan") is no constant, and positive everywhere.
#
# Seen 2026-11-30, CPython 3.11.2 of Debian 12; s390x, ppc64el and armhf are as arm64.
# Needs root for debootstrap; takes about a minute.
. "$(dirname "$0")/lib.sh"
need debootstrap debootstrap
need qemu-aarch64-static qemu-user-static

root=$work/arm64
debootstrap --foreign --arch=arm64 --variant=minbase --include=python3-minimal,python3 bookworm "$root" >log 2>&1 || {
    tail -n 5 log >&2
    exit 2
}
for package in "$root"/var/cache/apt/archives/*.deb; do
    dpkg -x "$package" "$root" 2>/dev/null
done
# python_of MACHINE ARGUMENT...
python_of() {
    _machine=$1
    shift
    case $_machine in
        x86_64) /usr/bin/python3 -S "$@" ;;
        aarch64) qemu-aarch64-static -L "$root" "$root/usr/bin/python3.11" -S "$@" ;;
    esac
}
cat >constants.py <<'PY'
import math
inf = 1e400
folded = 1e400 - 1e400
called = float("nan")
print([math.copysign(1, x) for x in (folded, inf - inf, called)])
PY
cat >compile.py <<'PY'
import py_compile, sys
py_compile.compile("constants.py", sys.argv[1], invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
PY
for machine in x86_64 aarch64; do
    expect "machine" "$machine 3.11.2" "$(python_of $machine -c 'import platform; print(platform.machine(), platform.python_version())')"
    python_of $machine compile.py $machine.pyc
done
expect "bytes of the files" "$(wc -c <aarch64.pyc)" "$(wc -c <x86_64.pyc)"
expect "that differ, in octal" "377 177" "$(cmp -l x86_64.pyc aarch64.pyc | awk '{ print $2, $3 }')"
expect "folded, run time, called: on x86_64" "[-1.0, -1.0, 1.0]" "$(python_of x86_64 constants.py)"
expect "on aarch64" "[1.0, 1.0, 1.0]" "$(python_of aarch64 constants.py)"
expect "x86_64's file on aarch64" "[-1.0, 1.0, 1.0]" "$(python_of aarch64 x86_64.pyc)"
