#!/bin/sh
# One extension module, 27 export hooks.
#
# CPython 3.15 looks for PyModExport_NAME before PyInit_NAME (PEP 793). The wheel
# of cryptography 50.0.2 for 3.15 (maturin 1.14.1, PyO3) holds one extension,
# _rust.abi3t.so, and this file exports 27 such hooks and not one PyInit: a hook
# for each of its inner modules, named by their last name alone. Who counts the
# hooks to learn how many modules a build made, or takes the first for the
# module's name, is wrong: only PyModExport__rust, the one of the file's own name,
# is ever looked up. The wheel's tags say abi3 and abi3t, the file's name abi3t alone.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"
need nm binutils
need unzip unzip

venv tools 3.13 pip==25.3
tools/bin/pip -q download --no-deps --only-binary=:all: --python-version 3.15 --implementation cp \
    --abi cp315 --abi abi3 --abi abi3t --platform manylinux_2_34_x86_64 -d . cryptography==50.0.2
unzip -q cryptography-*.whl

expect "tags" "cp315-abi3-manylinux_2_34_x86_64 cp315-abi3t-manylinux_2_34_x86_64" \
    "$(sed -n 's/^Tag: //p' cryptography-*.dist-info/WHEEL | tr -d '\r' | paste -sd' ')"
file=$(find cryptography -name '*.so')
expect "extensions" cryptography/hazmat/bindings/_rust.abi3t.so "$file"
nm -D --defined-only "$file" | sed -n 's/.* T //p' >symbols
expect "PyInit" 0 "$(grep -c '^PyInit_' symbols || :)"
expect "PyModExport" 27 "$(grep -c '^PyModExport_' symbols)"
expect "of the file's name" PyModExport__rust "$(grep -x PyModExport__rust symbols)"
expect "of inner modules" "PyModExport_aead PyModExport_asn1 PyModExport_ciphers" \
    "$(grep '^PyModExport_[a-z]' symbols | head -n 3 | paste -sd' ')"
