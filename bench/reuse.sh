#!/usr/bin/env bash
# bench/reuse.sh [RUNS [EXAMPLE...]]: what does pack --reuse take when one egg's
# version was raised, beside a build from nothing? See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-3}
if [ $# -gt 1 ]; then shift; else set -- zope cmmi; fi
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench-reuse}
mkdir -p "$work"
go build -o "$work/binary-buildout" .

python_of() { case $1 in zope) .ci/python 3.13 ;; cmmi) .ci/python 3.11 ;; esac }
# raise EXAMPLE DIR FROM TO: one egg's version.
raise() {
    case $1 in
    zope) sed -i "s/^pytz = .*/pytz = $3/" "$2/versions.cfg" ;;
    cmmi) sed -i "s/version=\"[^\"]*\"/version=\"$3\"/" "$2/src/yamlversion/setup.py" ;;
    esac
}
# pack NAME EXAMPLE DIR ARGUMENT...: one line: seconds of the step that builds,
# of the whole pack, and the processors' seconds of the whole.
pack() {
    local name=$1 example=$2 dir=$3 TIMEFORMAT='%R %U %S'
    shift 3
    { time "$work/binary-buildout" pack "$dir" --name "bench-$example" --python "$(python_of "$example")" \
        --stage "$work/stage-$example" "$@" >"$work/out" 2>"$work/said"; } 2>"$work/time" || {
        echo "error: $name of $example failed" >&2
        cat "$work/said" "$work/time" >&2
        return 1
    }
    echo "$(sed -n 's/^  done in \(.*\) s$/\1/p' "$work/said" | head -n 1) $(awk '{ print $1, $2 + $3 }' "$work/time")"
    compiler=$(wc -l <"$work/stage-$example.log/compiler.jsonl")
    echo "$name of $example: $(tail -n 1 "$work/time") s, $compiler compiler calls" >&2
}
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
column() { awk "{ print \$$1 }" "$2" | median; }

echo "$(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg)"
echo
echo "| example | build from nothing, s | with --reuse, s | ratio | whole pack, s (processors' s) | with --reuse | compiler calls | with --reuse |"
echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
for example; do
    rm -rf "${work:?}/$example" "$work/dist-$example"
    cp -r "examples/$example" "$work/$example"
    case $example in zope) old=2025.2 new=2026.1.post1 ;; *) old=1.0 new=1.1 ;; esac
    raise "$example" "$work/$example" "$old"
    : >"$work/full"
    : >"$work/reused"
    for run in $(seq "$runs"); do
        pack "from nothing, $run" "$example" "$work/$example" --version 1 --out "$work/dist-$example" >>"$work/full"
        calls=$(wc -l <"$work/stage-$example.log/compiler.jsonl")
    done
    raise "$example" "$work/$example" "$new"
    last=$(find "$work/dist-$example" -name '*.tar.gz')
    for run in $(seq "$runs"); do
        pack "reused, $run" "$example" "$work/$example" --version 2 --out "$work/dist-$example" --reuse "$last" >>"$work/reused"
    done
    few=$(wc -l <"$work/stage-$example.log/compiler.jsonl")
    printf '| %s | %s | %s | %s | %s (%s) | %s (%s) | %s | %s |\n' "$example" "$(column 1 "$work/full")" "$(column 1 "$work/reused")" \
        "$(awk -v a="$(column 1 "$work/reused")" -v b="$(column 1 "$work/full")" 'BEGIN { printf "%.3f", a / b }')" \
        "$(column 2 "$work/full")" "$(column 3 "$work/full")" "$(column 2 "$work/reused")" "$(column 3 "$work/reused")" "$calls" "$few"
done
