#!/bin/sh
# Two installers read one page of the index, and one takes a release that its makers withdrew.
#
# attrs 21.1.0 was yanked: its files stay on the index for those who pin them, and each link has the
# attribute data-yanked (PEP 592), which says that nobody else is to get them. For "attrs<21.2" pip and
# uv take 20.3.0. zc.buildout 6.0.1 has a reader of index pages of its own, which looks at
# a link's address and not at its attributes; it takes 21.1.0 and says nothing. So the
# first run without a pin, and whatever writes pins down from such a run, gives what was
# withdrawn, and from then on the pin makes it look wanted.
#
# Seen 2026-12-01, setuptools 81.0.0, CPython 3.12.
. "$(dirname "$0")/lib.sh"

venv tools 3.12 pip==25.3 uv==0.13.9 zc.buildout==6.0.1 setuptools==81.0.0
cat >buildout.cfg <<'CFG'
[buildout]
parts = py
show-picked-versions = true
[versions]
zc.buildout = 6.0.1
zc.recipe.egg = 6.0.0
setuptools = 81.0.0
[py]
recipe = zc.recipe.egg
eggs = attrs<21.2
interpreter = py
CFG
tools/bin/pip -q --disable-pip-version-check download --no-deps -d of-pip 'attrs<21.2'
tools/bin/uv pip install -q --no-deps --target of-uv 'attrs<21.2'
expect "pip" attrs-20.3.0-py2.py3-none-any.whl "$(ls of-pip)"
expect "uv" attrs-20.3.0.dist-info "$(basename of-uv/*.dist-info)"
tools/bin/buildout -U >log 2>&1
expect "zc.buildout" "attrs = 21.1.0" "$(grep '^attrs = ' log)"
expect "a warning" 0 "$(grep -c -i yank log || :)"
