#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
# binary-buildout: starts bootstrap.py under the Python of this directory.
#
#   ./bootstrap [--check] [--rollback] [--root DIR] [--help]
#
# It needs a POSIX shell and nothing else. Before it starts anything of this
# directory, it says why that can't run on this system. bootstrap.py reads the
# line PYTHON= too.
PYTHON=@PYTHON@
TARGET=@TARGET@
SYSTEM=@SYSTEM@
MACHINES="@MACHINES@"
LOADER=@LOADER@
LIBC=@LIBC@
FLOOR=@FLOOR@

refuse() { # why, hint, exit code
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit "${3:-2}"
}

older() { # VERSION VERSION: whether the first is older; numbers and dots
    one=$1 two=$2
    while [ -n "$one$two" ]; do
        a=${one%%.*} b=${two%%.*}
        [ "${a:-0}" -eq "${b:-0}" ] || { [ "${a:-0}" -lt "${b:-0}" ]; return; }
        case $one in *.*) one=${one#*.} ;; *) one= ;; esac
        case $two in *.*) two=${two#*.} ;; *) two= ;; esac
    done
    return 1
}

number() { # TEXT BEFORE: the version that follows the last BEFORE in TEXT
    case $1 in *"$2"[0-9]*) ;; *) return ;; esac
    found=${1##*"$2"}
    found=${found%%[!0-9.]*}
    printf '%s' "${found%.}"
}

first() { # TEXT: its first line
    printf '%s' "${1%%
*}"
}

glibc() { # the version of the glibc that $LOADER is of, or nothing
    have=$(number "$(getconf GNU_LIBC_VERSION 2>&1)" "glibc ")
    [ -n "$have" ] || have=$(number "$(first "$("$LOADER" --version 2>&1)")" " version ") # from 2.33 on
    [ -n "$have" ] || have=$(number "$(ls -l "$LOADER" 2>&1)" /ld-)                       # -> .../ld-2.31.so
    [ -n "$have" ] || have=$(number "$(ls -l "$LOADER" 2>&1)" "> ld-")
    [ -n "$have" ] || have=$(number "$(first "$(ldd --version 2>&1)")" ") ")
    printf '%s' "$have"
}

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
here=$(CDPATH='' cd -P -- "$here/" && pwd -P) || exit 3

have=$(uname -s 2>/dev/null) || have=$SYSTEM
case $have in
"$SYSTEM") ;;
*) refuse "this archive is for $TARGET, and this system is $have" "use the archive of the same release that is for $have" ;;
esac
have=$(uname -m 2>/dev/null) || have=${MACHINES%% *}
case " $MACHINES " in
*" $have "*) ;;
*) refuse "this archive is for $TARGET, and this machine is $have" "use the archive of the same release that is for $have" ;;
esac
have=
case $LIBC in
glibc)
    if [ ! -e "$LOADER" ]; then
        for other in /lib/ld-musl-*; do
            [ ! -e "$other" ] || refuse "this archive is for glibc, and this system has musl" "use a musllinux archive of the same release"
        done
        refuse "this archive is for glibc, and this system has no $LOADER" "use an archive for this system, or install glibc for ${MACHINES%% *}"
    fi
    have=$(glibc)
    ;;
musl)
    [ -e "$LOADER" ] || refuse "this archive is for musl, and this system has no $LOADER" "use a manylinux archive of the same release"
    have=$(number "$("$LOADER" 2>&1)" "Version ")
    ;;
macOS)
    have=$(SYSTEM_VERSION_COMPAT=0 sw_vers -productVersion 2>/dev/null)
    ;;
esac
# A version that nothing tells is no reason: bootstrap.py looks again.
if [ -n "$have" ] && older "$have" "$FLOOR"; then
    refuse "this archive needs $LIBC $FLOOR, and this system has $have" "use an archive of the same release that was built for an older system"
fi
[ -x "$here/$PYTHON" ] || refuse "$PYTHON is missing, or may not be run" "unpack the archive again, where programs may be run"
# The loaders of Linux read /proc/self/exe to find the libraries beside a program.
if [ "$SYSTEM" = Linux ] && [ ! -L /proc/self/exe ] && ! "$here/$PYTHON" -BsSE -c pass 2>/dev/null; then
    refuse "/proc isn't mounted, and $PYTHON doesn't find its libraries without it" "mount -t proc proc /proc" 3
fi
exec "$here/$PYTHON" -BsSE "$here/bootstrap.py" "$@"
