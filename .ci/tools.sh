# tools.sh: the programs and Pythons that the tests need. On Debian and Ubuntu
# it installs them, as root or by sudo; elsewhere, or where one can't be had, it
# says which. A test without its tool is skipped, and fails with CI=true.

export BINARY_BUILDOUT_CACHE=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}
mkdir -p "$BINARY_BUILDOUT_CACHE/bin"

# without WORDS... is what can't be had: an error in CI.
without() {
    echo "not here, so that some tests are skipped: $*" >&2
    [ "${CI:-}" != true ] || exit 1
}

# command=package, where the names differ. cargo-web and rustc-web are what the
# distribution builds browsers with: Debian 12's plain ones are too old for PyPI.
packages='gcc g++ make git autoreconf=autoconf automake libtoolize=libtool
    bwrap=bubblewrap patchelf shellcheck zstd pigz unzip zip busybox
    setpriv=util-linux curl wget zsh debootstrap musl-gcc=musl-tools readelf=binutils
    cmake chromium ccache fish mandoc cargo=cargo-web rustc=rustc-web
    systemd-analyze=systemd podman runc sshd=openssh-server ssh-keygen=openssh-client haproxy socat'
missing=
for entry in $packages; do
    command -v "${entry%=*}" >/dev/null || missing="$missing ${entry#*=}"
done
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
ls /usr/include/python3.*/Python.h >/dev/null 2>&1 || missing="$missing python3-dev"
[ -e /usr/share/bash-completion/bash_completion ] || missing="$missing bash-completion"
[ -e /usr/include/zlib.h ] || missing="$missing zlib1g-dev"

if [ -n "$missing" ] && ! command -v apt-get >/dev/null; then
    without "what Debian has as$missing"
elif [ -n "$missing" ]; then
    root=
    [ "$(id -u)" -eq 0 ] || root='sudo -n'
    if [ -n "$root" ] && ! $root true 2>/dev/null; then
        printf 'error: missing:%s\nThis installs it:\n\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends%s\n\n' "$missing" "$missing" >&2
        exit 3
    fi
    export DEBIAN_FRONTEND=noninteractive
    $root apt-get -qq update
    # Where there is no cargo-web, cargo is new enough.
    for package in cargo-web rustc-web; do
        apt-cache show "$package" >/dev/null 2>&1 || missing=$(printf '%s' "$missing" | sed "s/ $package/ ${package%-web}/")
    done
    # shellcheck disable=SC2086 # a list of words
    $root apt-get -qq -y --no-install-recommends install $missing >/dev/null
    echo "installed:$missing"
fi

command -v go >/dev/null || {
    echo "error: go is missing; 1.21 or newer fetches what go.mod says: $(grep '^toolchain ' go.mod)" >&2
    exit 1
}

# The examples and the tests run these, found as internal/testtool finds them.
lacking=
for minor in 2.7 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13; do
    .ci/python "$minor" 2>/dev/null || lacking="$lacking $minor"
done
if [ -n "$lacking" ]; then
    echo "fetching Python$lacking"
    # shellcheck disable=SC2086 # a list of words
    if command -v pyenv >/dev/null; then
        pyenv install -s $lacking || true
    else
        uv=$BINARY_BUILDOUT_CACHE/uv-0.13.8
        if [ ! -x "$uv/bin/uv" ]; then
            rm -rf "$uv"
            python3 -m venv "$uv"
            "$uv/bin/pip" -q --disable-pip-version-check install uv==0.13.8
        fi
        for minor in $lacking; do "$uv/bin/uv" python install --no-bin "$minor" || true; done # it has none before 3.8
    fi
    for minor in $lacking; do
        .ci/python "$minor" 2>/dev/null || without "Python $minor (pyenv install $minor)"
    done
fi

if command -v apt-get >/dev/null; then
    bash -euo pipefail .ci/musl-python.sh || without 'a Python for musl'
fi
