#!/bin/sh
# A constraint on a package that nobody asks for stops pip from downloading another one.
#
# Constraints say which version to take *if* a project is wanted, so that one file serves many
# calls, and that is how "pip install -c" reads them. "pip download -c" of pip 20.3.4, the last one
# for Python 2.7, goes through the constraints as though they were requirements when it saves the
# files: one that was never looked up ends it with an AssertionError, before anything
# is saved. Its new resolver, which isn't the default on Python 2.7, is right, and pip 19.3.1
# is. A Plone 5.2 or an Odoo with one constraints.txt can be installed, and its wheels
# can't be fetched for a machine without a network.
#
# Seen 2026-11-30, CPython 2.7.18.
. "$(dirname "$0")/lib.sh"

echo 'markupsafe==1.1.1' >constraints.txt
for version in 19.3.1 20.3.4; do
    "$(python 2.7)" -m pip -q --disable-pip-version-check install -t "pip-$version" "pip==$version" 2>/dev/null
done
# pip VERSION ARGUMENT...: its last line.
pip() {
    _version=$1
    shift
    PYTHONPATH=$work/pip-$_version "$(python 2.7)" -m pip -q --disable-pip-version-check "$@" \
        -c constraints.txt six==1.16.0 2>&1 | grep -v ^DEPRECATION | tail -n 1
}
expect "pip 20.3.4 install" "" "$(pip 20.3.4 install -t installed)"
expect "which gave" six.py "$(cd installed && echo *.py)"
expect "pip 20.3.4 download" AssertionError "$(pip 20.3.4 download -d by-20)"
expect "which gave" 0 "$(find . -path './by-20/*' | wc -l)"
expect "its new resolver" "" "$(pip 20.3.4 download --use-feature=2020-resolver -d by-new)"
expect "which gave" six-1.16.0-py2.py3-none-any.whl "$(ls by-new)"
expect "pip 19.3.1 download" "" "$(pip 19.3.1 download -d by-19)"
expect "which gave" six-1.16.0-py2.py3-none-any.whl "$(ls by-19)"
