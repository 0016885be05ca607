#!/bin/sh
# Python makes an application of 65,536 files with its own zipapp, and can't run it.
#
# A zip file with more than 65,535 entries, or 4 GiB, has a second index at its end (Zip64, from 2001).
# zipfile writes it of itself when it is needed, and reads it. What runs an application is zipimport,
# which didn't know Zip64 before CPython 3.13: it reads "65535" in the old index, where the count
# no longer fits, and says that there is no __main__. One file fewer, and it runs. So a
# .pyz, a pex or a wheel on sys.path that grew over the years stops working at one
# more data file, for 3.12 and older alone, and no tool that wrote or listed it complains.
#
# Seen 2026-12-01, CPython 3.8, 3.12 and 3.13.
. "$(dirname "$0")/lib.sh"

cat >make.py <<'PY'
import sys, zipapp, zipfile
number = int(sys.argv[1])
with zipfile.ZipFile("made.zip", "w") as z:
    z.writestr("__main__.py", "print('runs')")
    for i in range(number - 1):
        z.writestr("data/%d" % i, b"")
zipapp.create_archive("made.zip", "%d.pyz" % number, interpreter="/usr/bin/env python3")
print(len(zipfile.ZipFile("%d.pyz" % number).infolist()))
PY
for number in 65535 65536; do
    expect "entries, by zipfile" $number "$("$(python 3.12)" make.py $number)"
    for minor in 3.8 3.12 3.13; do
        wanted=runs
        case $number$minor in
            655363.8 | 655363.12) wanted="can't find '__main__' module" ;;
        esac
        expect "$number, $minor" "$wanted" "$("$(python $minor)" $number.pyz 2>&1 | sed "s/.*\(can't .* module\).*/\1/")"
    done
done
