#!/bin/sh
# In an incremental backup each file lies in a directory named by when it was last read.
#
# tar -g of GNU tar 1.34 writes its own format, in which the 155 bytes that hold a long
# path's beginning in ustar hold the times of the last reading and change. Python's tarfile
# and toybox 0.8.9 look at these bytes without a look at the format's name, and put
# what they find before the path: tree/file is in 14524770400/tree/file, the time in octal. Its
# directories have the type "D", which Python and Go's archive/tar take for files, so nothing can
# go into them; BusyBox 1.35 stops at the first. GNU tar and bsdtar 3.6.2 read all of it,
# and with --format=posix everybody does: one more option, and the backup is for all.
#
# Seen 2026-11-30, CPython 3.12 (3.14 has the same), Go 1.27.
. "$(dirname "$0")/lib.sh"
need bsdtar libarchive-tools
need busybox busybox
need toybox toybox
need go golang

mkdir -p tree/sub out
echo one >tree/file
echo two >tree/sub/other
touch -d @1700000000 tree/file tree/sub/other
tar -g of-gnu -cf gnu.tar tree
tar -g of-posix --format=posix -cf posix.tar tree
cat >main.go <<'GO'
package main

import (
	"archive/tar"
	"fmt"
	"os"
)

func main() {
	archive, _ := os.Open(os.Args[1])
	for r := tar.NewReader(archive); ; {
		header, err := r.Next()
		if err != nil {
			return
		}
		fmt.Printf("%s %t\n", header.Name, header.FileInfo().IsDir())
	}
}
GO
go build -o by-go main.go

# names READER ARCHIVE: its files; the time of a directory, which we don't set, is TIME.
names() {
    case $1 in
        python) "$(python 3.12)" -m tarfile -l "$2" ;;
        toybox) toybox tar -tf "$2" ;;
        busybox) busybox tar -tf "$2" 2>&1 ;;
        tar | bsdtar) "$1" -tf "$2" ;;
    esac | sed 's/ *$//; /\/$/s/^[0-7]\{11\}/TIME/' | paste -sd' '
}
all="tree/ tree/sub/ tree/file tree/sub/other"
expect "GNU tar" "$all" "$(names tar gnu.tar)"
expect "bsdtar" "$all" "$(names bsdtar gnu.tar)"
expect "Python" "TIME/tree/ TIME/tree/sub/ 14524770400/tree/file 14524770400/tree/sub/other" "$(names python gnu.tar)"
expect "toybox" "14524770400/tree/file 14524770400/tree/sub/other" "$(names toybox gnu.tar)"
expect "the directory, in octal" 1700000000 $((014524770400))
expect "BusyBox" "tar: unknown typeflag: 0x44" "$(names busybox gnu.tar)"
expect "Go, and what is a directory" "tree/ false tree/sub/ false tree/file false tree/sub/other false" "$(./by-go gnu.tar | paste -sd' ')"
expect "unpacked by Python" "NotADirectoryError" "$("$(python 3.12)" -c '
import tarfile
tarfile.open("gnu.tar").extractall("out", filter="fully_trusted")' 2>&1 | tail -n 1 | sed 's/:.*//')"

for reader in tar bsdtar toybox busybox; do
    expect "posix, $reader" "$all" "$(names $reader posix.tar)"
done
expect "posix, Python" "$all" "$(names python posix.tar)"
expect "posix, Go" "tree/ true tree/sub/ true tree/file false tree/sub/other false" "$(./by-go posix.tar | paste -sd' ')"
