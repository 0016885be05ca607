# shellcheck shell=sh disable=SC2154 # number and glibc are bootstrap.sh's
libc_here() { # "glibc 2.36" or "musl 1.2.5", of this system; nothing where it isn't known
    case $(uname -m) in
    x86_64) LOADER=/lib64/ld-linux-x86-64.so.2 ;;
    i?86) LOADER=/lib/ld-linux.so.2 ;;
    aarch64) LOADER=/lib/ld-linux-aarch64.so.1 ;;
    armv*) LOADER=/lib/ld-linux-armhf.so.3 ;;
    ppc64le) LOADER=/lib64/ld64.so.2 ;;
    s390x) LOADER=/lib/ld64.so.1 ;;
    riscv64) LOADER=/lib/ld-linux-riscv64-lp64d.so.1 ;;
    *) LOADER=/nonexistent ;;
    esac
    if [ -e "$LOADER" ]; then
        have=$(glibc)
        [ -z "$have" ] || { printf 'glibc %s\n' "$have"; return; }
    fi
    for LOADER in /lib/ld-musl-*; do # of Alpine, which may have a stand-in for glibc's
        [ ! -e "$LOADER" ] || { printf 'musl %s\n' "$(number "$("$LOADER" 2>&1)" "Version ")"; return; }
    done
}
