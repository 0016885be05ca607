#!/bin/sh
# A wheel with the tag manylinux_2_5 that needs glibc 2.36 and a library of the build machine.
#
# setuptools and its like tag what they compile linux_x86_64, which the index refuses, until
# auditwheel has looked at it and given it a tag that is true; maturin looks itself. sip 6.15.1,
# which builds PyQt and its add-ons, writes manylinux_2_5 and looks at nothing: the number
# is the default of its option "minimum-glibc-version". pip installs such a wheel
# anywhere, and the import fails. This one links to a libword.so in the project's
# directory and calls arc4random(), which came with glibc 2.36.
#
# Seen 2026-11-30, setuptools 81.0.0 and gcc 12.2 of Debian 12; auditwheel 6.8.2 says what is true.
. "$(dirname "$0")/lib.sh"
need g++ g++

venv tools 3.12 pip==25.3 sip==6.15.1 setuptools==81.0.0 auditwheel==6.8.2
mkdir word
cat >word/pyproject.toml <<TOML
[build-system]
requires = []
build-backend = "sipbuild.api"
[tool.sip.metadata]
name = "word"
version = "1"
[tool.sip.bindings.word]
libraries = ["word"]
library-dirs = ["$work/word"]
TOML
cat >word/word.sip <<'SIP'
%Module(name=word)
%ModuleHeaderCode
#include <stdlib.h>
extern "C" int word(void);
%End
int word();
unsigned int arc4random();
SIP
echo 'int word(void) { return 7; }' >word/word.c
gcc -shared -fPIC -o word/libword.so word/word.c
tools/bin/pip -q --disable-pip-version-check wheel --no-build-isolation --no-deps -w out ./word
expect "wheel" word-1-cp312-cp312-manylinux_2_5_x86_64.whl "$(ls out)"
tools/bin/python -m zipfile -e out/*.whl unpacked
expect "its need" libword.so "$(readelf -d unpacked/word*.so | sed -n 's/.*(NEEDED).*\[\(libword.*\)\]/\1/p')"
expect "and" arc4random@GLIBC_2.36 "$(nm -D unpacked/word*.so | sed -n 's/.* \(arc4random.*\)/\1/p')"
expect "auditwheel" linux_x86_64 "$(tools/bin/auditwheel show out/*.whl 2>/dev/null | sed -n 's/.*platform tag: "\(.*\)"\.$/\1/p')"
tools/bin/pip -q --disable-pip-version-check install out/*.whl
expect "imported" "libword.so: cannot open shared object file: No such file or directory" \
    "$(tools/bin/python -I -c 'import word' 2>&1 | sed -n 's/^ImportError: //p')"
