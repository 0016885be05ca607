#!/bin/sh
# A whole .zst file of 588,895 bytes is read as 0 bytes, and no error.
#
# pzstd, zstd's own parallel program, writes a skippable frame of twelve bytes before each
# data frame, which every reader has to pass over (RFC 8878, 3.1.2). zstandard 0.25.0 has five
# ways to read: read_to_iter() and decompressobj(), made for streams from the
# network, take the skippable frame for the whole file, give b"" and end; decompress() says
# "expected 4"; stream_reader() and copy_stream() read it all. So two of one library's
# readers say the file is empty, and a digest or a loop over it doesn't notice. backports.zstd
# 1.8.0 (which is Python 3.14's compression.zstd), GNU tar and bsdtar read all.
#
# Seen 2026-11-30, pzstd 1.5.4 of Debian 12.
. "$(dirname "$0")/lib.sh"
need pzstd zstd
need bsdcat libarchive-tools

venv tools 3.12 zstandard==0.25.0 backports.zstd==1.8.0
seq 100000 >numbers
pzstd -q numbers -o by-pzstd.zst
zstd -q numbers -o by-zstd.zst
cat >read.py <<'PY'
import io, sys, zstandard
from backports import zstd

def copied(file):
    out = io.BytesIO()
    zstandard.ZstdDecompressor().copy_stream(file, out)
    return out.getvalue()

readers = {
    "decompress": lambda f: zstandard.ZstdDecompressor().decompress(f.read()),
    "decompressobj": lambda f: zstandard.ZstdDecompressor().decompressobj().decompress(f.read()),
    "read_to_iter": lambda f: b"".join(zstandard.ZstdDecompressor().read_to_iter(f)),
    "stream_reader": lambda f: zstandard.ZstdDecompressor().stream_reader(f).read(),
    "copy_stream": copied,
    "backports": lambda f: zstd.open(f).read(),
}
with open(sys.argv[2], "rb") as file:
    try:
        print(len(readers[sys.argv[1]](file)))
    except zstandard.ZstdError as e:
        print(e)
PY
read_by() { tools/bin/python read.py "$1" "by-$2.zst"; }

expect "begins with a skippable frame" "50 2a 4d 18 04 00 00 00" "$(od -An -tx1 -N8 by-pzstd.zst | sed 's/^ //')"
expect "zstd, bytes" 588895 "$(zstd -dc by-pzstd.zst | wc -c)"
expect "bsdcat" 588895 "$(bsdcat by-pzstd.zst | wc -c)"
for reader in stream_reader copy_stream backports; do
    expect "$reader" 588895 "$(read_by $reader pzstd)"
done
expect decompress "decompression error: decompressed 0 bytes; expected 4" "$(read_by decompress pzstd)"
for reader in decompressobj read_to_iter; do
    expect "$reader" 0 "$(read_by $reader pzstd)"
done
for reader in decompress decompressobj read_to_iter; do
    expect "zstd's own file, $reader" 588895 "$(read_by $reader zstd)"
done
