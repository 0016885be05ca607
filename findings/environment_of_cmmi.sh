#!/bin/sh
# A part is compiled with the flags of another part, if both are new.
#
# zc.recipe.cmmi 4.0 puts its option "environment" into the environment of
# zc.buildout itself and never takes it out. So part "two", which sets nothing, is
# configured with CFLAGS=-DONE when it is installed after "one", and without when it
# is installed again later, since an update of "one" sets nothing. The same
# configuration gives two different builds, by what was there before; so do
# the eggs that are compiled in the same run.
#
# Seen 2026-11-30, zc.buildout 6.0.1.
. "$(dirname "$0")/lib.sh"

venv v 3.12 zc.buildout==6.0.1 'setuptools==81.0.0'
mkdir pkg-1
cat >pkg-1/configure <<'SH'
#!/bin/sh
echo "configured with CFLAGS=$CFLAGS"
printf 'all install:\n\t@true\n' >Makefile
SH
chmod 755 pkg-1/configure
tar -czf pkg-1.tgz pkg-1
cat >buildout.cfg <<'CFG'
[buildout]
parts = one two
[versions]
zc.recipe.cmmi = 4.0
zc.recipe.egg = 4.0.0
[one]
recipe = zc.recipe.cmmi
url = ${buildout:directory}/pkg-1.tgz
environment = CFLAGS=-DONE
[two]
recipe = zc.recipe.cmmi
url = ${buildout:directory}/pkg-1.tgz
CFG
configured() { env -u CFLAGS v/bin/buildout 2>&1 | grep '^configured' | paste -sd, || :; }

expect "both new" "configured with CFLAGS=-DONE,configured with CFLAGS=-DONE" "$(configured)"
sed -i 's/^\[two\]/[two]\nextra_options = --again/' buildout.cfg
expect "two again" "configured with CFLAGS=" "$(configured)"
