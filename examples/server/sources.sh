#!/bin/sh
# sources.sh: puts the sources that this buildout's parts compile into downloads/.
#
# The libraries and servers are Debian's copies of the upstream tarballs, by
# apt-get source; what they are is checked by the md5sum of the part in
# buildout.cfg. The eggs' sdists come by pip, in the versions of buildout.cfg.
# Each comes once into a cache outside of the tree.
set -eu

sources='libyaml_0.2.5.orig.tar.gz libxml2_2.9.14+dfsg.orig.tar.xz libxslt_1.1.35.orig.tar.xz
    libevent_2.1.12-stable.orig.tar.gz memcached_1.6.18.orig.tar.xz nginx_1.22.1.orig.tar.gz'

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
    apt_get update
}

# download PACKAGE FILE lays a package's source tarball into the cache. A mirror that
# lacks the packaging of the newest revision has its tarball all the same.
apt=
download() {
    if [ -z "$apt" ]; then
        apt=$(mktemp -d)
        trap 'rm -rf "$apt"' EXIT
        deb_src
    fi
    (cd "$cache" && apt_get source --download-only "$1") || [ -e "$cache/$2" ]
}

mkdir -p downloads/dist "$cache"
for file in $sources; do
    [ -e "$cache/$file" ] || download "${file%%_*}" "$file"
    cp "$cache/$file" downloads/
done
for egg in lxml PyYAML; do
    version=$(sed -n "s/^$egg = //p" buildout.cfg)
    file=$(echo "$egg-$version.tar.gz" | tr '[:upper:]' '[:lower:]')
    [ -e "$cache/$file" ] ||
        python3 -m pip -q download --no-deps --no-binary "$egg" -d "$cache" "$egg==$version"
    cp "$cache/$file" downloads/dist/
done
