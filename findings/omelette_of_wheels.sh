#!/bin/sh
# A directory with links to all packages of a part lacks those whose backend isn't setuptools.
#
# collective.recipe.omelette 3.0.0 makes one tree of a part's eggs, to be searched and read by an editor.
# It asks top_level.txt what an egg has. That file is setuptools' own: no standard has it, and flit,
# hatchling, poetry-core, maturin and others don't write it. So click 8.1.7 is in the tree, and
# attrs, iniconfig (hatchling) and tomli (flit) aren't; nothing is said, and the script of
# the same part imports them all. click 8.1.8 is gone from the tree, since click went
# over to flit between these two, and no code of it changed its place.
#
# Seen 2026-12-01, zc.buildout 6.0.1, setuptools 81.0.0, CPython 3.12.
. "$(dirname "$0")/lib.sh"

venv tools 3.12 zc.buildout==6.0.1 setuptools==81.0.0
# tree CLICK: what the part's tree has, with that version of click.
tree() {
    cat >buildout.cfg <<CFG
[buildout]
parts = omelette py
[versions]
zc.buildout = 6.0.1
setuptools = 81.0.0
zc.recipe.egg = 6.0.0
collective.recipe.omelette = 3.0.0
MarkupSafe = 2.1.5
attrs = 24.2.0
click = $1
iniconfig = 2.0.0
tomli = 2.0.1
[omelette]
recipe = collective.recipe.omelette
eggs =
    MarkupSafe
    attrs
    click
    iniconfig
    tomli
[py]
recipe = zc.recipe.egg
eggs = \${omelette:eggs}
interpreter = py
CFG
    tools/bin/buildout -U >log 2>&1
    (cd parts/omelette && ls -d ./*) | grep -v 'setuptools\|_distutils_hack\|pkg_resources\|zc$' | sed 's|./||' | paste -sd' '
}
expect "with click 8.1.7" "click markupsafe" "$(tree 8.1.7)"
expect "the script imports" "attr click iniconfig markupsafe tomli" "$(bin/py -c '
import attr, click, iniconfig, markupsafe, tomli
print(*[m.__name__ for m in (attr, click, iniconfig, markupsafe, tomli)])')"
expect "with click 8.1.8" "markupsafe" "$(tree 8.1.8)"
expect "lines that name click, of the recipe" 0 "$(grep -c '^omelette:.*click' log || :)"
