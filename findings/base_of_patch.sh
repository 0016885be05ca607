#!/bin/sh
# A zstd patch applied to the wrong file gives another file, and no error.
#
# zstd can compress a new file by reference to an old one, which is how --patch-from makes small updates;
# for a library that is a dictionary of raw content. A trained dictionary has an ID that the
# frame names, so that a reader with another one refuses. Raw content has the ID 0,
# and the frame can't say which file it wants. What stands between is the checksum of the content: the
# program zstd writes one by default. zstandard 0.25.0 and backports.zstd 1.8.0 (which is
# Python 3.14's compression.zstd) don't unless asked, and read such a frame with any old file that is
# long enough: the length is right, the bytes aren't. With no old file at all each says no.
#
# Seen 2026-12-01, zstd 1.5.4 of Debian 12, CPython 3.12.
. "$(dirname "$0")/lib.sh"
need zstd zstd

venv tools 3.12 zstandard==0.25.0 backports.zstd==1.8.0
cat >patch.py <<'PY'
import random, sys, zstandard
from backports import zstd

def content(seed):
    return random.Random(seed).randbytes(20000)

old, other = content(1), content(2)
new = old[:9000] + b"patched" + old[9000:]
for name, data in ("old", old), ("other", other), ("new", new):
    with open(name, "wb") as f:
        f.write(data)

def raw(data):
    return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_RAWCONTENT)

def of_zstandard(base, **options):
    frame = zstandard.ZstdCompressor(dict_data=raw(old), **options).compress(new)
    return zstandard.ZstdDecompressor(dict_data=base and raw(base)).decompress(frame)

def of_backports(base, **options):
    options = {zstd.CompressionParameter.checksum_flag: options.get("write_checksum", False)}
    frame = zstd.compress(new, options=options, zstd_dict=zstd.ZstdDict(old, is_raw=True))
    return zstd.decompress(frame, zstd_dict=base and zstd.ZstdDict(base, is_raw=True))

for apply in of_zstandard, of_backports:
    for options in {}, {"write_checksum": True}:
        for base in old, other, None:
            try:
                got = apply(base, **options)
                print("the new file" if got == new else "%d other bytes" % len(got))
            except (zstandard.ZstdError, zstd.ZstdError):
                print("error")
PY
tools/bin/python patch.py >seen
# rows FROM: the results for the right file, a wrong one and none.
rows() { sed -n "$1,$(($1 + 2))p" seen | paste -sd'|'; }
expect "zstandard: right file, wrong file, none" "the new file|20007 other bytes|error" "$(rows 1)"
expect "with a checksum" "the new file|error|error" "$(rows 4)"
expect "backports.zstd" "the new file|20007 other bytes|error" "$(rows 7)"
expect "with a checksum" "the new file|error|error" "$(rows 10)"
zstd -q --patch-from=old new -o new.zst
expect "zstd, right file" 0 "$(zstd -q -d --patch-from=old new.zst -o right && cmp right new && echo 0)"
expect "zstd, wrong file" "Restored data doesn't match checksum" \
    "$(zstd -q -d --patch-from=other new.zst -o wrong 2>&1 | sed -n "s/.*\(Restored .*checksum\).*/\1/p")"
