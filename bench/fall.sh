#!/usr/bin/env bash
# bench/fall.sh OLD NEW [RUNS]: has NEW lost a fifth of OLD's speed?
# Both are directories with the programs binary-buildout and archive (bench/archive). In each
# round they verify, archive and install the same tree in turns. The exit code is 1 if
# the median of NEW's ratio to OLD, in processors' seconds, is above 1.25.
#
# TREE is a stage, and ARCHIVE what was packed from it; without them, NEW packs examples/zope.
set -euo pipefail
old=$(cd "$1" && pwd) new=$(cd "$2" && pwd) runs=${3:-9}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-$(.ci/python 3.13)}
if [ -z "${TREE:-}" ]; then
    TREE=$work/stage
    "$new/binary-buildout" pack examples/zope --stage "$TREE" --python "$python" --out "$work/dist" --quiet >&2
    ARCHIVE=$(echo "$work"/dist/*.tar.gz)
fi
[ -n "${METER:-}" ] || "$new/binary-buildout" install "$ARCHIVE" --into "$work/tree" --python "$python" >&2

# shellcheck disable=SC2317 # cost runs these three
verify() { "$1/binary-buildout" verify --no-import "$work/tree"; }
# shellcheck disable=SC2317
archive() { "$1/archive" "$TREE" "$python" "$work/out.tar.gz"; }
# shellcheck disable=SC2317
install() { "$1/binary-buildout" install "$ARCHIVE" --into "$work/installed" --python "$python"; }

# cost NAME DIRECTORY: the processors' seconds. METER is a program that says them instead, for the test of this one.
cost() {
    local TIMEFORMAT='%U %S'
    if [ -n "${METER:-}" ]; then
        "$METER" "$@"
        return
    fi
    rm -rf "$work/installed"
    { time "$@" >"$work/said" 2>&1 || touch "$work/failed"; } 2>&1 | awk '{ print $1 + $2 }'
    if [ -e "$work/failed" ]; then
        cat "$work/said" >&2
        exit 2
    fi
}

fell=0
printf '| what | NEW / OLD, median of %d | |\n| --- | --- | --- |\n' "$runs"
for what in verify archive install; do
    cost "$what" "$old" >"$work/first" # these two fill the caches
    cost "$what" "$new" >"$work/first"
    for ((run = 0; run < runs; run++)); do
        printf '%s %s\n' "$(cost "$what" "$old")" "$(cost "$what" "$new")"
    done | awk 'NF == 2 && $1 > 0 { print $2 / $1 }' | sort -g >"$work/ratios"
    ratio=$(awk '{ v[NR] = $1 } END { if (NR) printf "%.2f", v[int((NR + 1) / 2)] }' "$work/ratios")
    verdict=$(awk -v r="$ratio" 'BEGIN { print (r == "" ? "not measured" : (r > 1.25 ? "a fifth slower" : "")) }')
    [ -z "$verdict" ] || fell=1
    printf '| %s | %s | %s |\n' "$what" "$ratio" "$verdict"
done
exit "$fell"
