#!/bin/sh
# Bytecode of a big-endian machine is that of a little-endian one, byte for byte.
#
# CPython 3.11.2 of Debian 12 compiles its own standard library on x86_64, and the
# same sources on s390x (big-endian, run by qemu-user), hash-based (PEP 552): all 544
# files are equal, source hashes and constants too, with other hash seeds as well.
# marshal writes little-endian everywhere, and source_hash is turned on big-endian
# machines. What makes .pyc files differ between builds is reference counts and hash
# order, not the machine: bytecode can be compiled where it is cheap.
#
# Seen 2026-11-30. Needs root for debootstrap; takes some two minutes.
. "$(dirname "$0")/lib.sh"
need debootstrap debootstrap
need qemu-s390x-static qemu-user-static

root=$work/s390x
debootstrap --foreign --arch=s390x --variant=minbase --include=python3-minimal,python3 bookworm "$root" >log 2>&1 || {
    tail -n 5 log >&2
    exit 2
}
for package in "$root"/var/cache/apt/archives/*.deb; do
    dpkg -x "$package" "$root" 2>/dev/null
done
cat >compile.py <<'PY'
import os, py_compile, sys

source, out = sys.argv[1:]
for directory, names, files in os.walk(source):
    for name in files:
        if name.endswith(".py"):
            path = os.path.join(directory, name)
            flat = os.path.relpath(path, source).replace(os.sep, "_") + "c"
            py_compile.compile(path, os.path.join(out, flat), dfile=name,
                               invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
PY
mkdir little big
PYTHONHASHSEED=1 /usr/bin/python3 -S compile.py "$root/usr/lib/python3.11" little
PYTHONHASHSEED=2 qemu-s390x-static -L "$root" "$root/usr/bin/python3.11" -S compile.py "$root/usr/lib/python3.11" big

tell='import platform, sys; print(platform.machine(), sys.byteorder, platform.python_version())'
expect "one" "x86_64 little 3.11.2" "$(/usr/bin/python3 -c "$tell")"
expect "the other" "s390x big 3.11.2" "$(qemu-s390x-static -L "$root" "$root/usr/bin/python3.11" -c "$tell")"
expect "files" 544 "$(find little -type f | wc -l)"
expect "that differ" 0 "$(diff -rq little big | wc -l)"
