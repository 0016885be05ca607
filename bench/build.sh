#!/usr/bin/env bash
# bench/build.sh [RUNS [EXAMPLE...]]: how long does a build from nothing take, and a
# whole pack, beside plain bin/buildout (zc.buildout 5.2.0 in a virtual environment)?
# The examples are zope and plone6. An index on loopback has the wheels, and both run
# in turns. See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-5}
[ $# -lt 1 ] || shift
[ $# -gt 0 ] || set -- zope plone6
python=$(.ci/python 3.13)
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}/build
cache=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}/bench/index
mkdir -p "$work" "$cache"
go build -o "$work/binary-buildout" .
go build -o "$work/index" ./bench/index
export PIP_DISABLE_PIP_VERSION_CHECK=1

# meter FILE CMD...: appends seconds, processors' seconds, and MB read and written (with what the page cache has).
meter() {
    "$python" - "$@" <<'PY'
import resource, subprocess, sys, time
begin = time.time()
code = subprocess.call(sys.argv[2:], stdout=open(sys.argv[1] + ".said", "w"), stderr=subprocess.STDOUT)
wall, use = time.time() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
io = dict(line.split(": ") for line in open("/proc/self/io").read().splitlines())
with open(sys.argv[1], "a") as f:
    f.write("%.2f %.2f %.0f %.0f\n" % (wall, use.ru_utime + use.ru_stime, int(io["rchar"]) / 1e6, int(io["wchar"]) / 1e6))
sys.exit(code)
PY
}

median() { sort -g -k "$2,$2" "$1" | awk -v column="$2" '{ v[NR] = $column } END { print v[int((NR + 1) / 2)] }'; }

# checkout EXAMPLE DIR: its files, with the index of this run.
checkout() {
    rm -rf "$2"
    cp -r "examples/$1" "$2"
    sed -i "s#^\[buildout\]#&\nindex = $url#" "$2/buildout.cfg"
}

plain() { # EXAMPLE
    checkout "$1" "$work/plain"
    "$python" -m venv "$work/plain/venv"
    sed -n 's/^\(setuptools\|pip\|wheel\|packaging\|zc.buildout\) = \(.*\)/\1==\2/p' "examples/$1/versions.cfg" >"$work/tools.txt"
    PIP_INDEX_URL=$url "$work/plain/venv/bin/python" -m pip -q install -r "$work/tools.txt"
    (cd "$work/plain" && "${@:2}" venv/bin/buildout -U)
}

pack() { # EXAMPLE
    checkout "$1" "$work/checkout"
    PIP_INDEX_URL=$url "${@:2}" "$work/binary-buildout" pack "$work/checkout" --name "bench-$1" --python "$python" --out "$work/dist"
}

processes() { # COMMAND EXAMPLE: how many programs it starts
    "$1" "$2" strace -f -qq -e trace=execve -o "$work/calls" >/dev/null 2>&1
    grep -c ' = 0$' "$work/calls"
}

for example; do
    [ -e "$cache/$example.complete" ] || {
        sed -n 's/^\([A-Za-z0-9_.-]*\) = \([0-9][^ ]*\)$/\1==\2/p' "examples/$example/versions.cfg" >"$work/requirements.txt"
        "$python" -m pip download -q --no-deps --only-binary=:all: -d "$cache" -r "$work/requirements.txt"
        touch "$cache/$example.complete"
    }
done
rm -rf "$work/wheels"
mkdir "$work/wheels"
ln -s "$cache"/*.whl "$work/wheels"
coproc "$work/index" "$work/wheels"
# shellcheck disable=SC2154 # coproc sets it
server=$COPROC_PID
trap 'kill "$server"' EXIT
read -r url <&"${COPROC[0]}"

echo "$(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1 /proc/loadavg)"
printf '| example | plain | build | whole pack | processors, pack / plain | programs started | read | written |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n'
for example; do
    rm -f "$work"/*.times
    for run in $(seq "$runs"); do
        plain "$example" meter "$work/plain.times"
        pack "$example" meter "$work/pack.times"
        awk '/^  done in /{print $3; exit}' "$work/pack.times.said" >>"$work/built.times"
        echo "$example $run: plain $(tail -n 1 "$work/plain.times"), pack $(tail -n 1 "$work/pack.times"), of that the build $(tail -n 1 "$work/built.times")" >&2
    done
    awk -v name="$example" -v p="$(median "$work/plain.times" 1)" -v b="$(median "$work/built.times" 1)" -v w="$(median "$work/pack.times" 1)" \
        -v pc="$(median "$work/plain.times" 2)" -v wc="$(median "$work/pack.times" 2)" -v pr="$(median "$work/plain.times" 3)" -v wr="$(median "$work/pack.times" 3)" \
        -v pw="$(median "$work/plain.times" 4)" -v ww="$(median "$work/pack.times" 4)" -v pn="$(processes plain "$example")" -v wn="$(processes pack "$example")" \
        'BEGIN { printf "| %s | %.1f s | %.1f s = %.2f | %.1f s = %.2f | %.1f / %.1f s = %.2f | %d / %d | %d / %d MB | %d / %d MB |\n",
            name, p, b, b / p, w, w / p, wc, pc, wc / pc, wn, pn, wr, pr, ww, pw }'
done
