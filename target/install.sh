#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# Installs an application that binary-buildout has packed, or updates it, where
# there is no binary-buildout:
#
#   curl -fsSL RELEASE/install.sh | sh -s -- --into /srv/app
#   sh install.sh --into /srv/app --from /media/mirror
#
# The work is done by install.py, an asset of the same release, whose SHA-256 is
# below. This script takes it from its own directory, the mirror or the release,
# and has a Python (2.7 or 3) compare and run it. Where there is no Python,
# install-nopython.sh, another asset, takes the one in the archive; that needs
# sed, awk, tar, and one of sha256sum, shasum and openssl.
# Nothing is written but beside DIR and in TMPDIR; what fails leaves DIR as it was.
#
# An archive's size and SHA-256 are compared with index.json, which comes from the
# same release by the same way. The attestation is NOT checked; `binary-buildout
# install` does that. Of a private repository the token in GH_TOKEN fetches it.
#
# All of it is functions, and the last line calls one: of a script that arrives
# cut off, nothing runs.

# shellcheck disable=SC2030,SC2031 # work is that of one subshell
binary_buildout_install() {
	if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
	set -u

	# The release that this script is an asset of, and the SHA-256 of two others.
	server='@SERVER@'
	repo='@REPO@'
	release='@TAG@'
	installer='@INSTALL.PY@'
	nopython='@INSTALL-NOPYTHON.SH@'

	into='' python='' tag='' from='' label='' sha256='' update='' value='' lacking=''
	while [ $# -gt 0 ]; do
		option=${1%%=*}
		case $1 in
		-h | --help) binary_buildout_usage && return ;;
		--update) value=1 ;;
		--*=*) value=${1#*=} ;;
		*) if [ $# -gt 1 ]; then value=$2 && shift; else lacking=$1; fi ;;
		esac
		case $option in
		--into) into=$value ;;
		--python) python=$value ;;
		--tag) tag=$value ;;
		--from) from=$value ;;
		--label) label=$value ;;
		--sha256) sha256=$value ;;
		--update) update=$value ;;
		*) binary_buildout_usage "$option is no option" || return ;;
		esac
		[ -z "$lacking" ] || binary_buildout_usage "$lacking needs a value" || return
		shift
	done
	[ -n "$into" ] || binary_buildout_usage 'no directory to install into' || return

	# install.py runs on any Python; which one the application gets is chosen by it.
	partial=''
	case $python in */*) named=$python ;; *) named='' ;; esac
	for driver in "$python" "${python:+python$python}" python3 python python2 \
		python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 python3.7 python3.6 python2.7 \
		/usr/bin/python[23]* /usr/local/bin/python[23]* /usr/libexec/platform-python /opt/*/bin/python[23]* \
		/opt/rh/*/root/usr/bin/python[23]* "${PYENV_ROOT:-${HOME-}/.pyenv}"/versions/*/bin/python "$into"/python-[0-9]*/bin/python[23]*; do
		case $driver in
		'' | *-config | *'*'*) continue ;;
		esac
		found=$(command -v "$driver" 2>/dev/null) || continue
		[ "$driver" = "$named" ] || binary_buildout_roots "$found" || continue
		"$driver" -sE -c '' </dev/null >/dev/null 2>&1 || continue
		if "$driver" -sE -c 'import sys; sys.path.pop(0); import hashlib, json, subprocess, tarfile, zlib' </dev/null >/dev/null 2>&1; then
			if binary_buildout_here install.py; then
				exec 3<"$place/install.py" || return 3
			else
				work=$(mktemp -d) || return 3
				(binary_buildout_get install.py "$release") && exec 3<"$work/install.py"
				code=$?
				rm -rf "$work"
				[ $code = 0 ] || return $code
			fi
			binary_buildout_run "$driver" -sE
		fi
		partial=${partial:-$driver}
	done
	if [ -z "$python" ]; then
		binary_buildout_without
		code=$?
		[ $code = 9 ] || return $code
	fi
	[ -z "$partial" ] || binary_buildout_error "$partial has not the whole of Python's standard library (hashlib, json, subprocess, tarfile, zlib)" \
		"install the rest (the package python3, where this is python3-minimal), or name another one with --python PATH"
	[ -z "$partial" ] || return 2
	binary_buildout_error "there is no Python here (this system is $(uname -sm 2>/dev/null || echo unknown))" \
		'install the version that the application was made for (cp313 in the names of the archives is Python 3.13), or name one with --python PATH'
	return 2
}

# Becomes a Python that runs what descriptor 3 has, if that is install.py of this
# release. A mirror may have a password: it is no argument, which everybody here reads.
binary_buildout_run() { # PYTHON OPTIONS
	BINARY_BUILDOUT_FROM=$from
	export BINARY_BUILDOUT_FROM
	exec "$@" -c '
import sys; sys.path.pop(0)
import hashlib
program = getattr(sys.stdin, "buffer", sys.stdin).read()
if hashlib.sha256(program).hexdigest() != sys.argv.pop(1):
    sys.exit("error: install.py is not the one of this install.sh\nhint: take both from one release")
exec(compile(program, "install.py", "exec"))
' "$installer" into="$into" python="$python" tag="$tag" label="$label" sha256="$sha256" \
		server="$server" repo="$repo" release="$release" brought="${brought-}" update="$update" <&3 3<&-
}

# Has install-nopython.sh go on, in a directory beside DIR, or in TMPDIR. 9 if that
# finds no archive, or a tool is missing.
binary_buildout_without() (
	for tool in awk cat dirname gzip ls mkdir mktemp rm sed tail tar tr uname; do
		command -v $tool >/dev/null || exit 9
	done
	umask 022
	parent=$(dirname -- "$into") base=$(basename -- "$into")
	dir=$(cd -P -- "$parent/" 2>/dev/null && pwd -P) || binary_buildout_fail "looking at $parent: there is no such directory" 'make the parent directory first' 2
	[ -w "$dir" ] || dir=${TMPDIR:-/tmp}
	work=$(mktemp -d "$dir/.$base.binary-buildout.XXXXXX") ||
		binary_buildout_fail "making a directory to work in, in $dir" 'install as a user who may write there, or have an empty directory made that you own'
	trap 'rm -rf "$work"' EXIT
	trap 'exit 3' HUP INT TERM
	binary_buildout_roots "$work" || binary_buildout_fail "running what lies in $dir as root: another user can change it" 'install into a directory that nobody else can change' 2
	binary_buildout_own install-nopython.sh
	have=$(binary_buildout_sum "$work/install-nopython.sh") || exit
	[ "$have" = "$nopython" ] || binary_buildout_fail 'install-nopython.sh is not the one of this install.sh' 'take both from one release' 1
	# shellcheck source=target/install-nopython.sh
	. "$work/install-nopython.sh"
	binary_buildout_bring
)

# Whether another asset of this script's release lies beside it; where, as $place.
binary_buildout_here() { # NAME
	place=${ZSH_ARGZERO:-$0}
	case $place in */install.sh) place=${place%/*} ;; install.sh) place=. ;; *) return 1 ;; esac
	[ -f "$place/$1" ]
}

# Brings one into $work.
binary_buildout_own() { # NAME
	if binary_buildout_here "$1"; then
		cat "$place/$1" >"$work/$1" || exit 3
	else
		binary_buildout_get "$1" "$release"
	fi
}

# Fetches an asset into $work, from a folder, or by an address that no other user
# can read in the list of processes.
binary_buildout_get() { # NAME TAG
	case $from in
	http://* | https://*) url=${from%/}/$1 ;;
	?*)
		cat "$from/$1" >"$work/$1" || binary_buildout_fail "looking for $1: the mirror $from does not have it" 'copy it there too: a mirror is a copy of all assets of a release' 2
		return
		;;
	*)
		[ -n "$repo" ] || binary_buildout_fail 'it is not known which release this script is of' 'name a mirror with --from' 2
		name=$2
		case $2 in *[!A-Za-z0-9._~-]*) name=$(printf '%s\n' "$2" | sed 's/%/%25/g; s|/|%2F|g; s/#/%23/g; s/"/%22/g') ;; esac
		url=$server/$repo/releases/download/$name/$1
		;;
	esac
	gnu='' code='' shown=${url#*//} only='=http,https' why='there is neither curl nor GNU Wget'
	case $url in https:*) only='=https' ;; esac
	case $(wget --version 2>/dev/null) in *GNU*) gnu=1 ;; esac
	if command -v curl >/dev/null; then
		printf 'url = "%s"\n' "$url" | curl -gfsSL --connect-timeout 30 --retry 4 --speed-limit 1 --speed-time 60 --proto "$only" -o "$work/$1" -K - 2>"$work/said" && return
		why=$(cat "$work/said")
	elif [ -n "$gnu" ]; then
		binary_buildout_wget "$1" "$url" && return
		why=$(tail -n 1 "$work/said")
	elif [ "$only" != '=https' ] && command -v wget >/dev/null; then # BusyBox
		why='wget failed'
		case ${shown%%/*} in *@*) why='everybody here could read the password, an argument of this wget: install curl' ;; *) wget -q -O "$work/$1" "$url" && return ;; esac
	fi
	case $why in
	*404*)
		[ -z "$from" ] && binary_buildout_private "$1" && return
		why="it is not there ($why)" code=2
		;;
	esac
	binary_buildout_fail "fetching ${url%%//*}//${shown##*@}: $why" "check the address, and that the release is published; of a private repository set GH_TOKEN; or copy $1 to where install.sh is" "${code:-3}"
}

# GNU Wget would follow from https to http.
binary_buildout_wget() { # NAME URL
	next=$2
	for _ in 0 1 2 3 4 5 6 7 8 9; do
		printf '%s\n' "$next" | wget -nv -S --tries=5 --timeout=60 --max-redirect=0 ${SSL_CERT_FILE:+"--ca-certificate=$SSL_CERT_FILE"} -O "$work/$1" -i - 2>"$work/said" && return
		next=$(sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*/\1/p' "$work/said" | tr -d '\r' | tail -n 1)
		case $next,$only in https://*) only='=https' ;; http://*,=http,https) ;; *) return 1 ;; esac
	done
	return 1
}

# Fetches an asset of a private repository by the API. The token is sent nowhere
# else: not by -L, which takes it along where curl is older than 7.58.
binary_buildout_private() { # NAME; name is the tag
	token=${GH_TOKEN:-${GITHUB_TOKEN-}}
	[ -n "$token" ] && command -v curl >/dev/null || return
	case $server in https://github.com | https://*.ghe.com) api=https://api.${server#*//} ;; *) api=$server/api/v3 ;; esac
	api=${GITHUB_API_URL:-$api}
	api=${api%/}/repos/$repo/releases
	url=$(printf 'url = "%s"\nheader = "Authorization: Bearer %s"\n' "$api/tags/$name" "$token" | curl -gfsS --retry 4 -K - |
		tr -d '\n' | tr '{' '\n' | sed -n "/\"name\": *\"$1\"/s/.*\"url\": *\"\([^\"]*\)\".*/\1/p")
	case $url in "$api"/assets/*) ;; *) return 1 ;; esac
	next=$(printf 'url = "%s"\nheader = "Authorization: Bearer %s"\nheader = "Accept: application/octet-stream"\n' "$url" "$token" |
		curl -gfsS --retry 4 -o "$work/$1" -w '%{redirect_url}' -K -) || return
	case $next,$api in
	,*) ;;
	https:* | http:*,http:*) printf 'url = "%s"\n' "$next" | curl -gfsSL --retry 4 --proto "$only" -o "$work/$1" -K - ;;
	*) return 1 ;;
	esac
}

binary_buildout_sum() { # FILE
	for sum in sha256sum 'shasum -a 256' 'openssl dgst -sha256 -r'; do
		command -v "${sum%% *}" >/dev/null || continue
		# shellcheck disable=SC2086 # words
		set -- "$($sum <"$1")"
		printf '%s\n' "${1%% *}" && return
	done
	binary_buildout_fail 'there is no sha256sum, shasum or openssl here' 'install one of them'
}

# Whether a program may be run: by root only one that nobody else can change, by
# any directory, link or file on the way.
binary_buildout_roots() (
	PATH=/usr/bin:/bin:$PATH
	[ "$(id -u)" = 0 ] || exit 0
	set -f
	at=$1
	for _ in 1 2 3 4 5 6 7 8 9; do # links
		dir=$(cd -P "${at%/*}/" 2>/dev/null && pwd -P) || exit 1
		at=${dir%/}/${at##*/} up=${dir%/}/${at##*/}
		while :; do
			# shellcheck disable=SC2046 # its words: mode, links, uid, gid
			set -- $(ls -ldn "${up:-/}" 2>/dev/null)
			[ "${3-}" = 0 ] || exit 1
			case $1 in
			l* | d????????[tT]*) ;;
			????????w*) exit 1 ;;
			?????w*) [ "$4" = 0 ] || exit 1 ;;
			esac
			[ -n "$up" ] || break
			up=${up%/*}
		done
		[ -h "$at" ] || exit 0
		target=$(readlink "$at") || exit 1
		case $target in
		/*) at=$target ;;
		*) at=${dir%/}/$target ;;
		esac
	done
	exit 1
)

binary_buildout_error() { # why, hint
	printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
}

binary_buildout_fail() { # why, hint, code
	binary_buildout_error "$1" "$2"
	exit "${3-3}"
}

binary_buildout_usage() { # what is wrong, or nothing
	[ $# = 0 ] || { binary_buildout_error "$1" 'sh install.sh --into DIR; --help lists the options' && return 2; }
	cat <<'HELP'
usage: sh install.sh --into DIR [options]

Installs the archive of this release that fits this system, or updates to it.

  --into DIR      the directory: new, or empty, or with the same archive already
  --python PYTHON the interpreter: a path, a name, or a version as 3.13;
                  default is the newest that fits
  --tag TAG       another release
  --from MIRROR   a copy of a release's assets, by its URL or in a folder
  --label LABEL   which of several archives for one target
  --sha256 DIGEST the digest that the archive must have
  --update        make what is in DIR the latest version, by a delta if one fits
  --help          this

exit codes: 0 done, or nothing to do; 1 a check failed; 2 wrong usage, or not
for this system; 3 the surroundings failed (network, disk, rights)
HELP
}

binary_buildout_install "$@"
