#!/bin/sh
# Fetches the last release's archive of this target, which the build reuses and
# a delta leads from. GITHUB_TOKEN opens a private repository; it is in this
# step's environment, and not in the build's. Nothing here fails a build.
set -eu
: "${BB_PATH:?}"
case ${BB_LAST:-true} in
true) ;;
*)
	printf '::error::%s\n' "the input last is true or false, not $BB_LAST"
	exit 2
	;;
esac
say() { printf 'nothing is reused: %s\n' "$1" >&2; }
if [ -n "${BB_IMAGE-}" ] && [ -z "${BB_TARGET-}" ]; then
	say "what the image's Python builds for isn't known before the build; the input target says it"
	exit 0
fi
set -- last --out="$(cd "${RUNNER_TEMP:-${TMPDIR:-/tmp}}" && pwd)/binary-buildout-last"
for pair in config:CONFIG name:NAME version:VERSION python:PYTHON target:TARGET label:LABEL; do
	eval "v=\${BB_${pair#*:}-}"
	if [ -n "$v" ]; then set -- "$@" "--${pair%%:*}=$v"; fi
done
if [ -z "${GITHUB_TOKEN-}" ]; then unset GITHUB_TOKEN; fi
"$BB_PATH" "$@" "${BB_DIRECTORY:-.}" || say "looking for it failed"
