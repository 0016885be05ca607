#!/bin/sh
# Runs one command of binary-buildout with the action's inputs, which come as
# BB_*. With BB_IMAGE it runs in a container of that image; checkout, archive
# and outputs stay on the host. No token is in its environment.
set -eu
: "${BB_PATH:?}" "${BB_COMMAND:=pack}"

fail() {
	printf '::error::%s\n' "$1"
	printf 'error: %s\n' "$1" >&2
	exit 2
}
value() { eval "printf '%s' \"\${BB_$1-}\""; }
flag() { printf '%s' "$1" | tr '[:upper:]_' '[:lower:]-'; }
random() { od -An -N8 -tx1 /dev/urandom | tr -d ' \n'; }

one='' lists='' switches='' prove=''
case $BB_COMMAND in
plan)
	one='NAME VERSION FORMAT CONFIG ONLY'
	lists='PYTHONS PLATFORMS IMAGES TARGETS SKIP_TARGETS RUNNERS'
	switches='SMALLEST'
	;;
pack)
	one='PYTHON CONFIG NAME VERSION OUT BUILDOUT_VERSION BUNDLE_PYTHON DEFAULT_CFG FLOOR FORMAT STAGE REUSE TARGET LABEL'
	lists='SINCE BEFORE SMOKE EXCLUDE INCLUDE EXPECT WAIVE SYSTEM_LIBRARIES VOLATILE ALLOW_OUTSIDE'
	switches='IN_PLACE REQUIRE_ISOLATION NO_IMPORT SMALLEST'
	;;
prove)
	one='PYTHON'
	lists='SMOKE VOLATILE'
	switches='REQUIRE_ISOLATION'
	prove=$BB_ARCHIVE
	;;
*) fail "there is no command $BB_COMMAND: plan, pack, prove" ;;
esac

# What a later step decides by is refused before the build.
for name in RELEASE REPLACE DRAFT PRERELEASE; do
	case $(value "$name") in
	true | false | '') ;;
	*) fail "the input $(printf %s "$name" | tr '[:upper:]' '[:lower:]') is true or false, not $(value "$name")" ;;
	esac
done

# The commands of before are root's, in an image and here.
if [ "$BB_COMMAND" = pack ] && [ "${RUNNER_OS:-$(uname -s)}" = Linux ] && [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then
	export BINARY_BUILDOUT_BEFORE_BY=sudo
fi

# The arguments: one flag a value, as --flag=value, since a value may start with "-".
set -- "$BB_COMMAND"
for name in $one; do
	v=$(value "$name")
	if [ -n "$v" ]; then set -- "$@" "--$(flag "$name")=$v"; fi
done
for name in $lists; do
	while IFS= read -r line; do
		if [ -n "$line" ]; then set -- "$@" "--$(flag "$name")=$line"; fi
	done <<END
$(value "$name")
END
done
for name in $switches; do
	case $(value "$name") in
	true) set -- "$@" "--$(flag "$name")" ;;
	false | '') ;;
	*) fail "the input $(printf %s "$name" | tr '[:upper:]' '[:lower:]') is true or false, not $(value "$name")" ;;
	esac
done
if [ -n "$prove" ]; then
	# A file by its name, with spaces or backslashes; else a glob.
	if [ -f "$prove" ]; then
		set -- "$@" "$prove"
	else
		for f in $prove; do
			if [ -f "$f" ]; then set -- "$@" "$f"; fi
		done
	fi
elif [ "$BB_COMMAND" = pack ]; then
	set -- "$@" "${BB_DIRECTORY:-.}"
elif [ "$BB_COMMAND" = plan ]; then
	set -- "$@" --json "${BB_DIRECTORY:-.}"
fi

# A secret is masked as a whole; a password in it also stands alone in messages,
# and so does a token that is a URL's user. The runner decodes "%25".
masks() {
	tr '\040\011' '\012\012' |
		sed -n -e '/^password$/{n;s/^/::add-mask::/p;}' -e 's|^.*://[^/@]*:\([^/@]\{1,\}\)@.*$|::add-mask::\1|p;t' \
			-e 's|^.*https\{0,1\}://\([^/@:]\{8,\}\):\{0,1\}@.*$|::add-mask::\1|p' |
		sed 's/%/%25/g'
}

# The build's own variables.
printf '%s\n' "${BB_ENV-}" | masks
names=''
while IFS= read -r line; do
	case $line in
	'') ;;
	[A-Za-z_]*=*)
		key=${line%%=*}
		case $key in *[!A-Za-z0-9_]*) fail "the input env has no NAME=VALUE in: $key" ;; esac
		export "${key?}=${line#*=}"
		names="$names $key"
		;;
	*) fail "the input env is NAME=VALUE, one a line" ;;
	esac
done <<END
${BB_ENV-}
END

# Credentials are files of one directory, 0600, and gone when the command ends,
# however it ends; pack removes them before its proof. The build's HOME is that
# directory.
home=''
if [ -n "${BB_NETRC-}${BB_PIP_CONF-}${BB_SSH_KEY-}${BB_SSH_KNOWN_HOSTS-}" ]; then
	home=$(cd "${RUNNER_TEMP:-${TMPDIR:-/tmp}}" && pwd)/binary-buildout-home.$(random)
	trap 'rm -rf "$home"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	umask 077
	mkdir -p "$home/.ssh"
	export HOME="$home" BINARY_BUILDOUT_CREDENTIALS="$home"
	if [ -n "${BB_NETRC-}" ]; then
		printf '%s\n' "$BB_NETRC" >"$home/.netrc"
		cp "$home/.netrc" "$home/_netrc" # its name on Windows
	fi
	if [ -n "${BB_PIP_CONF-}" ]; then
		printf '%s\n' "$BB_PIP_CONF" >"$home/pip.conf"
		export PIP_CONFIG_FILE="$home/pip.conf"
	fi
	printf '%s\n%s\n' "${BB_NETRC-}" "${BB_PIP_CONF-}" | masks
	if [ -n "${BB_SSH_KEY-}" ]; then printf '%s\n' "$BB_SSH_KEY" >"$home/.ssh/id"; fi
	printf '%s\n' "${BB_SSH_KNOWN_HOSTS-}" >"$home/.ssh/known_hosts"
	# ssh looks in the password file's home, not in HOME.
	export GIT_SSH_COMMAND="ssh -F /dev/null -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile='$home/.ssh/known_hosts'"
	if [ -n "${BB_SSH_KEY-}" ]; then GIT_SSH_COMMAND="$GIT_SSH_COMMAND -i '$home/.ssh/id'"; fi
	umask 022
fi
unset BB_NETRC BB_PIP_CONF BB_SSH_KEY BB_SSH_KNOWN_HOSTS
# What is kept for the next run (kept.sh): pip's downloads, unless the input env says where those are.
if [ -n "${BB_KEPT-}" ]; then
	export BB_KEPT PIP_CACHE_DIR="${PIP_CACHE_DIR:-$BB_KEPT/pip}"
else
	unset BB_KEPT
fi
# What would let a build change the job's later steps, or speak in its name.
unset GITHUB_ENV GITHUB_PATH GITHUB_STATE ACTIONS_RUNTIME_TOKEN ACTIONS_RUNTIME_URL ACTIONS_RESULTS_URL ACTIONS_CACHE_URL \
	ACTIONS_ID_TOKEN_REQUEST_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL

if [ "$BB_COMMAND" = plan ]; then
	plan=$("$BB_PATH" "$@")
	printf '%s\n' "$plan" >"${BB_PLAN:-plan.json}"
	if [ -n "${GITHUB_OUTPUT:-}" ]; then printf 'plan=%s\n' "$(printf '%s' "$plan" | tr -d '\n')" >>"$GITHUB_OUTPUT"; fi
	exit 0
fi
if [ -z "${BB_IMAGE-}" ]; then
	"$BB_PATH" "$@"
	exit 0
fi

# In the container: root, and the host's user as the owner of what is written.
# pip takes only a cache that is its own.
# A proof has no network; what its image needs is installed before, with one.
export BB_OUT="${BB_OUT:-dist}"
BB_OWNER=$(id -u):$(id -g)
export BB_OWNER
# Git refuses a checkout that another user owns.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
image=$BB_IMAGE
platform=${BB_IMAGE_PLATFORM-}
if [ -n "${BB_IMAGE_SETUP-}" ]; then
	box=binary-buildout-$(random)
	docker run --name "$box" ${platform:+--platform "$platform"} "$image" sh -ec "$BB_IMAGE_SETUP" >&2
	docker commit "$box" "$box" >/dev/null
	docker rm "$box" >/dev/null
	image=$box
fi
# The manifest names the image, by its digest where it has one; one that was made here has none.
case $BB_COMMAND:$BB_IMAGE in
pack:*@*) BINARY_BUILDOUT_IMAGE=$BB_IMAGE ;;
pack:*)
	docker pull --quiet ${platform:+--platform "$platform"} "$BB_IMAGE" >/dev/null 2>&1 || :
	pulled=$(docker image inspect --format '{{index .RepoDigests 0}}' "$BB_IMAGE" 2>/dev/null) || pulled=''
	case $pulled in *@*) pulled=@${pulled##*@} ;; *) pulled='' ;; esac
	BINARY_BUILDOUT_IMAGE=$BB_IMAGE$pulled
	;;
esac
export BINARY_BUILDOUT_IMAGE
# shellcheck disable=SC2016 # the container's shell expands it
set -- "$image" sh -c 'status=0
if [ -d "${BB_KEPT-}/pip" ]; then chown -R 0:0 "$BB_KEPT/pip"; fi; "$0" "$@" || status=$?
for d in "$BB_OUT" "${BB_KEPT-}/pip"; do if [ -d "$d" ]; then chown -R "$BB_OWNER" "$d"; fi; done
exit $status' /usr/local/bin/binary-buildout "$@"
if [ "$BB_COMMAND" = prove ]; then set -- --network none "$@"; fi
if [ -n "$platform" ]; then set -- --platform "$platform" "$@"; fi
if [ -n "$home" ]; then set -- -v "$home:$home" -e HOME -e BINARY_BUILDOUT_CREDENTIALS -e PIP_CONFIG_FILE -e GIT_SSH_COMMAND "$@"; fi
if [ -n "${BB_KEPT-}" ]; then set -- -v "$BB_KEPT/pip:$BB_KEPT/pip" -e BB_KEPT -e PIP_CACHE_DIR "$@"; fi
bound='
'
while IFS= read -r file; do
	case $bound in *"
$file
"*) continue ;; esac
	bound="$bound$file
"
	case $file in # the last release's archive lies outside of the workspace
	/*) if [ "$BB_COMMAND" = pack ]; then set -- -v "$file:$file:ro" "$@"; fi ;;
	esac
done <<END
${BB_REUSE-}
${BB_SINCE-}
END
# The two files that it writes, not the directory: GITHUB_ENV's lies there too.
for file in "${GITHUB_OUTPUT-}" "${GITHUB_STEP_SUMMARY-}"; do
	if [ -f "$file" ]; then set -- -v "$file:$file" "$@"; fi
done
for name in CI GITHUB_ACTIONS GITHUB_REPOSITORY GITHUB_REF GITHUB_REF_NAME GITHUB_REF_TYPE GITHUB_SHA GITHUB_WORKSPACE GITHUB_SERVER_URL \
	GITHUB_OUTPUT GITHUB_STEP_SUMMARY SOURCE_DATE_EPOCH http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
	BB_OUT BB_OWNER BINARY_BUILDOUT_IMAGE GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 $names; do
	if eval "[ -n \"\${$name+set}\" ]"; then set -- -e "$name" "$@"; fi
done
workspace=${GITHUB_WORKSPACE:-$PWD}
docker run --rm -v "$workspace:$workspace" -w "$PWD" -v "$BB_PATH:/usr/local/bin/binary-buildout:ro" "$@"
