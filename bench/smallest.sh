#!/usr/bin/env bash
# bench/smallest.sh [RUNS [EXAMPLE...]]: is an archive of pack --smallest at least a quarter
# smaller than a tar.zst, and is it decompressed and installed no slower? See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10}
shift || true
python=$(.ci/python 3.13)
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}/smallest
mkdir -p "$work"
go build -o "$work/binary-buildout" .
out=$work/out

decompress() { zstd -dqc "$1" >/dev/null; }
unpack() { gzip -dc "$1" >/dev/null; }
install() {
    rm -rf "$out"
    "$work/binary-buildout" install "$1" --into "$out" --python "$python" >/dev/null 2>&1
}

# The processors' seconds of a command.
seconds() {
    TIMEFORMAT='%U %S'
    { time "$@"; } 2>&1 | awk '{ printf "%.3f", $1 + $2 }'
}

echo "# $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg), $(zstd --version | grep -o 'v[0-9.]*')"
echo 'run,example,what,plain,smallest'
for example in "${@:-plone6}"; do
    at=$work/$example
    [ -e "$at/complete" ] || {
        rm -rf "$at"
        "$work/binary-buildout" pack "examples/$example" --python "$python" --stage "$work/stage-$example" --format tar.gz --out "$at/gz" >&2
        first=$(echo "$at"/gz/*.tar.gz)
        "$work/binary-buildout" pack "examples/$example" --python "$python" --stage "$work/stage-$example" --reuse "$first" --format tar.zst --out "$at/zst" >&2
        "$work/binary-buildout" pack "examples/$example" --python "$python" --stage "$work/stage-$example" --reuse "$first" --smallest --out "$at/smallest" >&2
        touch "$at/complete"
    }
    gz=$(echo "$at"/gz/*.tar.gz) plain=$(echo "$at"/zst/*.tar.zst) smallest=$(echo "$at"/smallest/*.tar.zst)
    echo "0,$example,bytes,$(stat -c %s "$plain"),$(stat -c %s "$smallest")"
    echo "0,$example,bytes of tar.gz,$(stat -c %s "$gz"),"
    for run in $(seq "$runs"); do
        echo "$run,$example,gzip -dc of tar.gz,$(seconds unpack "$gz"),"
        for what in decompress install; do
            echo "$run,$example,$what,$(seconds "$what" "$plain"),$(seconds "$what" "$smallest")"
        done
    done
done
