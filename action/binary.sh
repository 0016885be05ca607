#!/bin/sh
# Gives the binary-buildout of this runner, and its path as the output "path":
#
#  1. BB_BINARY, where one is given
#  2. the release asset that action/binaries.json names, if its source digest
#     is this tree's: the ref that the action was called by is never consulted
#  3. go build of this tree
#
# A download whose digest is wrong ends the job: nothing is built in its place.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=$here/binaries.json
dir=${RUNNER_TEMP:-${TMPDIR:-/tmp}}/binary-buildout

fail() {
	printf '::error::%s\n' "$1"
	printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
	exit 3
}
field() { sed -n "s/^ *\"$1\": *\"\\([^\"]*\\)\".*/\\1/p" "$table" | head -n 1; }
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi | cut -d' ' -f1 | tr -d '\134'; }
found() {
	if [ -n "${GITHUB_OUTPUT:-}" ]; then printf 'path=%s\n' "$1" >>"$GITHUB_OUTPUT"; fi
	printf '%s\n' "$1"
	exit 0
}

case ${RUNNER_OS:-$(uname -s)} in
Linux) os=linux ;;
macOS | Darwin) os=darwin ;;
Windows | MINGW* | MSYS*) os=windows ;;
*) fail "binary-buildout does not run on ${RUNNER_OS:-$(uname -s)}" "use a runner with Linux, macOS or Windows" ;;
esac
case ${RUNNER_ARCH:-$(uname -m)} in
X64 | x86_64 | amd64) arch=amd64 ;;
ARM64 | aarch64 | arm64) arch=arm64 ;;
*) arch=other ;;
esac
name=binary-buildout
if [ "$os" = windows ]; then name=$name.exe; fi

if [ -n "${BB_BINARY:-}" ]; then
	[ -f "$BB_BINARY" ] || fail "there is no file $BB_BINARY" "the input binary is a path on the runner"
	found "$BB_BINARY"
fi

mkdir -p "$dir"
rm -f "$dir/$name" "$dir/$name.part"
want=$(field "$os-$arch")
if [ -n "$want" ] && [ "$(field source)" = "$(sh "$here/digest.sh")" ]; then
	url=$(field url)binary-buildout-$os-$arch
	if [ "$os" = windows ]; then url=$url.exe; fi
	if curl -fsSL --retry 4 --retry-connrefused --connect-timeout 20 -o "$dir/$name.part" "$url"; then
		got=$(sha256 "$dir/$name.part")
		if [ "$got" != "$want" ]; then
			rm -f "$dir/$name.part"
			fail "$url has SHA-256 $got and should have $want" "the release was changed or a proxy answers in its place: do not use it"
		fi
		mv "$dir/$name.part" "$dir/$name"
		chmod 0755 "$dir/$name"
		found "$dir/$name"
	fi
	printf '::warning::%s could not be downloaded; building binary-buildout from source\n' "$url"
fi

if ! command -v go >/dev/null; then
	last=$(field version)
	fail "these sources of binary-buildout have no released binary for $os-$arch, and the runner has no Go" \
		"use the action at its last release${last:+, v$last}, or run actions/setup-go before it"
fi
(cd "$here/.." && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o "$dir/$name" .) >&2 ||
	fail "binary-buildout could not be built" "go build's messages are above"
found "$dir/$name"
