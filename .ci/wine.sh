# wine.sh: what a Windows tree does, with a real CPython for Windows under wine.
#
# It takes minutes, and two gigabytes of packages on a machine that has none of
# them. So it runs where something that it is about has changed since it last
# passed (.ci/wine.passed has the digest), and always with BINARY_BUILDOUT_WINE
# set, as the workflow has it.

digest=$(git ls-files -- target/bootstrap.py target/launcher.py pack/starter.go pack/forms.go pack/search.go \
    'internal/*_windows.go' target/install.py target/install.ps1 'internal/install/*onwine_test.go' \
    .ci/wine-root.sh examples/acceptance/windows |
    LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1)
if [ -z "${BINARY_BUILDOUT_WINE:-}" ] && [ "$(cat .ci/wine.passed 2>/dev/null)" = "$digest" ]; then
    echo "wine: not run: nothing that concerns it changed since it passed ($digest)"
    exit 0
fi

bash -euo pipefail .ci/wine-root.sh
go vet -tags wine ./examples/acceptance/windows ./internal/install
go test -tags wine -count=1 -timeout 30m ./examples/acceptance/windows
go test -tags wine -count=1 -run OnWindows ./internal/install
echo "$digest" >.ci/wine.passed
