#!/bin/sh
# uv installs on Python 3.9 a wheel that it built on 3.12, with 3.12's dependencies.
#
# An sdist whose setup.py asks for tomli below Python 3.11 gives a wheel named
# py3-none-any on each Python, with other metadata. pip keeps what it builds apart, by
# the interpreter that built it. uv 0.13.9 keeps it by the sdist, and takes any wheel
# whose tags fit: after 3.12 nothing is built for 3.9, tomli isn't installed, and the
# import fails. The other way round, 3.12 gets a tomli that it doesn't need. What is
# installed depends on which Python was first; with an empty cache all is right.
#
# Seen 2026-11-30, setuptools 81.0.0.
. "$(dirname "$0")/lib.sh"

venv tools 3.12 uv==0.13.9
for minor in 3.9 3.12; do
    venv "pip-$minor" "$minor" pip==25.3 setuptools==81.0.0 wheel==0.45.1
done
mkdir -p pkg-1 links
cat >pkg-1/setup.py <<'PY'
import sys
from setuptools import setup
setup(name='pkg', version='1', py_modules=['pkg'],
      install_requires=['tomli==2.2.1'] if sys.version_info < (3, 11) else [])
PY
cat >pkg-1/pkg.py <<'PY'
import sys
if sys.version_info < (3, 11):
    import tomli as tomllib
else:
    import tomllib
PY
tar -czf links/pkg-1.tar.gz pkg-1

# on MINOR CACHE: what uv installs there.
on() {
    tools/bin/uv venv -q --clear -p "$(python "$1")" "uv-$1"
    UV_CACHE_DIR=$work/$2 tools/bin/uv pip install -q -p "uv-$1/bin/python" --find-links links pkg
    find "uv-$1" -maxdepth 5 -name '*.dist-info' | sed 's/.*\///; s/\.dist-info//' | sort | paste -sd' '
}
# pip_on MINOR: what pip installs there.
pip_on() {
    PIP_CACHE_DIR=$work/pip-cache "pip-$1/bin/pip" -q --disable-pip-version-check install --no-build-isolation \
        --use-pep517 --find-links links pkg
    "pip-$1/bin/pip" --disable-pip-version-check freeze | grep -v '^\(setuptools\|wheel\)=' | sed 's/ @.*//; s/==/-/' | sort | paste -sd' '
}
expect "pip, 3.12" "pkg-1" "$(pip_on 3.12)"
expect "pip, then 3.9" "pkg-1 tomli-2.2.1" "$(pip_on 3.9)"
expect "uv, 3.12" "pkg-1" "$(on 3.12 one)"
expect "uv, then 3.9" "pkg-1" "$(on 3.9 one)"
expect "there" "ModuleNotFoundError: No module named 'tomli'" "$(uv-3.9/bin/python -c 'import pkg' 2>&1 | tail -n 1)"
expect "uv, 3.9 first" "pkg-1 tomli-2.2.1" "$(on 3.9 two)"
expect "uv, then 3.12" "pkg-1 tomli-2.2.1" "$(on 3.12 two)"
