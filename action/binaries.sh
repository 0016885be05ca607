#!/bin/sh
# Builds the released binaries, the same bytes on every machine, and what installs
# them: get.sh, a wheel of each, Homebrew's formula (action/distribute).
#   binaries.sh VERSION DIR        writes them into DIR, and action/binaries.json and the version
#                                  in internal/cli/version.txt, and Formula/binary-buildout.rb,
#                                  to be committed and tagged
#   binaries.sh --check DIR [TAG]  writes them into DIR, with SHA256SUMS; fails if they aren't
#                                  what action/binaries.json says, or TAG is another version's
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=$here/binaries.json
version=$1 out=$2 tag=${3-}
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi | cut -d' ' -f1; }
field() { sed -n "s/^ *\"$1\": *\"\\([^\"]*\\)\".*/\\1/p" "$table" | head -n 1; }

fail() {
	printf 'error: %s\n' "$1" >&2
	exit 1
}
if [ "$version" = --check ] && [ -n "$tag" ] && [ "$tag" != "v$(field version)" ]; then
	fail "the tag is $tag, and action/binaries.json is of version $(field version)"
fi

mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$here/.."
if [ "$version" = --check ]; then
	GOTOOLCHAIN=$(field go)
	export GOTOOLCHAIN
else
	printf '%s\n' "$version" >internal/cli/version.txt
fi
lines=''
for target in darwin-amd64 darwin-arm64 linux-amd64 linux-arm64 windows-amd64 windows-arm64; do
	file=$out/binary-buildout-$target
	case $target in windows-*) file=$file.exe ;; esac
	GOOS=${target%-*} GOARCH=${target#*-} CGO_ENABLED=0 GOFLAGS='' GOAMD64=v1 GOARM64=v8.0 \
		go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o "$file" .
	digest=$(sha256 "$file")
	if [ "$version" = --check ] && [ "$digest" != "$(field "$target")" ]; then
		fail "$file has SHA-256 $digest, and action/binaries.json says $(field "$target")"
	fi
	lines="$lines${lines:+,
}    \"$target\": \"$digest\""
done
source=$(sh "$here/digest.sh")
if [ "$version" = --check ]; then
	if [ "$source" != "$(field source)" ]; then
		fail "the sources have the digest $source, and action/binaries.json says $(field source)"
	fi
	GOFLAGS='' go run ./action/distribute --check "$out"
	cd "$out"
	rm -f SHA256SUMS
	for file in *; do
		printf '%s  %s\n' "$(sha256 "$file")" "$file"
	done >"$out.sums"
	mv "$out.sums" SHA256SUMS
	exit 0
fi
cat >"$table" <<END
{
  "format": 1,
  "version": "$version",
  "url": "https://github.com/binary-buildout/binary-buildout/releases/download/v$version/",
  "go": "$(go env GOVERSION)",
  "source": "$source",
  "binaries": {
$lines
  }
}
END
GOFLAGS='' go run ./action/distribute "$out"
