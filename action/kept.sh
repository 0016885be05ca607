#!/bin/sh
# Keeps a build's archive, and what pip downloaded for it, from one run of a
# workflow to the next. BB_WHEN=before says where, and by which key of GitHub's
# cache; BB_WHEN=restored names the archive that came back; BB_WHEN=after puts the
# new one there. GitHub gives a branch or a pull request what it kept itself,
# or else what its base kept, and nothing of another one.
set -eu
folder=${RUNNER_TEMP:-${TMPDIR:-/tmp}}/binary-buildout-kept
output() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:?}"; }
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

case ${BB_WHEN:?} in
before)
	case ${BB_CACHE:-false} in
	true) ;;
	false) exit 0 ;;
	*)
		printf '::error::%s\n' "the input cache is true or false, not $BB_CACHE"
		exit 2
		;;
	esac
	# These run with the rights of the default branch, on what anybody sent: their cache would be that branch's.
	case ${GITHUB_EVENT_NAME-} in
	pull_request_target | workflow_run | issue_comment)
		printf 'nothing is kept: the cache of %s is the one of the default branch\n' "$GITHUB_EVENT_NAME" >&2
		exit 0
		;;
	esac
	rm -rf "$folder" # a runner of one's own may have an earlier job's
	mkdir -p "$folder/archive" "$folder/pip"
	# All that says for what is built, and how; a version isn't among it.
	digest=$(printf '%s\n' "${RUNNER_OS-}" "${RUNNER_ARCH-}" "${BB_DIRECTORY-}" "${BB_CONFIG-}" "${BB_NAME-}" "${BB_PYTHON-}" "${BB_TARGET-}" "${BB_LABEL-}" \
		"${BB_IMAGE-}" "${BB_IMAGE_PLATFORM-}" | sha256 | cut -c1-16)
	prefix=binary-buildout-1-$digest-
	output folder "$folder"
	output prefix "$prefix"
	output key "$prefix${GITHUB_RUN_ID:-0}-${GITHUB_RUN_ATTEMPT:-1}"
	;;
restored)
	for file in "$folder"/archive/*; do
		if [ -f "$file" ]; then output archive "$file"; fi
	done
	;;
after)
	rm -rf "$folder/archive"
	mkdir -p "$folder/archive"
	cp "${BB_ARCHIVE:?}" "$folder/archive/"
	;;
esac
