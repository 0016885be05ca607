#!/usr/bin/env bash
# bench/bundle.sh [RUNS [PYTHON]]: what does the interpreter add to an archive, and to an
# install with its first bin/buildout, beside tar of its files? See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10}
python=${2:-$(.ci/python 3.13)}
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}/bundle/$("$python" -c 'import platform; print(platform.python_version())')
out=$work/out
mkdir -p "$work"
go build -o "$work/binary-buildout" .

for kind in with without; do
    [ -e "$work/$kind/complete" ] || {
        rm -rf "${work:?}/$kind"
        flag=
        [ $kind = without ] || flag=--bundle-python
        "$work/binary-buildout" pack examples/hello --python "$python" --stage "$work/stage-$kind" $flag --out "$work/$kind" >&2
        touch "$work/$kind/complete"
    }
done
with=$(echo "$work"/with/*.tar.gz) without=$(echo "$work"/without/*.tar.gz)
# The interpreter's files alone.
[ -e "$work/interpreter.tar.gz" ] || {
    rm -rf "$work/unpacked"
    mkdir "$work/unpacked"
    tar -xzf "$with" -C "$work/unpacked" --strip-components=1
    tar -C "$work/unpacked" -czf "$work/interpreter.tar.gz" "$(cd "$work/unpacked" && echo python-*)"
}

# PyInstaller's directory of bin/hello, with the same distributions: the peer that can be had.
peer=$work/pyinstaller.tar.gz
[ -e "$peer" ] || {
    rm -rf "${work:?}/peer"
    "$python" -m venv "$work/peer/env"
    "$work/peer/env/bin/pip" -q install pyinstaller==6.22.3 MarkupSafe==3.0.3
    cp -R examples/hello/src/hello "$work/peer/source" # pip builds in the directory that it is given
    "$work/peer/env/bin/pip" -q install "$work/peer/source"
    (
        cd "$work/peer"
        echo 'import hello; hello.main()' >start.py
        ./env/bin/pyinstaller --log-level ERROR --onedir --strip --name hello start.py
    )
    tar -C "$work/peer/dist" -czf "$peer" hello
}

size() { stat -c %s "$1"; }
echo "# $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg); bytes: with $(size "$with"), without $(size "$without"), the interpreter adds $(($(size "$with") - $(size "$without"))); PyInstaller's directory of bin/hello $(size "$peer")"

with_install() { "$work/binary-buildout" install "$with" --into "$out" && "$out/bin/buildout"; }
without_install() { "$work/binary-buildout" install "$without" --into "$out" --python "$python" && "$out/bin/buildout"; }
pyinstaller_install() { mkdir "$out" && tar -xzf "$peer" -C "$out" && "$out/hello/hello" World; }
tar_interpreter() { mkdir "$out" && tar -xzf "$work/interpreter.tar.gz" -C "$out"; }

echo 'run,command,seconds,processor'
for run in $(seq 0 "$runs"); do
    for command in with_install without_install tar_interpreter pyinstaller_install; do
        rm -rf "$out"
        TIMEFORMAT='%R %U %S'
        said=$({ time "$command" >"$work/said" 2>&1; } 2>&1) || { cat "$work/said" >&2 && exit 1; }
        [ "$run" = 0 ] || echo "$said" | awk -v run="$run" -v name="$command" '{ printf "%s,%s,%s,%.3f\n", run, name, $1, $2 + $3 }'
    done
done
