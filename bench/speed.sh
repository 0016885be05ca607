#!/usr/bin/env bash
# bench/speed.sh [RUNS [PEER_RUNS]]: how long does it take to install and to archive a
# Plone, beside tar, pigz, venv-pack and pex? The measurements go to standard
# output, as CSV; bench/plot.py makes the table and the plot. See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10} peers=${2:-3}
python=$(.ci/python 3.13)
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}/speed
cache=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}/bench
out=${BENCH_OUT:-$work/out}
mkdir -p "$work" "$cache/wheels"
go build -o "$work/binary-buildout" .
go build -o "$work/archive" ./bench/archive

# The Plone of examples/plone6: its archive, and the stage that it was built in.
[ -e "$work/dist/complete" ] || {
    "$work/binary-buildout" pack examples/plone6 --python "$python" --out "$work/dist" >&2
    touch "$work/dist/complete"
}
archive=$(echo "$work"/dist/plone6-*.tar.gz)
stage=$(echo /var/tmp/binary-buildout/plone6_*)
[ -e "$stage/.installed.cfg" ] || {
    echo "error: the stage of examples/plone6 is gone; remove $work/dist to build it again" >&2
    exit 1
}
# An installed one, in which bin/buildout runs in place.
[ -e "$work/inplace/bin/buildout" ] || {
    "$work/binary-buildout" install "$archive" --into "$work/inplace" --python "$python" >&2
    "$work/inplace/bin/buildout" >&2
}

# The same distributions in a virtual environment, from wheels.
if [ ! -e "$work/venv.complete" ]; then
    sed -n 's/^\([A-Za-z0-9_.-]*\) = \([0-9][^ ]*\)$/\1==\2/p' examples/plone6/versions.cfg >"$work/requirements.txt"
    "$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: -d "$cache/wheels" -r "$work/requirements.txt"
    rm -rf "$work/venv" "$work/tools"
    "$python" -m venv "$work/venv"
    "$work/venv/bin/pip" -q install --disable-pip-version-check --no-deps --no-index -f "$cache/wheels" -r "$work/requirements.txt"
    "$python" -m venv "$work/tools"
    "$work/tools/bin/pip" -q install --disable-pip-version-check venv-pack==0.2.0 pex==2.105.2 setuptools==80.9.0
    touch "$work/venv.complete"
fi

# What is measured. Each command makes $out, which is removed before it.
ours_install() {
    "$work/binary-buildout" install "$archive" --into "$out" --python "$python"
    "$out/bin/buildout"
}
tar_buildout() {
    mkdir "$out"
    tar -xzf "$archive" -C "$out"
    "$work/inplace/bin/buildout"
}
venvpack_install() {
    mkdir "$out"
    tar -xzf "$work/venv.tar.gz" -C "$out"
    "$out/bin/python" -c 'import plone'
}
pex_install() {
    PEX_ROOT=$out "$python" "$work/plone.pex" -c 'import plone'
}
ours_archive() { "$work/archive" "$stage" "$python" "$out"; }
# The same files: pack leaves out the stage's bytecode, var and its own notes.
tar_pigz() { tar -C "$stage" --exclude=__pycache__ --exclude='*.pyc' --exclude=./.binary-buildout --exclude=./var -cf - . | pigz >"$out"; }
venvpack_archive() { "$work/tools/bin/venv-pack" -q -p "$work/venv" -o "$out.tar.gz" --force; }
pex_archive() {
    PEX_ROOT=$work/pex-root "$work/tools/bin/pex" --venv-repository "$work/venv" --intransitive -r "$work/requirements.txt" -o "$out"
}

# measure RUN COMMAND: one line of the CSV.
measure() {
    local TIMEFORMAT='%R %U %S' said
    rm -rf "$out" "$out.tar.gz"
    sync
    said=$({ time "$2" >"$work/said" 2>&1 || touch "$work/failed"; } 2>&1)
    [ ! -e "$work/failed" ] || {
        rm "$work/failed"
        echo "error: $2 failed" >&2
        cat "$work/said" >&2
        exit 1
    }
    [ "$1" = 0 ] || echo "$said" | awk -v run="$1" -v name="$2" '{ printf "%s,%s,%s,%.3f\n", run, name, $1, $2 + $3 }'
    echo "run $1, $2: $said" >&2
}

venvpack_archive && mv "$out.tar.gz" "$work/venv.tar.gz"
measure 0 pex_archive >&2
mv "$out" "$work/plone.pex"

echo "# written to $(df --output=fstype "$(dirname "$out")" | tail -n 1); $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg)"
echo "# $(find "$stage" -type f | wc -l) files built, $(du -sm "$stage" | cut -f1) MB; $(tar -tzf "$archive" | wc -l) entries in $(stat -c %s "$archive") bytes"
echo 'run,command,seconds,processor'
# Round 0 fills the caches and doesn't count. The peers take part in the first rounds.
for run in $(seq 0 "$runs"); do
    for command in ours_install tar_buildout ours_archive tar_pigz; do
        measure "$run" "$command"
    done
    if [ "$run" = 0 ] || [ "$run" -gt "$peers" ]; then continue; fi
    for command in venvpack_install pex_install venvpack_archive pex_archive; do
        measure "$run" "$command"
    done
done
