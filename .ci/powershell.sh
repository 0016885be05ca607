# powershell.sh: install.ps1 and the completion, run by a real PowerShell on this system.
#
# It takes a pwsh on PATH, or what .ci/pwsh.sh finds. Without any nothing is
# run; .ci/powershell.py reads the script all the same.

export BINARY_BUILDOUT_CACHE=${BINARY_BUILDOUT_CACHE:-$HOME/.cache/binary-buildout-ci}

pwsh=$(command -v pwsh || true)
if [ -n "$pwsh" ]; then
    pwsh=$(readlink -f "$pwsh") # its libraries lie beside it
else
    directory=$(bash -euo pipefail .ci/pwsh.sh linux)
    pwsh=$directory/pwsh
    if [ ! -x "$pwsh" ]; then
        echo "powershell: not run: there is no pwsh on PATH, none in the cache, and no shared/powershell/linux.tar.xz beside this directory or above"
        exit 0
    fi
    export DOTNET_ROOT=$directory/dotnet
fi
export BINARY_BUILDOUT_PWSH=$pwsh
"$pwsh" --version
go vet -tags powershell ./internal/install
go test -tags powershell -count=1 -timeout 5m -run '^TestPowerShell' ./internal/install
DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 go test -count=1 -timeout 5m -run '^TestScript$/^completion-powershell$' .
