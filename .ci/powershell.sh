# powershell.sh: install.ps1, run by a real PowerShell on this system.
#
# It takes a pwsh on PATH, or one that an earlier run left in the cache, or
# shared/powershell beside this checkout, beside the one that it is a worktree
# or a clone of, or in a directory above (BINARY_BUILDOUT_SHARED names another
# place), which it unpacks into the cache. Without any nothing is run;
# .ci/powershell.py reads the script all the same.

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
    packed=$BINARY_BUILDOUT_SHARED/powershell/linux.tar.xz
else
    while read -r directory; do
        if [ -f "$directory/shared/powershell/linux.tar.xz" ]; then
            packed=$directory/shared/powershell/linux.tar.xz
            break
        fi
    done < <(above)
fi
pwsh=$(command -v pwsh || true)
if [ -n "$pwsh" ]; then
    pwsh=$(readlink -f "$pwsh") # its libraries lie beside it
else
    if [ -f "$packed" ]; then
        directory=$BINARY_BUILDOUT_CACHE/powershell-linux-$(sha256sum "$packed" | cut -c1-12)
        if [ ! -d "$directory" ]; then
            new=$(mktemp -d "$directory.XXXXXX")
            tar -xJf "$packed" -C "$new"
            mv -T "$new" "$directory"
        fi
    else
        directory=$(find "$BINARY_BUILDOUT_CACHE" -maxdepth 1 -name 'powershell-linux-????????????' 2>/dev/null | sort | tail -n 1)
    fi
    pwsh=$directory/linux/pwsh
    if [ ! -x "$pwsh" ]; then
        echo "powershell: not run: there is no pwsh on PATH, none in the cache, and no shared/powershell/linux.tar.xz beside this directory or above"
        exit 0
    fi
    export DOTNET_ROOT=$directory/linux/dotnet
fi
export BINARY_BUILDOUT_PWSH=$pwsh
"$pwsh" --version
go vet -tags powershell ./internal/install
go test -tags powershell -count=1 -timeout 5m -run '^TestPowerShell' ./internal/install
