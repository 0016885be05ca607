#!/usr/bin/env bash
# pairs.sh [plone|cmmi|python ...]: how large is the delta between two versions of
# a whole application, how long does it take to make and to apply, with how many
# calls that write and how much memory, beside zstd and beside this repository's
# commit 93a12a4?
#
#   plone    examples/plone6's eggs, of which five were of the version before
#   cmmi     a part with libxml2, raised from Debian 11's to Debian 12's source
#   python   Debian's python3.13 of testing, and of unstable
#
# zstd gets the archives' tars, with the old one as its dictionary: -19 --long=27
# --patch-from. Both commits archive the same trees, each applies its own delta, by
# tar and bootstrap.py, and each runs RUNS times, in turns.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- plone cmmi python
python=${PYTHON:-$(command -v python3.13)}
python=$("$python" -c 'import sys; print(sys.executable)')
runs=${RUNS:-5}
work=${BENCH_DIR:-${TMPDIR:-/var/tmp}/binary-buildout-bench}/pairs
wheels=$work/wheels
mkdir -p "$wheels"

# The two commits' programs. Packages had other names at the older one.
go build -o "$work/new-archive" ./bench/archive
go build -o "$work/new-delta" ./bench/delta
if [ ! -e "$work/old-delta" ]; then
    rm -rf "$work/old"
    mkdir -p "$work/old"
    git archive 93a12a4 | tar -x -C "$work/old"
    mkdir "$work/old/bench/delta"
    sed 's#binary-buildout/binary-buildout/archive"#binary-buildout/binary-buildout/pack"#; s/archive\.WriteDelta/pack.WriteDelta/' \
        bench/delta/main.go >"$work/old/bench/delta/main.go"
    sed -i 's/Platform: "linux_x86_64"}/Platform: "linux_x86_64", Bits: 64}/' "$work/old/bench/archive/main.go"
    (cd "$work/old" && go build -o "$work/old-archive" ./bench/archive && go build -o "$work/old-delta" ./bench/delta)
fi

# meter FILE CMD...: appends seconds, processors' seconds and the largest process, MiB.
meter() {
    "$python" - "$@" <<'END'
import resource, subprocess, sys, time
begin = time.time()
code = subprocess.call(sys.argv[2:], stdout=subprocess.DEVNULL)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "a") as f:
    f.write("%.3f %.3f %.1f\n" % (time.time() - begin, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024))
sys.exit(code)
END
}

median() { sort -g -k "$2,$2" "$1" | awk -v column="$2" '{ v[NR] = $column } END { print v[int((NR + 1) / 2)] }'; }

wheel() { # PIN...
    local pin
    for pin; do
        [ -e "$wheels/$pin" ] || {
            "$python" -m pip -q --disable-pip-version-check download --no-deps --only-binary=:all: -d "$wheels/$pin.part" "$pin" && mv "$wheels/$pin.part" "$wheels/$pin"
        } || echo "no wheel of $pin" >&2
    done
}

egg() { # PIN STAGE
    local to=$2/eggs/${1%%==*}-${1##*==}-py3.13.egg file
    for file in "$wheels/$1"/*.whl; do
        if [ -e "$file" ]; then mkdir -p "$to" && "$python" -m zipfile -e "$file" "$to"; fi
    done
}

pins() { sed -n '/^\[versions\]/,$p' examples/plone6/versions.cfg | sed -n 's/^\([A-Za-z0-9._-]*\) *= *\([^ ]*\) *$/\1==\2/p'; }
before="Products.CMFPlone==6.2.1 plone.restapi==10.0.3 plone.staticresources==3.0.8 plone.api==3.0.2 plonetheme.barceloneta==4.1.0"

plone() { # a|b STAGE
    local pin old
    for pin in $(pins); do
        wheel "$pin"
        old=''
        for o in $before; do
            if [ "$1" = a ] && [ "${o%%==*}" = "${pin%%==*}" ]; then old=$o; fi
        done
        if [ -n "$old" ]; then wheel "$old"; fi
        egg "${old:-$pin}" "$2"
    done 2>/dev/null
}

# shellcheck disable=SC2016 # for apt-get
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$' | sed 's#/*$##'; }
# source_of SUITE PACKAGE: unpacks Debian's copy of the upstream source here.
source_of() {
    local at
    at=$(curl -fsS "$(mirror)/dists/$1/main/source/Sources.xz" | xz -dc |
        awk -v p="$2" '/^Package: /{ok = $2 == p} ok && /^Directory: /{d = $2} ok && / [^ ]*\.orig\.tar\./{f = $3} ok && /^$/ && d {print d "/" f; exit}')
    curl -fsS "$(mirror)/$at" | tar -xJ --strip-components=1
}

cmmi() {
    local suite=bullseye
    [ "$1" = a ] || suite=bookworm
    wheel lxml==6.0.2 PyYAML==6.0.3 zope.interface==8.0.1
    egg lxml==6.0.2 "$2"
    egg PyYAML==6.0.3 "$2"
    egg zope.interface==8.0.1 "$2"
    rm -rf "$work/source"
    mkdir -p "$work/source"
    (cd "$work/source" && source_of "$suite" libxml2 &&
        if [ ! -e configure ]; then NOCONFIGURE=1 ./autogen.sh; fi &&
        ./configure --prefix="$2/parts/libxml2" --without-python --without-lzma && make -j2 && make install) >"$work/cmmi-$1.log" 2>&1
    rm -rf "$work/source"
}

python() {
    local suite=testing package
    [ "$1" = a ] || suite=unstable
    mkdir -p "$2/eggs/python"
    curl -fsS "$(mirror)/dists/$suite/main/binary-amd64/Packages.xz" | xz -dc >"$work/Packages"
    for package in python3.13-minimal libpython3.13-minimal libpython3.13-stdlib; do
        awk -v p="$package" '/^Package: /{ok = $2 == p} ok && /^Version: /{print p, $2 > "/dev/stderr"} ok && /^Filename: /{print $2}' "$work/Packages" |
            while read -r file; do curl -fsS -o "$work/one.deb" "$(mirror)/$file" && dpkg-deb -x "$work/one.deb" "$2/eggs/python"; done
    done
    rm -rf "$work/one.deb" "$work/Packages" "$2/eggs/python/usr/share" "$2/eggs/python/etc"
    # What leads out of the package's own directories is Debian's, not an interpreter's.
    find "$2/eggs/python" -type l -lname '/*' -delete
}

packed() { # NAME
    local v stage=$work/$1/stage
    if [ -e "$work/$1/done" ]; then return; fi
    for v in a b; do
        rm -rf "$stage"
        mkdir -p "$stage"
        "$1" "$v" "$stage"
        for which in old new; do "$work/$which-archive" "$stage" "$python" "$work/$1/$v.$which.tar.gz" 2>/dev/null >/dev/null; done
        gzip -dc "$work/$1/$v.new.tar.gz" >"$work/$1/$v.tar"
    done
    rm -rf "$stage"
    touch "$work/$1/done"
}

# installed NAME old|new: a tree with the base and the delta unpacked.
installed() {
    rm -rf "$work/tree" "$work/unpacked"
    mkdir "$work/unpacked"
    tar -xzf "$work/$1/a.$2.tar.gz" -C "$work/unpacked"
    mv "$work"/unpacked/* "$work/tree"
    "$python" "$work/tree/bootstrap.py" >/dev/null
    tar -xzf "$work/$1/$2.delta" -C "$work/tree"
    sync
}

calls=open,openat,creat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,chmod,fchmod,fchmodat,truncate,ftruncate,fsync,utime,utimensat,write
# writes LOG: the calls that write, below the tree.
writes() { awk '/= -1 /{next} /open|creat/{if (/O_WRONLY|O_RDWR|O_CREAT/) n++; next} /write\(/{if (!/write\([0-2],/) n++; next} {n++} END{print n + 0}' "$1"; }

measured() { # NAME
    local d=$work/$1 which
    rm -f "$d"/*.making "$d"/*.applying
    for _ in $(seq "$runs"); do
        for which in old new; do
            meter "$d/$which.making" "$work/$which-delta" "$d/a.$which.tar.gz" "$d/b.$which.tar.gz" "$d/$which.delta"
        done
    done
    for _ in $(seq "$runs"); do
        for which in old new; do
            installed "$1" "$which"
            meter "$d/$which.applying" "$python" "$work/tree/bootstrap.py"
        done
    done
    for which in old new; do
        installed "$1" "$which"
        strace -f -qq -o "$d/$which.calls" -e "trace=$calls" "$python" "$work/tree/bootstrap.py" >/dev/null
        writes "$d/$which.calls" >"$d/$which.writes"
    done
    zstd -q -f -19 --long=27 --patch-from="$d/a.tar" "$d/b.tar" -o "$d/zst" 2>/dev/null
    rm -rf "$work/tree" "$work/unpacked"
}

row() { # NAME
    local d=$work/$1
    awk -v name="$1" -v whole="$(stat -c %s "$d/b.new.tar.gz")" -v old="$(stat -c %s "$d/old.delta")" -v new="$(stat -c %s "$d/new.delta")" -v zst="$(stat -c %s "$d/zst")" \
        -v mo="$(median "$d/old.making" 2)" -v mn="$(median "$d/new.making" 2)" -v ao="$(median "$d/old.applying" 2)" -v an="$(median "$d/new.applying" 2)" \
        -v ro="$(median "$d/old.applying" 3)" -v rn="$(median "$d/new.applying" 3)" -v rm="$(median "$d/new.making" 3)" -v wo="$(cat "$d/old.writes")" -v wn="$(cat "$d/new.writes")" \
        'BEGIN { printf "| %s | %d | %d | %d | %d | %.2f | %.2f / %.2f s = %.1f | %.2f / %.2f s = %.2f | %d / %d | %.0f / %.0f MiB | %.0f MiB |\n",
            name, whole, old, new, zst, new / zst, mn, mo, mn / mo, an, ao, an / ao, wn, wo, rn, ro, rm }'
}

printf '| pair | whole archive | delta at 93a12a4 | delta | zstd | delta / zstd | making it, beside 93a12a4 | applying it | calls that write | memory of applying | of making |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n'
for name; do
    packed "$name"
    measured "$name"
    row "$name"
done
