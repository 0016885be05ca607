#!/bin/sh
# zc.recipe.cmmi compiles a tarball whose include directory is empty.
#
# It unpacks by setuptools.archive_util, as hexagonit.recipe.download does, which knows no
# links. A link to a file becomes a copy of the file: libx.so, libx.so.1 and libx.so.1.0
# are three libraries. A link to a directory becomes an empty directory, and a link that
# leads through one is left out. Nothing is said and the exit code is 0. tar, pip and Python's
# tarfile make the links; what "tar xf && ./configure" builds may fail in a
# part, or configure may find a header missing and switch a feature off.
#
# Seen 2026-11-30, zc.buildout 6.0.1, zc.recipe.cmmi 4.0, hexagonit.recipe.download 1.7.1, setuptools 81.0.0.
. "$(dirname "$0")/lib.sh"

venv v 3.12 zc.buildout==6.0.1 setuptools==81.0.0
mkdir -p pkg-1/real pkg-1/lib
cat >pkg-1/configure <<'SH'
#!/bin/sh
find . -printf '%y %P\n' | sort -k2 >"$OUT"
printf 'all install:\n\t@true\n' >Makefile
SH
chmod 755 pkg-1/configure
echo '#define X 1' >pkg-1/real/x.h
ln -s real pkg-1/include
ln -s include/x.h pkg-1/x.h
echo library >pkg-1/lib/libx.so.1.0
ln -s libx.so.1.0 pkg-1/lib/libx.so.1
ln -s libx.so.1 pkg-1/lib/libx.so
tar -czf pkg-1.tgz pkg-1
cat >buildout.cfg <<'CFG'
[buildout]
parts = cmmi download
[versions]
zc.recipe.cmmi = 4.0
zc.recipe.egg = 6.0.0
hexagonit.recipe.download = 1.7.1
[cmmi]
recipe = zc.recipe.cmmi
url = ${buildout:directory}/pkg-1.tgz
[download]
recipe = hexagonit.recipe.download
url = ${buildout:directory}/pkg-1.tgz
strip-top-level-dir = true
CFG
# seen NAME: what kind each name is; "-" where it isn't there.
seen() { sed -n "s|^\(.\) $1$|\1|p" "$2" | grep . || echo -; }

(cd pkg-1 && OUT=$work/by-tar ./configure)
code=0
OUT=$work/by-cmmi v/bin/buildout -U >log 2>&1 || code=$?
(cd parts/download && OUT=$work/by-download ./configure)
expect "bin/buildout exits with" 0 "$code"
for name in lib/libx.so lib/libx.so.1 include x.h; do
    case $name in
        lib/*) copied=f ;;
        include) copied=d ;;
        *) copied=- ;;
    esac
    expect "tar, $name" l "$(seen $name by-tar)"
    expect "zc.recipe.cmmi, $name" $copied "$(seen $name by-cmmi)"
    expect "hexagonit.recipe.download, $name" $copied "$(seen $name by-download)"
done
expect "files in include/" 0 "$(find parts/download/include -type f | wc -l)"
