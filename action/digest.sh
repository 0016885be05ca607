#!/bin/sh
# Prints the SHA-256 of all that go build reads of this tree: the digest that
# action/binaries.json compares. Tests and their data are not built.
set -eu
cd "$(dirname "$0")/.."

sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

files=$(find main.go go.mod go.sum archive matrix pack release target internal -type f \
	! -name '*_test.go' ! -name '*.pyc' ! -path '*/testdata/*' ! -path 'release/releasetest/*' ! -path 'target/*test/*' ! -path 'target/cases/*' ! -path 'target/src/tests/*' | LC_ALL=C sort)
for f in $files; do
	# Git for Windows marks binary reads by "*".
	printf '%s  %s\n' "$(sha256 "$f" | cut -d' ' -f1 | tr -d '\134')" "$f"
done | sha256 | cut -d' ' -f1
