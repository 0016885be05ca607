#!/bin/sh
# An egg and a wheel of one package, made by one Python, are for two machines.
#
# Debian 12's CPython 3.11.2 for i386 on the kernel of x86_64, which is what most 32-bit
# systems run on now (a container for linux/386, a 32-bit Raspberry Pi OS on its aarch64
# kernel): sysconfig asks uname, and gives linux-x86_64. setuptools 80.9.0 names the egg
# of bdist_egg by that, and the wheel of bdist_wheel linux_i686, since wheels look at the
# size of a pointer. Below linux32, or on a kernel of 32 bits, pkg_resources doesn't count
# that egg as compatible any more. Each tool is right by its own rule, and a tree of eggs
# that works here is one that wants a compiler there.
#
# Seen 2026-11-30. Needs root for debootstrap; takes about a minute.
. "$(dirname "$0")/lib.sh"
need debootstrap debootstrap

root=$work/i386
debootstrap --foreign --arch=i386 --variant=minbase --include=python3-minimal,python3 bookworm "$root" >log 2>&1 || {
    tail -n 5 log >&2
    exit 2
}
for package in "$root"/var/cache/apt/archives/*.deb; do
    dpkg -x "$package" "$root" 2>/dev/null
done
"$(python 3.11)" -m pip -q --root-user-action=ignore --disable-pip-version-check install --no-deps --target "$root/srv/lib" setuptools==80.9.0 wheel==0.45.1
mkdir "$root/srv/demo"
cat >"$root/srv/demo/setup.py" <<'PY'
from setuptools import Distribution, setup

class Compiled(Distribution):
    def has_ext_modules(self):
        return True

setup(name="demo", version="1", py_modules=["demo"], distclass=Compiled)
PY
echo "answer = 42" >"$root/srv/demo/demo.py"
here() { # [linux32] ARGUMENTS of python
    (cd / && PYTHONPATH=/srv/lib "$@" 2>>"$work/log")
}
in_root="chroot $root /usr/bin/python3.11"
tell='import struct, sysconfig; print(8 * struct.calcsize("P"), sysconfig.get_platform())'
# shellcheck disable=SC2086 # words
{
    expect "bits, and what sysconfig says" "32 linux-x86_64" "$(here $in_root -c "$tell")"
    expect "below linux32" "32 linux-i686" "$(here linux32 $in_root -c "$tell")"
    build='import os, runpy, sys; os.chdir("/srv/demo"); sys.argv = ["setup.py", "-q", "bdist_egg", "bdist_wheel"]; runpy.run_path("setup.py")'
    here $in_root -c "$build" >>log
    expect "egg and wheel" "demo-1-cp311-cp311-linux_i686.whl demo-1-py3.11-linux-x86_64.egg" "$(cd "$root/srv/demo/dist" && echo *)"
    count='import pkg_resources; print(len(pkg_resources.Environment(["/srv/demo/dist"])["demo"]))'
    expect "eggs that count" 1 "$(here $in_root -W ignore -c "$count")"
    expect "eggs that count below linux32" 0 "$(here linux32 $in_root -W ignore -c "$count")"
}
