#!/bin/sh
# An array that is saved on aarch64 is read on x86_64 as zeros, and no error.
#
# A .npy file says of what its numbers are: order of bytes, kind, size. For numpy's longdouble
# that is '<f16' on both machines, and it means two formats: the x87 format of 80 bits, filled up to 16
# bytes, and IEEE 754's binary128. The headers are equal byte for byte, and [1, 1.5, -2] of one
# is read as zeros by the other, and the other way round as numbers near 1e-4932. A pickle
# does the same. The name float128, which numpy gives the type on both machines, says
# what a number takes, and not what it holds.
#
# Seen 2026-12-01, numpy 1.24.2 of Debian 12 for arm64, by qemu-user, and 1.26.4 on x86_64.
# Needs root for debootstrap; takes one to two minutes.
. "$(dirname "$0")/lib.sh"
need debootstrap debootstrap
need qemu-aarch64-static qemu-user-static

venv x86_64 3.11 numpy==1.26.4
root=$work/arm64
debootstrap --foreign --arch=arm64 --variant=minbase --include=python3-minimal,python3,python3-numpy bookworm "$root" >log 2>&1 || {
    tail -n 5 log >&2
    exit 2
}
for package in "$root"/var/cache/apt/archives/*.deb; do
    dpkg -x "$package" "$root" 2>/dev/null
done
# python_of MACHINE ARGUMENT...
python_of() {
    _machine=$1
    _libraries=/usr/lib/aarch64-linux-gnu
    shift
    case $_machine in
        x86_64) x86_64/bin/python "$@" ;;
        aarch64) PYTHONPATH="$root/usr/lib/python3/dist-packages" qemu-aarch64-static -L "$root" \
            -E LD_LIBRARY_PATH="$_libraries/blas:$_libraries/lapack" "$root/usr/bin/python3.11" "$@" ;;
    esac
}
cat >save.py <<'PY'
import numpy, pickle, platform
array = numpy.array([1, 1.5, -2], dtype="longdouble")
machine = platform.machine()
numpy.save(machine + ".npy", array)
with open(machine + ".pickle", "wb") as f:
    pickle.dump(array, f, 4)
print(machine, array.dtype.name, numpy.finfo(array.dtype).nmant)
PY
cat >load.py <<'PY'
import numpy, pickle, sys
array = numpy.load(sys.argv[1] + ".npy")
with open(sys.argv[1] + ".pickle", "rb") as f:
    same = (pickle.load(f) == array).all()
print("zeros" if (array == 0).all() else "near 1e-4932" if (abs(array) < array.dtype.type("1e-4900")).all() else [float(x) for x in array], same)
PY
expect "saved on" "x86_64 float128 63" "$(python_of x86_64 save.py)"
expect "saved on" "aarch64 float128 112" "$(python_of aarch64 save.py)"
expect "headers" equal "$(cmp -n 128 x86_64.npy aarch64.npy && echo equal)"
for of in x86_64 aarch64; do
    for on in x86_64 aarch64; do
        case $on.$of in
            x86_64.aarch64) wanted=zeros ;;
            aarch64.x86_64) wanted="near 1e-4932" ;;
            *) wanted="[1.0, 1.5, -2.0]" ;;
        esac
        expect "$of's file on $on, and whether the pickle is equal" "$wanted True" "$(python_of $on load.py $of)"
    done
done
