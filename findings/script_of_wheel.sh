#!/bin/sh
# zc.buildout installs ruff, exits with 0, and ruff is nowhere.
#
# The wheel of ruff 0.14.0 is one program, in .data/scripts, and a few lines of Python
# that look for it. zc.buildout 6.0.1 lets pip install the wheel into a temporary folder and
# moves what RECORD lists into an egg, but for the names that leave the folder: pip
# calls the program ../../bin/ruff, and so it is thrown away. It isn't an entry point,
# and no script is written to bin/ either. The egg has a RECORD that names 37 MB which aren't
# there, and "py -m ruff" can't find them. pip alone puts the program into bin/.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"

venv v 3.12 zc.buildout==6.0.1 setuptools==81.0.0
venv by-pip 3.12 ruff==0.14.0
cat >buildout.cfg <<'CFG'
[buildout]
parts = py
[versions]
ruff = 0.14.0
zc.recipe.egg = 6.0.0
[py]
recipe = zc.recipe.egg
eggs = ruff
interpreter = py
CFG
code=0
v/bin/buildout -U >log 2>&1 || code=$?
expect "by pip" "ruff 0.14.0" "$(by-pip/bin/ruff --version)"
expect "bin/buildout exits with" 0 "$code"
expect "its bin/" "py" "$(ls bin)"
expect "programs in eggs/" 0 "$(find eggs -name ruff -type f | wc -l)"
expect "RECORD" "../../bin/ruff" "$(sed -n 's/^\([^,]*bin\/ruff\),.*/\1/p' eggs/v5/ruff-*/*.dist-info/RECORD)"
expect "py -m ruff" FileNotFoundError "$(bin/py -m ruff 2>&1 | tail -n 1 | sed 's/:.*//')"
