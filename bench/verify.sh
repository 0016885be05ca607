#!/usr/bin/env bash
# bench/verify.sh [RUNS [hash_all|audit]]: is a whole tree verified faster than it is hashed, and
# faster than auditwheel looks at its extensions? See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10} only=${2:-}
python=$(.ci/python 3.13)
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}
cache=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}/bench
mkdir -p "$work" "$cache"

go build -o "$work/binary-buildout" .

# A tree as pack leaves it: zc.buildout, and each pin of examples/plone6 as an
# egg, from its wheel, with bytecode.
if [ ! -e "$work/complete" ]; then
    rm -rf "$work/source" "$work/tree"
    mkdir -p "$work/source" "$cache/wheels"
    cp examples/plone6/versions.cfg "$work/source/"
    printf '[buildout]\nextends = versions.cfg\nparts =\n' >"$work/source/buildout.cfg"
    "$work/binary-buildout" pack "$work/source" --name bench --version 1 --stage "$work/stage" --python "$python" --out "$work/dist" --quiet >&2
    tar -C "$work" -xzf "$work"/dist/bench-1-*.tar.gz
    mv "$work/bench-1" "$work/tree"
    (cd "$work/tree" && "$python" bootstrap.py) >&2
    sed -n 's/^\([A-Za-z0-9_.-]*\) = \([0-9][^ ]*\)$/\1==\2/p' examples/plone6/versions.cfg >"$work/requirements.txt"
    [ -e "$cache/complete" ] || {
        "$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: -d "$cache/wheels" -r "$work/requirements.txt"
        touch "$cache/complete"
    }
    for wheel in "$cache"/wheels/*.whl; do
        name=$(basename "$wheel")
        version=${name#*-}
        egg=$work/tree/eggs/${name%%-*}-${version%%-*}-py3.13.egg
        [ -e "$egg" ] || unzip -q "$wheel" -d "$egg"
    done
    "$python" -m compileall -qq "$work/tree/eggs" || true # some files are for other Pythons
    touch "$work/complete"
fi

if [ ! -x "$work/auditwheel/bin/auditwheel" ]; then
    "$python" -m venv "$work/auditwheel"
    "$work/auditwheel/bin/pip" -q install auditwheel==6.8.2
fi

verify() { "$work/binary-buildout" verify --no-import "$work/tree"; }
hash_all() { (cd "$work/tree" && find . -type f -print0 | xargs -0 sha256sum); }
# The wheels that have extensions, as auditwheel wants them: one after the other.
audit() {
    for wheel in "$cache"/wheels/*linux*.whl; do
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

echo "$(find "$work/tree" -type f | wc -l) files, $(du -sm "$work/tree" | cut -f1) MB; $(find "$work/tree" -name '*.so' | wc -l) compiled files"
echo "$(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg)"
echo
echo "| against | verify --no-import, s (processors' s) | the other | other / verify, median of $runs pairs |"
echo '| --- | --- | --- | --- |'
[ "$only" = audit ] || pairs 'find and sha256sum' hash_all
[ "$only" = hash_all ] || pairs 'auditwheel show' audit
