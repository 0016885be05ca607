# musl-python.sh: a CPython that runs on musl, as builder and as target for the
# tests. From Debian's sources of it and of zlib; without OpenSSL and libffi, so that
# its packages come from a folder. Once, into the cache.

version=3.11
final=$BINARY_BUILDOUT_CACHE/musl-$version
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
(cd "$work" && apt_get source --download-only "python$version" zlib) || echo "going on with what came"
mkdir "$work/source" "$work/zlib" "$work/bin"
tar -C "$work/source" --strip-components=1 -xf "$work/python${version}_"*.orig.tar.*
tar -C "$work/zlib" --strip-components=1 -xf "$work"/zlib_*.orig.tar.*

# configure compares gcc's multiarch name with musl's, and gives up. The compiler's
# plain name is what the interpreter keeps, and builds extensions with.
# shellcheck disable=SC2016 # for the script that it writes
printf '#!/bin/sh\n[ "$1" = --print-multiarch ] || exec %s "$@"\n' "$(command -v musl-gcc)" >"$work/bin/musl-gcc"
chmod +x "$work/bin/musl-gcc"
PATH=$work/bin:$PATH

cd "$work/zlib" || exit
{ CC=musl-gcc ./configure --static --prefix="$work/zlib/out" && make -s install; } >"$work/log" 2>&1 || {
    tail -20 "$work/log" >&2
    exit 1
}

cd "$work/source" || exit
cat >Modules/Setup.local <<MODULES
*static*
_bisect _bisectmodule.c
_blake2 _blake2/blake2module.c _blake2/blake2b_impl.c _blake2/blake2s_impl.c
_contextvars _contextvarsmodule.c
_csv _csv.c
_datetime _datetimemodule.c
_heapq _heapqmodule.c
_json _json.c
_md5 md5module.c
_multiprocessing _multiprocessing/multiprocessing.c _multiprocessing/semaphore.c
_opcode _opcode.c
_pickle _pickle.c
_posixsubprocess _posixsubprocess.c
_queue _queuemodule.c
_random _randommodule.c
_sha1 sha1module.c
_sha256 sha256module.c
_sha3 _sha3/sha3module.c
_sha512 sha512module.c
_socket socketmodule.c
_struct _struct.c
array arraymodule.c
binascii binascii.c -DUSE_ZLIB_CRC32 -I$work/zlib/out/include $work/zlib/out/lib/libz.a
fcntl fcntlmodule.c
grp grpmodule.c
math mathmodule.c
mmap mmapmodule.c
pyexpat pyexpat.c -I\$(srcdir)/Modules/expat Modules/expat/libexpat.a
resource resource.c
select selectmodule.c
termios termios.c
unicodedata unicodedata.c
zlib zlibmodule.c -I$work/zlib/out/include $work/zlib/out/lib/libz.a
MODULES
if ! {
    ./configure -q CC=musl-gcc CFLAGS=-O0 --prefix="$final" --disable-test-modules --without-ensurepip &&
        make -s -j"$(nproc)" python pybuilddir.txt
} >"$work/log" 2>&1; then
    tail -20 "$work/log" >&2
    exit 1
fi
mkdir -p "$work/final/bin" "$work/final/lib" "$work/final/include"
cp python "$work/final/bin/python$version"
cp -r Lib "$work/final/lib/python$version"
cp -r Include "$work/final/include/python$version"
cp pyconfig.h "$work/final/include/python$version/"
cp "$(cat pybuilddir.txt)"/_sysconfigdata*.py "$work/final/lib/python$version/"
mkdir "$work/final/lib/python$version/lib-dynload"
rm -rf "$work/final/lib/python$version"/test "$work/final/lib/python$version"/idlelib
mv "$work/final" "$final"
