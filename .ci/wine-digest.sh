# wine-digest.sh: prints the digest of all that the wine stage is about, or, with
# --list, its files.
#
# These are the files of each package of ours that its tests, or the program
# that they build for Windows, are made of: everything in its directory, what it
# embeds and test data too, but the tests of other packages.

ours='{{if and .Module .Module.Main}}{{.Dir}}{{end}}'
tests='./examples/acceptance/windows ./internal/install'

packages() {
    # shellcheck disable=SC2086 # two words
    go list -deps -test -tags wine -f "$ours" $tests
    GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go list -deps -f "$ours" .
}

files() {
    printf '%s\n' .ci/wine.sh go.mod go.sum
    grep -o '\.ci/[a-z-]*\.sh' .ci/wine.sh
    # The main package's directory has all others in it.
    git ls-files -co --exclude-standard -- ':(glob)*.go'
    packages | sort -u | while read -r dir; do
        [ "$dir" = "$PWD" ] || git ls-files -co --exclude-standard -- "$dir"
    done
}

about() {
    files | sort -u | grep -v '\.md$' | while read -r file; do
        case $file in
        examples/acceptance/windows/* | internal/install/*) ;;
        *_test.go | target/src/tests/*) continue ;;
        esac
        [ ! -f "$file" ] || echo "$file"
    done
}

if [ "${1:-}" = --list ]; then
    about
else
    { go version && about | xargs -d '\n' sha256sum; } | sha256sum | cut -d' ' -f1
fi
