#!/bin/sh
# Python reads the first half of an .xz file, and says nothing of the other.
#
# An .xz file may hold several streams with zeros between them (".xz file format", 2.2, Stream
# Padding): what is left where a stream is written in blocks, to a tape or by dd with
# conv=sync, and the next is put behind it. xz, BusyBox, bsdtar and three Go libraries read on.
# Python's lzma takes several streams too, but not the zeros: at these it thinks that
# garbage follows the file, which it ignores, and ends with what it has. lzma.open,
# lzma.decompress and tarfile give the first stream and no error. xz -t calls the file
# whole, and by its specification it is.
#
# Seen 2026-11-30, xz 5.4.1, BusyBox 1.35 and bsdtar 3.6.2 of Debian 12; CPython 3.12, and 3.14 too.
. "$(dirname "$0")/lib.sh"
need xz xz-utils
need busybox busybox
need bsdtar libarchive-tools

seq 3 >one
seq 4 6 >two
xz -k one two
cat one.xz two.xz >adjoined.xz
{
    dd if=one.xz bs=512 conv=sync status=none
    cat two.xz
} >padded.xz
xz -t padded.xz

# read_by READER FILE: its lines.
read_by() {
    case $1 in
        xz) xz -dc "$2" ;;
        busybox) busybox xzcat "$2" ;;
        bsdcat) bsdcat "$2" ;;
        open) "$(python 3.12)" -c 'import lzma, sys; sys.stdout.buffer.write(lzma.open(sys.argv[1]).read())' "$2" ;;
        decompress) "$(python 3.12)" -c 'import lzma, sys; sys.stdout.buffer.write(lzma.decompress(open(sys.argv[1], "rb").read()))' "$2" ;;
    esac | paste -sd' '
}
for reader in xz busybox bsdcat open decompress; do
    expect "adjoined, $reader" "1 2 3 4 5 6" "$(read_by $reader adjoined.xz)"
done
for reader in xz busybox bsdcat; do
    expect "padded, $reader" "1 2 3 4 5 6" "$(read_by $reader padded.xz)"
done
for reader in open decompress; do
    expect "padded, Python's lzma.$reader" "1 2 3" "$(read_by $reader padded.xz)"
done
