#!/usr/bin/env bash
# scale.sh [files|bytes ...]: how do time and memory grow with the number of files
# of a tree, and with the size of a file in it? The measurements go to standard
# output, as CSV; bench/scale.py says how each grows, and plots it.
#
#   files   trees of 1, 4, 16 and 64 times 7,800 files (FACTORS), four times
#           examples/hello's; the largest has 499,200, and needs 5 GB for two trees
#   bytes   a tree of one file that doesn't compress, of 64 MiB and 4, 16 and 64 times
#           that (SIZES, in MiB); three times its size has to be free
#
# Each is archived (scanned, hashed, relocated, compressed: bench/archive), verified
# without imports, and installed; then the delta to a tree with one changed egg is
# made, unpacked by tar, and applied by bootstrap.py. What is measured of a step is
# its seconds, its processors' seconds and its largest process.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- files bytes
read -ra factors <<<"${FACTORS:-1 4 16 64}"
read -ra sizes <<<"${SIZES:-64 256 1024 4096}"
python=${PYTHON:-$(.ci/python 3.13)}
python=$("$python" -c 'import sys; print(sys.executable)')
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}/scale
mkdir -p "$work"
go build -o "$work/binary-buildout" .
go build -o "$work/archive" ./bench/archive
go build -o "$work/delta" ./bench/delta

# meter KIND FACTOR STEP CMD...: writes a line of what the command took.
meter() {
    "$python" - "$@" <<'END'
import resource, subprocess, sys, time
begin = time.time()
code = subprocess.call(sys.argv[4:], stdout=subprocess.DEVNULL)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print("%s,%s,%s,%.3f,%.3f,%.1f" % (*sys.argv[1:4], time.time() - begin, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024), flush=True)
sys.exit(code)
END
}

# tree KIND FACTOR DIR: eggs of 100 small files each, which differ; or one file.
tree() {
    "$python" - "$@" <<'END'
import os, random, sys
kind, factor, top = sys.argv[1], int(sys.argv[2]), sys.argv[3]
r = random.Random(1)
for number in range(78 * factor if kind == "files" else 1):
    egg = os.path.join(top, "eggs", "part%d-1.0-py3.13.egg" % number)
    os.makedirs(os.path.join(egg, "EGG-INFO"))
    with open(os.path.join(egg, "EGG-INFO", "PKG-INFO"), "w") as f:
        f.write("Metadata-Version: 2.1\nName: part%d\nVersion: 1.0\n" % number)
    for module in range(99):
        with open(os.path.join(egg, "module%d.py" % module), "w") as f:
            f.writelines("value_%d = %d\n" % (line, r.getrandbits(32)) for line in range(8))
if kind == "bytes":
    with open(os.path.join(egg, "data.bin"), "wb") as f:
        for _ in range(factor):
            f.write(r.randbytes(1 << 20))
END
}

grown() { # KIND FACTOR
    local d=$work/tree
    rm -rf "$d" && mkdir -p "$d/stage"
    tree "$1" "$2" "$d/stage"
    "$work/archive" "$d/stage" "$python" "$d/base.tar.gz" >/dev/null 2>&1
    echo 'changed = True' >>"$d/stage/eggs/part0-1.0-py3.13.egg/module0.py"
    meter "$1" "$2" archive "$work/archive" "$d/stage" "$python" "$d/next.tar.gz" 2>/dev/null
    rm -rf "$d/stage"
    meter "$1" "$2" delta "$work/delta" "$d/base.tar.gz" "$d/next.tar.gz" "$d/delta"
    rm "$d/next.tar.gz"
    meter "$1" "$2" install "$work/binary-buildout" install --quiet --python "$python" --into "$d/tree" "$d/base.tar.gz"
    rm "$d/base.tar.gz"
    meter "$1" "$2" verify "$work/binary-buildout" verify --no-import "$d/tree"
    tar -xzf "$d/delta" -C "$d/tree"
    meter "$1" "$2" update "$python" "$d/tree/bootstrap.py"
    rm -rf "$d"
}

echo "# $(date -u +%F), $(uname -sm), $(nproc) processors, Python $("$python" -c 'import platform; print(platform.python_version())')"
echo kind,factor,step,seconds,processor,mebibytes
for kind; do
    case $kind in
    files) for factor in "${factors[@]}"; do grown files "$factor"; done ;;
    bytes) for size in "${sizes[@]}"; do grown bytes "$size"; done ;;
    *) echo "error: $kind is neither files nor bytes" >&2 && exit 2 ;;
    esac
done
