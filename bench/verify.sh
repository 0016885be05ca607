#!/usr/bin/env bash
# bench/verify.sh [RUNS [hash_all|audit]]: is a whole tree verified faster than it is hashed, and
# faster than auditwheel looks at its extensions? See bench/README.md.
#
# ARCHIVE is one of examples/plone6, packed before; without it, it is packed here.
# WHEELS is how many wheels auditwheel gets, the smallest of those that have extensions; without it, all.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10} only=${2:-}
python=$(.ci/python 3.13)
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}
mkdir -p "$work"

go build -o "$work/binary-buildout" .

# The tree as it lies on a server: Plone 6, built by buildout, packed, unpacked and bootstrapped.
if [ ! -e "$work/complete" ]; then
    rm -rf "$work/source" "$work/tree"
    if [ -z "${ARCHIVE:-}" ]; then
        cp -r examples/plone6 "$work/source"
        "$work/binary-buildout" pack "$work/source" --name plone6 --version 1 --python "$python" --out "$work/dist" --quiet >&2
        ARCHIVE=$(echo "$work"/dist/plone6-1-*.tar.gz)
    fi
    mkdir "$work/tree"
    tar -C "$work/tree" --strip-components=1 -xzf "$ARCHIVE"
    (cd "$work/tree" && "$python" bootstrap.py) >&2
    # The wheels of the eggs that have extensions, as they are on the index.
    find "$work/tree/eggs" -name '*.so' | sed -n 's|.*/\([^/]*\)-\([^/-]*\)-py3[^/]*\.egg/.*|\1==\2|p' | sort -u >"$work/requirements.txt"
    "$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: -d "$work/wheels" -r "$work/requirements.txt"
    touch "$work/complete"
fi

if [ ! -x "$work/auditwheel/bin/auditwheel" ]; then
    "$python" -m venv "$work/auditwheel"
    "$work/auditwheel/bin/pip" -q install auditwheel==6.8.2
fi

verify() { "$work/binary-buildout" verify --no-import "$work/tree"; }
hash_all() { (cd "$work/tree" && find . -type f -print0 | xargs -0 sha256sum); }
# The wheels that have extensions, as auditwheel wants them: one after the other.
mapfile -t wheels < <(find "$work/wheels" -name '*linux*.whl' -printf '%s %p\n' | sort -n | cut -d' ' -f2- | head -n "${WHEELS:-1000}")
audit() {
    for wheel in "${wheels[@]}"; do
        "$work/auditwheel/bin/auditwheel" show "$wheel"
    done
}
# seconds COMMAND: what a clock says, and the processors' seconds.
seconds() {
    local TIMEFORMAT='%R %U %S'
    { time "$1" >/dev/null 2>"$state/errors" || touch "$state/failed"; } 2>&1 | awk '{ print $1, $2 + $3 }'
    [ ! -e "$state/failed" ] || {
        echo "error: $1 failed" >&2
        cat "$state/errors" >&2
        return 1
    }
}
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
column() { awk "{ print $1 }" "$state/pairs" | median; }

# pairs NAME COMMAND: verify and the other in turns, after one of each for the cache.
pairs() {
    local name=$1 other=$2 run ours theirs
    state=$work/$other
    mkdir -p "$state"
    rm -f "$state/failed"
    seconds verify >/dev/null
    seconds "$other" >/dev/null
    : >"$state/pairs"
    for run in $(seq "$runs"); do
        ours=$(seconds verify) theirs=$(seconds "$other")
        echo "$ours $theirs" >>"$state/pairs"
        echo "$name, pair $run (seconds, processor seconds): $ours against $theirs" >&2
    done
    # shellcheck disable=SC2016 # awk's fields
    printf '| %s | %s (%s) | %s (%s) | %s (%s) |\n' "$name" "$(column '$1')" "$(column '$2')" "$(column '$3')" "$(column '$4')" "$(column '$3 / $1')" "$(column '$4 / $2')"
}

echo "$(find "$work/tree" -type f | wc -l) files, $(du -sm "$work/tree" | cut -f1) MB; $(find "$work/tree" -name '*.so' | wc -l) compiled files, ${#wheels[@]} of $(find "$work/wheels" -name '*linux*.whl' | wc -l) wheels"
echo "$(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg)"
echo
echo "| against | verify --no-import, s (processors' s) | the other | other / verify, median of $runs pairs |"
echo '| --- | --- | --- | --- |'
[ "$only" = audit ] || pairs 'find and sha256sum' hash_all
[ "$only" = hash_all ] || pairs 'auditwheel show' audit
