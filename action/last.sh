#!/bin/sh
# Fetches the last release's archive of this target, which the build reuses and
# a delta leads from; with BB_DELTAS above 1 also those of releases before it, for
# further deltas. GITHUB_TOKEN opens a private repository; it is in this step's
# environment, and not in the build's. Nothing here fails a build.
# With BB_ATTEST=true, it and the archive that BB_REUSE names have to be attested:
# what is signed is not to have come from anywhere.
set -eu
: "${BB_PATH:?}"
for pair in last:"${BB_LAST:-true}" attest:"${BB_ATTEST:-false}"; do
	case ${pair#*:} in
	true | false) ;;
	*)
		printf '::error::%s\n' "the input ${pair%%:*} is true or false, not ${pair#*:}"
		exit 2
		;;
	esac
done
case ${BB_DELTAS:-1} in
*[!0-9]* | 0*)
	printf '::error::%s\n' "the input deltas is a number from 1 on, not $BB_DELTAS"
	exit 2
	;;
esac
reuse=''
if [ "${BB_ATTEST:-false}" = true ]; then reuse=${BB_REUSE-}; fi
if [ "${BB_LAST:-true}" = false ] && [ -z "$reuse" ]; then exit 0; fi
say() { printf 'nothing is reused: %s\n' "$1" >&2; }
if [ -n "${BB_IMAGE-}" ] && [ -z "$reuse" ] && [ -z "${BB_TARGET-}" ]; then
	say "what the image's Python builds for isn't known before the build; the input target says it"
	exit 0
fi
set -- last --out="$(cd "${RUNNER_TEMP:-${TMPDIR:-/tmp}}" && pwd)/binary-buildout-last"
for pair in config:CONFIG name:NAME version:VERSION python:PYTHON target:TARGET label:LABEL deltas:DELTAS; do
	eval "v=\${BB_${pair#*:}-}"
	if [ -n "$v" ]; then set -- "$@" "--${pair%%:*}=$v"; fi
done
if [ "${BB_ATTEST:-false}" = true ]; then set -- "$@" --require-attestation; fi
if [ -n "$reuse" ]; then set -- "$@" --archive="$reuse"; fi
if [ -z "${GITHUB_TOKEN-}" ]; then unset GITHUB_TOKEN; fi
"$BB_PATH" "$@" "${BB_DIRECTORY:-.}" || say "looking for it failed"
