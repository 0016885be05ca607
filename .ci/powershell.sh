# powershell.sh: install.ps1, run by a real PowerShell on this system.
#
# It takes a pwsh on PATH, or the one of ../shared/powershell (or of where
# BINARY_BUILDOUT_SHARED says), which it unpacks into the cache. Without either
# nothing is run; .ci/powershell.py reads the script all the same.

export BINARY_BUILDOUT_CACHE=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}

pwsh=$(command -v pwsh || true)
if [ -n "$pwsh" ]; then
    pwsh=$(readlink -f "$pwsh") # its libraries lie beside it
else
    packed=${BINARY_BUILDOUT_SHARED:-../shared}/powershell/linux.tar.xz
    if [ ! -f "$packed" ]; then
        echo "powershell: not run: there is no pwsh on PATH, and no $packed"
        exit 0
    fi
    directory=$BINARY_BUILDOUT_CACHE/powershell-$(sha256sum "$packed" | cut -c1-12)
    if [ ! -d "$directory" ]; then
        new=$(mktemp -d "$directory.XXXXXX")
        tar -xJf "$packed" -C "$new"
        mv -T "$new" "$directory"
    fi
    pwsh=$directory/linux/pwsh
    export DOTNET_ROOT=$directory/linux/dotnet
fi
export BINARY_BUILDOUT_PWSH=$pwsh
"$pwsh" --version
go vet -tags powershell ./internal/install
go test -tags powershell -count=1 -timeout 5m -run '^TestPowerShell' ./internal/install
