#!/bin/sh
# An archive of ten kilobytes that GNU tar can't read, for want of 2 GiB.
#
# zstd --long=31 writes into a frame how much of the past its reader has to keep. It cuts that
# to the content's size, where it knows it: from a file the window is small, and each
# reader takes the frame. From a pipe it doesn't know; even at the end of ten kilobytes
# the frame asks for 2 GiB, and zstd, GNU tar, bsdtar and Python's zstandard and
# backports.zstd refuse it. tar -I "zstd --long=31" is a pipe: the option that is to help large
# archives makes the smallest unreadable. --stream-size, or a file between, cures it.
#
# Seen 2026-11-30, zstd 1.5.4, GNU tar 1.34 and bsdtar 3.6.2 of Debian 12.
. "$(dirname "$0")/lib.sh"
need zstd zstd
need bsdtar libarchive-tools

venv tools 3.12 zstandard==0.25.0 backports.zstd==1.8.0
mkdir tree
echo here >tree/file
tar -cf tree.tar tree
tar -I 'zstd -q --long=31' -cf pipe.tar.zst tree
zstd -q --long=31 -o file.tar.zst tree.tar
zstd -q --long=31 --stream-size="$(wc -c <tree.tar)" <tree.tar >told.tar.zst

# reads READER FILE: yes, or what it says.
reads() {
    case $1 in
        zstd) zstd -q -t "$2" 2>&1 ;;
        tar) tar -tf "$2" 2>&1 ;;
        bsdtar) bsdtar -tf "$2" 2>&1 ;;
        zstandard) tools/bin/python -c '
import sys, zstandard
zstandard.ZstdDecompressor().stream_reader(open(sys.argv[1], "rb")).read()' "$2" 2>&1 ;;
        backports) tools/bin/python -c '
import sys
from backports import zstd
zstd.open(sys.argv[1]).read()' "$2" 2>&1 ;;
    esac >said && echo yes && return
    grep -o 'too much memory' said || tail -n 1 said
}
for archive in pipe file told; do
    expect "$archive, the window" "$(case $archive in pipe) echo 2147483648 ;; *) wc -c <tree.tar ;; esac)" \
        "$(zstd -lv $archive.tar.zst 2>&1 | sed -n 's/^Window Size: .*(\([0-9]*\) B).*/\1/p')"
    for reader in zstd tar bsdtar zstandard backports; do
        expect "$archive, $reader reads it" "$([ $archive = pipe ] && echo "too much memory" || echo yes)" \
            "$(reads $reader $archive.tar.zst)"
    done
done
