#!/bin/sh
# zc.buildout can't find python-gettext on the index if a recipe asks for it.
#
# plone.recipe.precompiler 0.7.2 has a file dependency_links.txt with the address of a
# server that is long gone. zc.buildout 6.0.1 follows such links by default, and makes another
# index object for that, from its option "index". If that isn't set, it is an empty string here rather
# than None, which would mean the default: the object asks for /python-gettext/ and
# finds nothing from now on. The error names a package that is on the index, and that another
# part installs. "use-dependency-links = false" cures it. pip ignores that file since 19.0,
# and setuptools still writes it into what it builds.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"

venv v 3.12 zc.buildout==6.0.1 setuptools==81.0.0
# config PARTS OPTION: a buildout.cfg.
config() {
    cat >buildout.cfg <<CFG
[buildout]
parts = $1
$2
[versions]
plone.recipe.precompiler = 0.7.2
zc.recipe.egg = 6.0.0
python-gettext = 5.0
[precompile]
recipe = plone.recipe.precompiler
eggs =
[py]
recipe = zc.recipe.egg
eggs = python-gettext
interpreter = py
CFG
}
said() { v/bin/buildout -U 2>&1 | sed -n 's/^\(Error: .*\|Installing .*\.\)$/\1/p' | paste -sd' '; }

config precompile ""
expect "the recipe" "Error: Couldn't find a distribution for 'python-gettext==5.0'." "$(said)"
links=$(find eggs -path '*precompiler*' -name dependency_links.txt)
expect "its links" 1 "$(grep -c :// "$links")"
rm -rf eggs
config py ""
expect "python-gettext alone" "Installing py." "$(said)"
rm -rf eggs
config precompile "use-dependency-links = false"
expect "the recipe, without links" "Installing precompile." "$(said)"
