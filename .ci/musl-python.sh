# musl-python.sh: a CPython that runs on musl, for the tests of what happens
# where an archive for glibc comes to such a system. From Debian's sources,
# with the modules alone that bootstrap.py imports; once, into the cache.

version=3.11
final=$BINARY_BUILDOUT_CACHE/musl-python-$version
[ ! -x "$final/bin/python$version" ] || exit 0

work=$(mktemp -d "$BINARY_BUILDOUT_CACHE/musl-XXXXXX")
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/lists/partial" "$work/sources.list.d"
for list in /etc/apt/sources.list.d/*.sources; do
    sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/sources.list.d/${list##*/}"
done
sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/sources.list" 2>/dev/null || true
apt_get() {
    apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/sources.list.d" \
        -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root "$@"
}
apt_get update >/dev/null
# An update in between can take the .dsc away; the upstream tarball stays.
(cd "$work" && apt_get source --download-only "python$version") || echo "going on with what came"
mkdir "$work/source"
tar -C "$work/source" --strip-components=1 -xf "$work/python${version}_"*.orig.tar.*

# configure compares gcc's multiarch name with musl's, and gives up.
# shellcheck disable=SC2016 # for the script that it writes
printf '#!/bin/sh\n[ "$1" = --print-multiarch ] || exec musl-gcc "$@"\n' >"$work/cc"
chmod +x "$work/cc"
cd "$work/source" || exit
cat >Modules/Setup.local <<'MODULES'
*static*
_bisect _bisectmodule.c
_blake2 _blake2/blake2module.c _blake2/blake2b_impl.c _blake2/blake2s_impl.c
_heapq _heapqmodule.c
_json _json.c
_md5 md5module.c
_posixsubprocess _posixsubprocess.c
_random _randommodule.c
_sha1 sha1module.c
_sha256 sha256module.c
_sha3 _sha3/sha3module.c
_sha512 sha512module.c
_struct _struct.c
array arraymodule.c
binascii binascii.c -UUSE_ZLIB_CRC32
fcntl fcntlmodule.c
math mathmodule.c
select selectmodule.c
MODULES
if ! {
    ./configure -q CC="$work/cc" CFLAGS=-O0 --prefix="$final" --disable-test-modules --without-ensurepip &&
        make -s -j"$(nproc)" python pybuilddir.txt
} >"$work/log" 2>&1; then
    tail -20 "$work/log" >&2
    exit 1
fi
mkdir -p "$work/final/bin" "$work/final/lib"
cp python "$work/final/bin/python$version"
cp -r Lib "$work/final/lib/python$version"
cp "$(cat pybuilddir.txt)"/_sysconfigdata*.py "$work/final/lib/python$version/"
mkdir "$work/final/lib/python$version/lib-dynload"
rm -rf "$work/final/lib/python$version"/test "$work/final/lib/python$version"/idlelib
mv "$work/final" "$final"
