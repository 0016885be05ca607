#!/bin/sh
# CPython imports from the shared eggs what PyPy built, and MarkupSafe's compiled half is gone.
#
# Many buildouts of one machine share an eggs directory. The name of an egg says project, version, py3.9 and
# linux-x86_64, and nothing of the interpreter or its ABI, which a wheel's tags do. PyPy 7.3.11
# calls itself 3.9, finds no wheel, and builds MarkupSafe from the sdist, whose setup.py
# leaves the extension out there. zc.buildout 4.1.12 on CPython 3.9 takes the egg that lies there for
# its own: nothing is downloaded, the exit code is 0, and escape() is the one in Python. The other
# way round PyPy gets a file named cpython-39, which it doesn't look at. Who runs first decides.
#
# Seen 2026-12-01, setuptools 75.6.0; pypy3 of Debian 12.
. "$(dirname "$0")/lib.sh"
need pypy3 "pypy3 pypy3-venv"

cat >buildout.cfg <<'CFG'
[buildout]
parts = py
[versions]
zc.buildout = 4.1.12
zc.recipe.egg = 3.0.0
setuptools = 75.6.0
pip = 24.3.1
MarkupSafe = 2.1.5
[py]
recipe = zc.recipe.egg
eggs = MarkupSafe
interpreter = py
CFG
venv cpython 3.9 zc.buildout==4.1.12 setuptools==75.6.0 pip==24.3.1
pypy3 -m venv pypy
pypy/bin/pip -q --disable-pip-version-check install zc.buildout==4.1.12 setuptools==75.6.0 pip==24.3.1
# escape INTERPRETER EGGS: the type of escape(), after a run with that eggs directory, and what was fetched.
escape() {
    "$1/bin/buildout" -U "buildout:eggs-directory=$work/$2" >log 2>&1
    printf '%s, fetched: %s\n' "$(bin/py -c 'import markupsafe; print(type(markupsafe.escape).__name__)')" \
        "$(grep -c '^Got MarkupSafe' log || :)"
}
expect "CPython" "builtin_function_or_method, fetched: 1" "$(escape cpython one)"
expect "then PyPy" "function, fetched: 0" "$(escape pypy one)"
expect "PyPy first" "function, fetched: 1" "$(escape pypy two)"
expect "then CPython" "function, fetched: 0" "$(escape cpython two)"
expect "the egg of PyPy" MarkupSafe-2.1.5-py3.9-linux-x86_64.egg "$(basename two/MarkupSafe*)"
expect "the egg of CPython" MarkupSafe-2.1.5-py3.9-linux-x86_64.egg "$(basename one/MarkupSafe*)"
