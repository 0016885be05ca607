# wine.sh: what a Windows tree does, with a real CPython for Windows under wine.
#
# It takes minutes, and two gigabytes of packages on a machine that has none of
# them. So it runs unless it has passed here with the same files: the cache has
# their digest (wine-digest.sh). On a fresh machine it always runs, and with
# BINARY_BUILDOUT_WINE set, as the workflow has it.

stamp=$BINARY_BUILDOUT_CACHE/wine.passed
digest=$(bash -euo pipefail .ci/wine-digest.sh)
if [ -z "${BINARY_BUILDOUT_WINE:-}" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ]; then
    echo "wine: not run: it passed here with the same files ($digest)"
    exit 0
fi

bash -euo pipefail .ci/wine-root.sh
BINARY_BUILDOUT_PWSH_WINDOWS=$(bash -euo pipefail .ci/pwsh.sh windows)
export BINARY_BUILDOUT_PWSH_WINDOWS
[ -n "$BINARY_BUILDOUT_PWSH_WINDOWS" ] || echo "wine: without install.ps1: there is no PowerShell for Windows in ../shared/powershell"
go vet -tags wine ./examples/acceptance/windows ./internal/install
# Two processors have two tests at once, each with a Windows of its own.
code=0
go test -tags wine -count=1 -timeout 30m ./examples/acceptance/windows &
windows=$!
go test -tags wine -count=1 -timeout 30m -run OnWindows ./internal/install || code=$?
wait $windows || code=$?
[ $code -eq 0 ] || exit $code
echo "$digest" >"$stamp"
