#!/bin/sh
# Attaches archives to the release. GITHUB_TOKEN is in this step's environment alone.
#   BB_STEP=true   this job's one archive; whoever brings the last one publishes
#   otherwise      all that the plan names
set -eu
: "${BB_PATH:?}"
if [ "${BB_PREPARE-}" != true ]; then : "${GITHUB_TOKEN:?the step that releases needs a token}"; fi
set -- release --dir="${BB_OUT:-dist}"
for pair in tag:TAG title:TITLE make-latest:MAKE_LATEST attestation:ATTESTATION sbom-attestation:SBOM_ATTESTATION vex:VEX part-size:PART_SIZE; do
	eval "v=\${BB_${pair#*:}-}"
	if [ -n "$v" ]; then set -- "$@" "--${pair%%:*}=$v"; fi
done
for pair in replace:REPLACE draft:DRAFT prerelease:PRERELEASE prepare:PREPARE; do
	eval "v=\${BB_${pair#*:}-}"
	case $v in
	true) set -- "$@" "--${pair%%:*}" ;;
	false | '') ;;
	*)
		printf '::error::%s\n' "the input ${pair%%:*} is true or false, not $v"
		exit 2
		;;
	esac
done
if [ "${BB_STEP-}" = true ]; then
	set -- "$@" --step --expect-archives="${BB_EXPECT_ARCHIVES:?}"
elif [ -n "${BB_PLAN-}" ]; then
	set -- "$@" --plan="$BB_PLAN"
fi
"$BB_PATH" "$@"
