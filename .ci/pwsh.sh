# pwsh.sh SYSTEM: prints the directory of a PowerShell for linux or windows.
#
# It takes shared/powershell/SYSTEM.tar.xz beside this checkout, beside the one
# that it is a worktree or a clone of, or in a directory above
# (BINARY_BUILDOUT_SHARED names another place), and unpacks it into the cache;
# else what an earlier run left there. Where there is none it prints nothing.

export BINARY_BUILDOUT_CACHE=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}

# The directories in which shared/ may lie.
above() {
    at=$(dirname "$(git rev-parse --path-format=absolute --git-common-dir 2>/dev/null || pwd)")
    for at in "$PWD" "$at"; do
        while [ "$at" != / ]; do
            at=$(dirname "$at")
            echo "$at"
        done
    done
}

packed=
if [ -n "${BINARY_BUILDOUT_SHARED:-}" ]; then
    packed=$BINARY_BUILDOUT_SHARED/powershell/$1.tar.xz
else
    while read -r directory; do
        if [ -f "$directory/shared/powershell/$1.tar.xz" ]; then
            packed=$directory/shared/powershell/$1.tar.xz
            break
        fi
    done < <(above)
fi
if [ -f "$packed" ]; then
    directory=$BINARY_BUILDOUT_CACHE/powershell-$1-$(sha256sum "$packed" | cut -c1-12)
    if [ ! -d "$directory" ]; then
        new=$(mktemp -d "$directory.XXXXXX")
        tar -xJf "$packed" -C "$new"
        mv -T "$new" "$directory"
    fi
else
    directory=$(find "$BINARY_BUILDOUT_CACHE" -maxdepth 1 -name "powershell-$1-????????????" 2>/dev/null | sort | tail -n 1)
fi
[ -z "$directory" ] || echo "$directory/$1"
