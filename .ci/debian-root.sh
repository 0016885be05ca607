# debian-root.sh SUITE[/ARCH] NAME [PACKAGE ...]: the root of a Debian, made once and
# kept in the cache as roots/NAME; prints its path. Tests run what is in there
# by chroot or bwrap, and copy it before they change anything.

suite=${1%/*} arch=${1#"${1%/*}"} name=$2
arch=${arch#/}
shift 2
cache=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}
root=$cache/roots/$name
mkdir -p "$cache/roots"

exec 9>"$root.lock"
flock 9
wanted="$suite${arch:+/$arch} $*"
if [ "$(cat "$root/ready" 2>/dev/null)" != "$wanted" ]; then
    rm -rf --one-file-system "$root"
    include=
    [ $# -eq 0 ] || include=$(printf '%s,' "$@")
    # debootstrap has a script for each release that was there when it was made;
    # that of sid fits the ones after it.
    script=sid
    [ ! -e "/usr/share/debootstrap/scripts/$suite" ] || script=$suite
    debootstrap ${arch:+"--arch=$arch"} --variant=minbase ${include:+"--include=${include%,}"} "$suite" "$root" "" "$script" >"$root.log" 2>&1 || {
        tail -20 "$root.log" >&2
        exit 1
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb
    echo "$wanted" >"$root/ready"
fi
echo "$root"
