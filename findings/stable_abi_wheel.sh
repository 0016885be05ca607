#!/bin/sh
# A wheel for "CPython 3.9 and newer" that 3.9 to 3.13 install and can't import.
#
# setuptools 84.2.1 on CPython 3.15.0 (Debian forky), Extension(py_limited_api=True)
# and the tag cp39-abi3: the file is called lim.abi3-x86_64-linux-gnu.so, a suffix
# that CPython looks for from 3.14.8 (as Debian has it) on, and none before. pip
# installs the wheel on 3.13 by its tag; the import fails. Built by 3.14, the same
# project gives lim.abi3.so, which all of them import.
#
# The two programs that one would ask about it don't notice: abi3audit 0.0.26
# scans it and finds nothing wrong, and auditwheel 6.8.2, which knows the libc of
# an extension that links to none by the file's name, ends with an error.
#
# Seen 2026-11-30. Needs root and debootstrap, for forky's Python.
. "$(dirname "$0")/lib.sh"
need debootstrap debootstrap

root=$(bash -euo pipefail "$here/../.ci/debian-root.sh" forky forky python3.14 python3.14-dev python3.14-venv \
    python3.15 python3.15-dev python3.15-venv gcc libc6-dev g++ zlib1g-dev)
need bwrap bubblewrap
mkdir -p lim wheels
cat >lim/lim.c <<'C'
#define Py_LIMITED_API 0x03090000
#include <Python.h>
static PyModuleDef def = { PyModuleDef_HEAD_INIT, "lim", 0, 0, 0 };
PyMODINIT_FUNC PyInit_lim(void) { return PyModuleDef_Init(&def); }
C
cat >lim/setup.py <<'PY'
from setuptools import setup, Extension
setup(name='lim', version='1', ext_modules=[Extension('lim', ['lim.c'], py_limited_api=True)],
      options={'bdist_wheel': {'py_limited_api': 'cp39'}})
PY
venv tools 3.13 abi3audit==0.0.26 auditwheel==6.8.2
tools/bin/pip -q --disable-pip-version-check download --no-deps -d wheels setuptools==84.2.1

# in_forky COMMAND: runs it there, with our folder as /mnt.
in_forky() {
    bwrap --ro-bind "$root" / --proc /proc --dev /dev --tmpfs /tmp --bind "$work" /mnt --chdir /mnt \
        --clearenv --setenv PATH /usr/bin:/bin sh -ec "$1"
}
for minor in 3.14 3.15; do
    in_forky "python$minor -m venv v$minor
        v$minor/bin/pip -q install --no-index -f wheels setuptools==84.2.1
        v$minor/bin/pip -q wheel --no-index --no-build-isolation --no-deps -w of-$minor ./lim
        rm -rf lim/build lim/*.egg-info" 2>/dev/null
done
module() { "$work/tools/bin/python" -m zipfile -l "$1" | grep -o 'lim\..*\.so'; }

expect "built by" "3.14.8 3.15.0" "$(in_forky 'python3.14 -V; python3.15 -V' | sed 's/Python //' | paste -sd' ')"
expect "wheel of 3.15" lim-1-cp39-abi3-linux_x86_64.whl "$(ls of-3.15)"
expect "module of 3.14" lim.abi3.so "$(module of-3.14/*.whl)"
expect "module of 3.15" lim.abi3-x86_64-linux-gnu.so "$(module of-3.15/*.whl)"

for minor in 3.13 3.9; do
    venv "on$minor" "$minor" of-3.15/*.whl
    said=$("on$minor/bin/python" -I -c 'import lim' 2>&1 | tail -n 1) || :
    expect "on $minor, wheel of 3.15" "ModuleNotFoundError: No module named 'lim'" "$said"
    "on$minor/bin/pip" -q --disable-pip-version-check install --force-reinstall of-3.14/*.whl
    expect "on $minor, wheel of 3.14" imported "$("on$minor/bin/python" -I -c 'import lim; print("imported")')"
done

said=$(tools/bin/abi3audit --report of-3.15/*.whl 2>/dev/null | tools/bin/python -c '
import json, sys
(wheel,) = json.load(sys.stdin)["specs"].values()
print(len(wheel["wheel"]), "file,", wheel["wheel"][0]["result"]["is_abi3"], wheel["wheel"][0]["result"]["non_abi3_symbols"])')
expect abi3audit "1 file, True []" "$said"
said=$(tools/bin/auditwheel show of-3.15/*.whl 2>&1 | tail -n 1) || :
expect auditwheel "auditwheel.error.InvalidLibcError: couldn't detect libc for python extension lim.abi3-x86_64-linux-gnu.so" "$said"
