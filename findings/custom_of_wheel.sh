#!/bin/sh
# A package is compiled with a define of ours, and the next part runs the index's wheel.
#
# zc.recipe.egg:custom is there to compile a distribution with options of one's own. Its result lies in
# develop-eggs, which comes before all else. With zc.buildout 6.0.1 the recipe compiles MarkupSafe's
# sdist and puts an egg of the new form there, with a .dist-info inside. Such eggs
# are looked for in eggs/ alone; in develop-eggs one counts by its EGG-INFO. So the next part
# doesn't see it, downloads the wheel, and uses that; the exit code is 0, and .installed.cfg
# has both parts. An EGG-INFO put beside makes it count. With 2.13.8 the same two parts
# use what was compiled: a patch or a define that worked for years is gone after an upgrade.
#
# Seen 2026-11-30, zc.recipe.egg 6.0.0 on CPython 3.12, and 2.0.7 on 3.9.
. "$(dirname "$0")/lib.sh"
need gcc gcc

# both DIR BUILDOUT RECIPE SETUPTOOLS: runs two parts, with those versions.
both() {
    mkdir "$1"
    cat >"$1/buildout.cfg" <<CFG
[buildout]
parts = compiled py
[versions]
MarkupSafe = 2.1.5
zc.buildout = $2
zc.recipe.egg = $3
setuptools = $4
[compiled]
recipe = zc.recipe.egg:custom
egg = MarkupSafe
define = MINE
[py]
recipe = zc.recipe.egg
eggs = MarkupSafe
interpreter = py
CFG
    (cd "$1" && "../$1-python/bin/buildout" -U >log 2>&1 || echo "exit code $?")
}
# used DIR: the folder that the script's MarkupSafe comes from.
used() { "$1/bin/py" -c 'import markupsafe; print(markupsafe.__file__)' | sed "s|^$work/$1/\([^/]*\)/.*|\1|"; }

venv old-python 3.9 zc.buildout==2.13.8 setuptools==44.1.1
venv new-python 3.12 zc.buildout==6.0.1 setuptools==81.0.0
both old 2.13.8 2.0.7 44.1.1
expect "2.13.8, what the script uses" develop-eggs "$(used old)"
both new 6.0.1 6.0.0 81.0.0
expect "6.0.1" eggs "$(used new)"
expect "compiled there" 1 "$(find new/develop-eggs -name '_speedups.*.so' | wc -l)"
for egg in new/develop-eggs/*.egg; do
    mkdir "$egg/EGG-INFO"
    cp "$egg"/*.dist-info/METADATA "$egg/EGG-INFO/PKG-INFO"
done
rm -r new/eggs/v5/MarkupSafe*
(cd new && ../new-python/bin/buildout -U >log 2>&1)
expect "6.0.1, with an EGG-INFO" develop-eggs "$(used new)"
