#!/usr/bin/env bash
# delta.sh [PROJECT OLD NEW ...]: how large is the delta between two versions of
# an egg, beside what zstd makes of the two trees?
#
# Each tree is what a wheel has, below eggs/PROJECT-VERSION-py3.13.egg, archived
# as pack does, with bytecode. zstd gets the archives' tars, with the old one as
# its dictionary: -19 --long=27 --patch-from.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- plone.restapi 9.15.0 9.15.1 Products.CMFPlone 6.1.2 6.1.3 plone.staticresources 2.2.1 2.2.2 \
    pillow 12.1.0 12.1.1 lxml 6.0.1 6.0.2 cryptography 46.0.3 46.0.4
python=${PYTHON:-$(command -v python3.13)}
python=$("$python" -c 'import sys; print(sys.executable)')
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}/delta
mkdir -p "$work/wheels"
go build -o "$work/archive" ./bench/archive
go build -o "$work/delta" ./bench/delta

# packs one version: PROJECT VERSION
packed() {
    local to=$work/$1-$2
    if [ ! -e "$to.tar" ]; then
        rm -rf "$to"
        mkdir -p "$to/stage"
        "$python" -m pip -q --disable-pip-version-check download --no-deps --only-binary=:all: -d "$to/wheel" "$1==$2"
        mkdir -p "$to/stage/eggs/$1-$2-py3.13.egg"
        "$python" -m zipfile -e "$to"/wheel/*.whl "$to/stage/eggs/$1-$2-py3.13.egg"
        "$work/archive" "$to/stage" "$python" "$to.tar.gz" >/dev/null 2>&1
        gzip -dc "$to.tar.gz" >"$to.tar"
    fi
}

printf '| egg | whole archive | delta | zstd --patch-from | delta / zstd | making it | zstd |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n'
while [ $# -gt 0 ]; do
    packed "$1" "$2"
    packed "$1" "$3"
    old=$work/$1-$2 new=$work/$1-$3
    begin=$EPOCHREALTIME
    "$work/delta" "$old.tar.gz" "$new.tar.gz" "$work/out.delta"
    middle=$EPOCHREALTIME
    zstd -q -f -19 --long=27 --patch-from="$old.tar" "$new.tar" -o "$work/out.zst" 2>/dev/null
    end=$EPOCHREALTIME
    awk -v egg="$1 $2 to $3" -v whole="$(stat -c %s "$new.tar.gz")" -v delta="$(stat -c %s "$work/out.delta")" \
        -v zstd="$(stat -c %s "$work/out.zst")" -v begin="$begin" -v middle="$middle" -v end="$end" \
        'BEGIN { printf "| %s | %d | %d | %d | %.2f | %.1f s | %.1f s |\n", egg, whole, delta, zstd, delta / zstd, middle - begin, end - middle }'
    shift 3
done
