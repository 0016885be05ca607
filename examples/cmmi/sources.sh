#!/bin/sh
# sources.sh [FILE ...]: puts the sources that this buildout's parts compile into downloads/.
#
# They are Debian's copies of the upstream tarballs, by apt-get source. Each
# comes once into a cache outside of the tree. What it is, is checked by the
# md5sum of the part in buildout.cfg.
set -eu

[ $# -gt 0 ] || set -- libyaml_0.2.5.orig.tar.gz

cache=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}/sources

# apt_get runs apt-get with deb-src lines beside the machine's configuration,
# made from the machine's "deb" lines: its mirrors and its keys.
apt_get() {
    apt-get -q -o "Dir::Etc::sourcelist=$apt/sources.list" \
        -o "Dir::Etc::sourceparts=$apt/sources.list.d" \
        -o "Dir::State::lists=$apt/lists" -o APT::Sandbox::User=root "$@"
}

deb_src() {
    mkdir -p "$apt/lists/partial" "$apt/sources.list.d"
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^deb /deb-src /p' >"$apt/sources.list" || true
    for list in /etc/apt/sources.list.d/*.sources; do
        [ -e "$list" ] || continue
        sed 's/^Types:.*/Types: deb-src/' "$list" >"$apt/sources.list.d/${list##*/}"
    done
    # Debian 11 is the last that has it.
    if [ "$1" = python2.7 ]; then
        # shellcheck disable=SC2016 # for apt-get
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$')
        echo "deb-src $mirror bullseye main" >>"$apt/sources.list"
    fi
    apt_get update
}

mkdir -p downloads "$cache"
for file; do
    if [ ! -e "$cache/$file" ]; then
        apt=$(mktemp -d)
        trap 'rm -rf "$apt"' EXIT
        deb_src "${file%%_*}"
        (cd "$cache" && apt_get source --download-only "${file%%_*}")
    fi
    cp "$cache/$file" downloads/
done
