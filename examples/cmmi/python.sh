#!/bin/sh
# python.sh: configures Python's sources with the modules alone that a small
# script needs. The whole of Python takes minutes.
set -eu
rm -rf Lib/test Lib/*/test Lib/*/tests Lib/idlelib Lib/lib-tk Lib/lib2to3 Lib/ensurepip Lib/pydoc_data \
    Lib/bsddb Lib/curses Lib/sqlite3 Lib/msilib Lib/hotshot Lib/multiprocessing Lib/distutils Lib/compiler \
    Lib/email Lib/xml Lib/ctypes Lib/wsgiref
cat >Modules/Setup.local <<'MODULES'
_collections _collectionsmodule.c
_functools _functoolsmodule.c
_md5 md5module.c md5.c
_random _randommodule.c
_sha shamodule.c
_sha256 sha256module.c
_sha512 sha512module.c
_struct _struct.c
binascii binascii.c
cStringIO cStringIO.c
itertools itertoolsmodule.c
math mathmodule.c _math.c
operator operator.c
strop stropmodule.c
time timemodule.c
MODULES
# It builds the modules that Setup.local doesn't name.
: >setup.py
exec ./configure "$@"
