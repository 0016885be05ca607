# machines.sh: examples/hello on processors that this machine emulates, packed,
# proved, installed, moved, and verified here, on x86_64.
#
#   bash -euo pipefail .ci/machines.sh              the one that is due today, by rotation
#   bash -euo pipefail .ci/machines.sh all          each of them, on arm64 examples/cmmi too
#   bash -euo pipefail .ci/machines.sh arm64        one, examples/cmmi on arm64 too
#
# The program is built for that processor, and runs with all else in a Debian root
# under qemu-user. That knows no namespaces: the proof's isolation is by convention.

# Debian's name, qemu's, Go's, the platform tag's, the suite, and the byte order. Each
# has passed whole, as README's table says. This machine runs i386 itself: there, the
# kernel has 64 bits and the Python 32, as in many a Raspberry Pi. musl is its own way.
machines='arm64:aarch64:arm64:aarch64:bookworm:little
s390x:s390x:s390x:s390x:bookworm:big
riscv64:riscv64:riscv64:riscv64:trixie:little
ppc64el:ppc64le:ppc64le:ppc64le:bookworm:little
armhf:arm:arm:armv7l:bookworm:little
i386::386:i686:bookworm:little
musl:'

case ${1:-rotation} in
all) chosen=$machines ;;
rotation)
    count=$(echo "$machines" | wc -l)
    day=$(($(date +%s) / 86400))
    chosen=$(echo "$machines" | sed -n "$((day % count + 1))p")
    echo "today's machine: ${chosen%%:*} (day $day modulo $count; \".ci/run machines\" runs each)"
    ;;
*) chosen=$(echo "$machines" | grep "^$1:") || {
    echo "error: no machine $1; there are $(echo "$machines" | cut -d: -f1 | paste -sd' ')" >&2
    exit 1
} ;;
esac

# without WORDS is what this machine can't have.
without() {
    echo "skipped, nothing is emulated: $1"
    exit 0
}

fail() {
    echo "error: $1" >&2
    exit 1
}

# The tests' own Python on musl, from setup.sh.
musl() {
    BINARY_BUILDOUT_MUSL=1 go test ./examples/acceptance/musl -count=1 -v
}
case $chosen in
*musl:)
    musl
    chosen=$(echo "$chosen" | sed '$d')
    [ -n "$chosen" ] || exit 0
    ;;
esac

[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || without "this is written for Linux on x86_64"
[ "$(id -u)" -eq 0 ] || without "chroot and binfmt_misc need root"
missing=
[ -e /usr/bin/qemu-s390x-static ] || missing="$missing qemu-user-static"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || without "the packages$missing are missing, and there is no apt-get"
    apt-get -qq update
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing >/dev/null
fi
binfmt=/proc/sys/fs/binfmt_misc
[ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt 2>/dev/null || without "binfmt_misc can't be mounted on $binfmt"
[ -w $binfmt/register ] || without "$binfmt/register can't be written"

work=$(mktemp -d /var/tmp/machines.XXXXXX)
# shellcheck disable=SC2329 # the trap's
clean() {
    umount "$work/root/proc" 2>/dev/null || :
    rm -rf --one-file-system "$work"
}
trap clean EXIT

# inside COMMAND runs it in the root, by its shell.
inside() {
    env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1 chroot "$work/root" sh -ec "$1"
}

# logged COMMAND runs it inside, and shows what it said if it fails.
logged() {
    inside "$1" >"$work/log" 2>&1 || {
        tail -n 40 "$work/log" >&2
        fail "$debian: $1"
    }
}

# rooted copies the root of the machine, and gives it this machine's way to the network.
rooted() {
    local from name=$suite-$debian packages='python3 python3-dev gcc libc6-dev'
    if [ "$compiles" = cmmi ]; then name=$name-cmmi packages="$packages make autoconf automake libtool"; fi
    # shellcheck disable=SC2086 # a list of words
    from=$(bash -euo pipefail .ci/debian-root.sh "$suite/$debian" "$name" $packages)
    cp -a --one-file-system "$from" "$work/root"
    mount -t proc proc "$work/root/proc"
    mkdir -p "$work/root/etc/ssl/certs"
    cp -L /etc/resolv.conf "$work/root/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
    [ ! -e /etc/pip.conf ] || cp -L /etc/pip.conf "$work/root/etc/pip.conf"
    CGO_ENABLED=0 GOARCH=$arch go build -o "$work/root/usr/local/bin/binary-buildout" .
}

# packed EXAMPLE CONFIG packs and proves it there, and verifies the archive here.
packed() {
    local begin=$SECONDS archive
    logged "cd /srv/$1 && binary-buildout pack --config $2 --name $1 --version 1 --python /usr/bin/python3"
    archive=$(echo "$work/root/srv/$1/dist/$1"-1-cp*-linux_"$tag".tar.gz)
    [ -e "$archive" ] || fail "$debian: no archive of $1 for linux_$tag: $(ls "$work/root/srv/$1/dist")"
    echo "$debian: $(basename "$archive") is packed and proved after $((SECONDS - begin)) s"
    "$work/here" verify "$archive" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$debian: verifying here"; }
    sed "s/^/$debian: verified here: /" "$work/log"
}

# moved EXAMPLE COMMAND installs it at a path with a space, runs it, and again where it was
# moved to, on i386 as if the kernel were one of 32 bits.
moved() {
    local narrow=
    [ "$debian" != i386 ] || narrow=linux32
    logged "binary-buildout install /srv/$1/dist/$1-1-*.tar.gz --into '/srv/a place'
        cd '/srv/a place' && bin/buildout && $2
        mv '/srv/a place' /srv/moved && cd /srv/moved && $narrow python3 bootstrap.py && $narrow bin/buildout && $narrow $2"
    tail -n 1 "$work/log" | sed "s/^/$debian: moved: /"
}

# edited NAME WANTED: the run path of an extension that was moved, as readelf here reads it.
edited() {
    local file runpath
    file=$(find "$work/root/srv/moved" -name "$1" -path '*develop-eggs*' -o -name "$1" -path '*src*' | head -n 1)
    runpath=$(readelf -d "$file" | sed -n 's/.*(\(RUNPATH\|RPATH\)).*\[\(.*\)\]$/\2/p')
    case $runpath in
    "\$ORIGIN/"*"$2") echo "$debian: run path of $(basename "$file"): $runpath" ;;
    *) fail "$debian: $file has the run path \"$runpath\", and not \$ORIGIN/...$2" ;;
    esac
}

# hello links an extension with a run path into the tree, which has to be edited.
hello() {
    cp -r examples/hello "$work/root/srv/hello"
    # shellcheck disable=SC2016 # buildout's
    printf '[buildout]\nextends = buildout.cfg\n[markupsafe]\nrpath = ${buildout:parts-directory}/config\n' >"$work/root/srv/hello/machine.cfg"
    packed hello machine.cfg
    moved hello 'bin/hello World'
    edited '_speedups*.so' parts/config
    # Bytecode of the tree is what runs: marshal as that processor's Python reads it.
    logged "cd /srv/moved && python3 -v bin/hello World"
    grep -q 'markupsafe/__pycache__/__init__.*pyc matches' "$work/log" || fail "$debian: the bytecode of the archive isn't used"
    inside 'rm -rf /srv/moved /srv/hello /var/tmp/binary-buildout'
}

cmmi() {
    local sources=$work/root/root/.cache/binary-buildout-ci/sources
    cp -r examples/cmmi "$work/root/srv/cmmi"
    (cd "$work/root/srv/cmmi" && sh sources.sh)
    mkdir -p "$sources"
    mv "$work/root/srv/cmmi/downloads"/* "$sources/"
    packed cmmi buildout.cfg
    # shellcheck disable=SC2016 # the root's
    moved cmmi 'bin/yamlversion | grep -F "$PWD/parts/libyaml/lib/libyaml"'
    edited '_yaml*.so' parts/libyaml/lib
    inside 'rm -rf /srv/moved /srv/cmmi /var/tmp/binary-buildout'
}

go build -o "$work/here" .
for machine in $chosen; do
    IFS=: read -r debian qemu arch tag suite order <<<"$machine"
    begin=$SECONDS compiles=hello
    [ "$debian" != arm64 ] || [ $# -eq 0 ] || compiles=cmmi
    # Its flag F opens qemu beforehand, so that it's found inside a root.
    [ -z "$qemu" ] || [ -e "$binfmt/qemu-$qemu" ] || cat "/usr/lib/binfmt.d/qemu-$qemu.conf" >$binfmt/register
    rooted
    said=$(inside 'uname -m; python3 -c "import sys; print(sys.byteorder, sys.version.split()[0])"' | paste -sd' ')
    echo "$debian: $said, ready after $((SECONDS - begin)) s"
    case $said in *" $order "*) ;; *) fail "$debian has to be $order-endian" ;; esac
    hello
    [ $compiles != cmmi ] || cmmi
    umount "$work/root/proc"
    rm -rf --one-file-system "${work:?}/root"
    echo "$debian: packed, proved, installed, moved, and verified here, in $((SECONDS - begin)) s"
done
