#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# Installs an application that binary-buildout has packed, on a machine that
# has no binary-buildout:
#
#   curl -fsSL RELEASE/install.sh | sh -s -- --into /srv/app
#   sh install.sh --into /srv/app --from /media/mirror
#
# It needs sh, and Python (2.7 or 3) where the archive has none in it. curl or wget
# downloads; without them Python does. Where there is no Python, sed, awk, tar and
# one of sha256sum, shasum and openssl are needed too.
# It chooses the archive that fits this system and its Pythons by the release's
# index.json, unpacks it beside DIR, runs the archive's own bootstrap.py, and
# renames the result to DIR. Nothing is written anywhere else, and what fails
# leaves DIR as it was.
#
# What is checked: the archive's size and SHA-256. They come from index.json,
# which comes from the same release by the same way. The attestation is NOT
# checked; `binary-buildout install` does that. Of a private repository the
# token in GH_TOKEN fetches it.
#
# All of it is one function that is called on the last line: of a script that
# arrives cut off, nothing runs.

# shellcheck disable=SC2030,SC2031 # work is that of one subshell
binary_buildout_install() {
	if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
	set -u

	# The release that this script is an asset of.
	server='@SERVER@'
	repo='@REPO@'
	release='@TAG@'

	into='' python='' tag='' from='' label='' sha256=''
	while [ $# -gt 0 ]; do
		case $1 in
		--into=* | --python=* | --tag=* | --from=* | --label=* | --sha256=*)
			value=${1#*=}
			;;
		--into | --python | --tag | --from | --label | --sha256)
			if [ $# -lt 2 ]; then
				binary_buildout_usage "$1 needs a value"
				return 2
			fi
			value=$2
			;;
		-h | --help)
			binary_buildout_help
			return 0
			;;
		*)
			binary_buildout_usage "$1 is no option"
			return 2
			;;
		esac
		case $1 in
		--into*) into=$value ;;
		--python*) python=$value ;;
		--tag*) tag=$value ;;
		--from*) from=$value ;;
		--label*) label=$value ;;
		--sha256*) sha256=$value ;;
		esac
		case $1 in
		*=*) shift ;;
		*) shift 2 ;;
		esac
	done
	if [ -z "$into" ]; then
		binary_buildout_usage 'no directory to install into'
		return 2
	fi

	# All else, for Python 2.7 and 3. No single quote may stand in it.
	program='
@PROGRAM@
'
	# The program itself runs on any Python; which one the application gets is
	# chosen by it.
	partial=''
	case $python in */*) named=$python ;; *) named='' ;; esac
	for driver in "$python" "${python:+python$python}" python3 python python2 \
		python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 python3.7 python3.6 python2.7 \
		/usr/bin/python[23]* /usr/local/bin/python[23]* /usr/libexec/platform-python /opt/*/bin/python[23]* \
		/opt/rh/*/root/usr/bin/python[23]* "${PYENV_ROOT:-${HOME-}/.pyenv}"/versions/*/bin/python; do
		case $driver in
		'' | *-config | *'*'*) continue ;;
		esac
		found=$(command -v "$driver" 2>/dev/null) || continue
		[ "$driver" = "$named" ] || binary_buildout_roots "$found" || continue
		"$driver" -sE -c '' </dev/null >/dev/null 2>&1 || continue
		if "$driver" -sE -c 'import sys; sys.path.pop(0); import hashlib, json, subprocess, tarfile, zlib' </dev/null >/dev/null 2>&1; then
			# Not as an argument, which everybody here can read: a mirror may have a password.
			BINARY_BUILDOUT_FROM=$from
			export BINARY_BUILDOUT_FROM
			exec "$driver" -sE -c "$program" into="$into" python="$python" tag="$tag" label="$label" \
				sha256="$sha256" server="$server" repo="$repo" release="$release" </dev/null
		fi
		partial=${partial:-$driver}
	done
	if [ -z "$python" ]; then
		binary_buildout_bring
		code=$?
		[ $code = 9 ] || return $code
	fi
	if [ -n "$partial" ]; then
		printf 'error: %s\nhint: %s\n' "$partial has not the whole of Python's standard library (hashlib, json, subprocess, tarfile, zlib)" \
			"install the rest (the package python3, where this is python3-minimal), or name another one with --python PATH" >&2
		return 2
	fi
	printf 'error: %s\nhint: %s\n' "there is no Python here (this system is $(uname -sm 2>/dev/null || echo unknown))" \
		'install the version that the application was made for (cp313 in the names of the archives is Python 3.13), or name one with --python PATH' >&2
	return 2
}

# Where there is no Python: fetches an archive that has one in it, and has that run
# the program, which looks at everything again and goes on with what was fetched.
# 9 if there is no such archive. What it makes lies beside DIR, or in it.
binary_buildout_bring() (
	for tool in awk cp dirname gzip ls mkdir mktemp rm sed tail tar tr uname; do
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
	binary_buildout_get index.json
	chosen=$(binary_buildout_archives <"$work/index.json" | binary_buildout_fits)
	[ -n "$chosen" ] || exit 9
	name=${chosen% *} digest=${chosen#* }
	wanted=$(printf '%s\n' "${sha256#[Ss][Hh][Aa]256:}" | tr A-F a-f)
	[ -z "$wanted" ] || [ "$wanted" = "$digest" ] || binary_buildout_fail "$name has SHA-256 $digest, and --sha256 says $wanted" 'it is not the archive that you mean: ask who made it' 1
	printf '%s\n' "no Python here can run this: fetching $name, which has one in it" >&2
	binary_buildout_get "$name"
	have=$(binary_buildout_sum "$work/$name") || exit
	[ "$have" = "$digest" ] || binary_buildout_fail "$name has SHA-256 $have, and index.json says $digest" 'it was damaged on the way: run the command again' 1
	case $name in
	*.tar.gz) gzip -dc <"$work/$name" ;;
	*.tar.zst) zstd -dc <"$work/$name" ;;
	*) binary_buildout_fail "unpacking $name: sh reads no zip" 'install a Python' 2 ;;
	esac >"$work/tar" || binary_buildout_fail "unpacking $name" 'make room on that disk, and install gzip or zstd'
	# Of the archive only its interpreter, if none of its names climbs, and what else
	# begins as that does. BusyBox has no -T.
	# shellcheck disable=SC2046 # its words
	set -- $(tar -tf "$work/tar" | awk -F / '
		$2 !~ /^(python-[0-9][A-Za-z0-9._+-]*|bootstrap(\.py)?)$/ { next }
		/(^|\/)\.\.(\/|$)/ || ($1 "/" $2) !~ /^[A-Za-z0-9._+-]+\/[A-Za-z0-9._+-]+$/ { bad = 1 }
		!seen[$1 "/" $2]++ { names = names " " $1 "/" $2 }
		END { if (!bad) print names }')
	[ $# -ge 3 ] || binary_buildout_fail "unpacking $name: it is no archive of binary-buildout" 'fetch or make it again' 1
	mkdir "$work/tree"
	tar -xf "$work/tar" -C "$work/tree" "$@" || binary_buildout_fail "unpacking $name" 'make room on that disk'
	rm -f "$work/tar"
	set -- "$work"/tree/*/bootstrap
	sh "$1" --help >/dev/null || exit
	driver=$(sed -n 's/^PYTHON=\([A-Za-z0-9._+/-]*\)$/\1/p' "$1")
	BINARY_BUILDOUT_FROM=$from
	export BINARY_BUILDOUT_FROM
	"${1%/*}/$driver" -BsSE -c "$program" into="$into" python='' tag="$tag" label="$label" sha256="$sha256" \
		server="$server" repo="$repo" release="$release" brought="$work/$name" </dev/null
)

binary_buildout_fail() { # why, hint, code
	printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
	exit "${3-3}"
}

# Fetches an asset into $work, from a folder, or by an address that no other user
# can read in the list of processes.
binary_buildout_get() { # NAME
	case $from in
	http://* | https://*) url=${from%/}/$1 ;;
	?*)
		cp "$from/$1" "$work/$1" || binary_buildout_fail "looking for $1: the mirror $from does not have it" 'copy it there too: a mirror is a copy of all assets of a release' 2
		return
		;;
	*)
		[ -n "$repo" ] || binary_buildout_fail 'it is not known which release this script is of' 'name a mirror with --from' 2
		url=$server/$repo/releases/download/$(printf '%s\n' "${tag:-$release}" | sed 's/%/%25/g; s|/|%2F|g; s/#/%23/g; s/"/%22/g')/$1
		;;
	esac
	case $url in https:*) only='=https' ;; *) only='=http,https' ;; esac
	if command -v curl >/dev/null; then
		printf 'url = "%s"\n' "$url" | curl -gfsSL --connect-timeout 30 --retry 4 --speed-limit 1 --speed-time 60 --proto "$only" -o "$work/$1" -K - && return
		binary_buildout_fail "fetching $1" 'check the address, and that the release is published; of a private repository, copy the release here and name it with --from'
	fi
	for hop in 0 1 2 3 4 5 6 7 8 9; do
		if wget --version 2>/dev/null | grep -q GNU; then
			printf '%s\n' "$url" | wget -nv -S --tries=5 --timeout=60 --max-redirect=0 ${SSL_CERT_FILE:+"--ca-certificate=$SSL_CERT_FILE"} -O "$work/$1" -i - 2>"$work/said" && return
			next=$(sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*/\1/p' "$work/said" | tr -d '\r' | tail -n 1)
		elif [ "$only" = '=https' ] || ! command -v wget >/dev/null; then
			binary_buildout_fail "fetching $1: there is neither curl nor GNU Wget" 'install one of them, or copy the release here and name it with --from'
		else # BusyBox
			wget -q -O "$work/$1" "$url" && return
			next=
		fi
		case $next in
		https://*) url=$next only='=https' ;;
		http://*) if [ "$only" = '=https' ]; then next=; fi; url=$next ;;
		*) next= ;;
		esac
		[ -n "$next" ] || break
	done
	binary_buildout_fail "fetching $1${hop:+: $(tail -n 1 "$work/said" 2>/dev/null)}" 'check the address, and that the release is published; of a private repository, copy the release here and name it with --from'
}

binary_buildout_sum() { # FILE
	for sum in sha256sum 'shasum -a 256' 'openssl dgst -sha256 -r'; do
		command -v "${sum%% *}" >/dev/null || continue
		# shellcheck disable=SC2086 # words
		set -- "$($sum <"$1")"
		printf '%s\n' "${1%% *}"
		return
	done
	binary_buildout_fail 'there is no sha256sum, shasum or openssl here' 'install one of them'
}

# Of index.json each archive with a Python in it: target, label, archive, digest,
# Python, and the floors as KIND VERSION. A value with a character that no name has
# becomes a question mark. Debian 10's awk (mawk 1.3.3) knows no [:space:].
binary_buildout_archives() {
	awk '
{ text = text $0 "\n" }
END {
	while (match(text, /"([^"\\]|\\.)*"|[][{}:,]|[^][{}:," \t\r\n]+/)) {
		token = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (token == "{" || token == "[") {
			depth++
			if (token == "{" && depth == 3) { split("", entry); floors = "" }
			name = ""
		} else if (token == "}" || token == "]") {
			if (token == "}" && depth == 3 && entry["python_bundled"] == "true")
				print entry["target"], (entry["label"] == "" ? "-" : entry["label"]), entry["archive"], entry["sha256"], entry["python"], floors
			if (token == "}" && depth == 5 && list == "floors") floors = floors kind " " version " "
			depth--
			name = ""
		} else if (token == ":") {
			name = last
			if (depth == 3) list = name
		} else if (token != ",") {
			gsub(/^"|"$/, "", token)
			if (token !~ /^[A-Za-z0-9._+-]*$/) token = "?"
			if (name != "" && depth == 3) entry[name] = token
			if (name == "kind" && depth == 5) kind = token
			if (name == "version" && depth == 5) version = token
			if (name == "") last = token
			name = ""
		}
	}
}'
}

# Of these the one that runs here, with the newest Python and of these the highest
# floor: its name and digest. The program chooses again, by all its rules.
binary_buildout_fits() {
	system=$(uname -s) machine=$(uname -m) here='' best='' most=''
	case $system in
	Linux) here=$(libc_here) ;;
	Darwin) here="macos $(sw_vers -productVersion)" ;;
	esac
	while read -r target its archive digest version floors; do
		[ -z "$label" ] || [ "$label" = "$its" ] || continue
		platform=${target#*-} kind=''
		case $platform in
		manylinux1_*) floors="$floors glibc 2.5" ;;
		manylinux2010_*) floors="$floors glibc 2.12" ;;
		manylinux2014_*) floors="$floors glibc 2.17" ;;
		manylinux_*) kind=glibc ;;
		musllinux_*) kind=musl ;;
		macosx_*) kind=macos ;;
		linux_*) ;;
		*) continue ;;
		esac
		platform=${platform#*_}
		if [ -n "$kind" ]; then
			floor=${platform%%_*} platform=${platform#*_}
			floors="$floors $kind $floor.${platform%%_*}" platform=${platform#*_}
		fi
		case $system,$platform,$machine in
		*",$machine,$machine" | Linux,i686,i?86 | Linux,armv6l,armv7l | Darwin,universal2,*) ;;
		*) continue ;;
		esac
		# shellcheck disable=SC2086 # its words
		set -- $floors
		highest=0
		while [ $# -gt 1 ] && [ "$1" = "${here%% *}" ] && ! older "${here#* }" "$2"; do
			if older "$highest" "$2"; then highest=$2; fi
			shift 2
		done
		[ $# -lt 2 ] || continue
		if [ -z "$best" ] || older "${most%% *}" "$version" || { [ "${most%% *}" = "$version" ] && older "${most#* }" "$highest"; }; then
			best="$archive $digest" most="$version $highest"
		fi
	done
	printf '%s\n' "$best"
}

@SYSTEM@
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
		target=$(readlink "$at") || exit 0
		case $target in
		/*) at=$target ;;
		*) at=${dir%/}/$target ;;
		esac
	done
	exit 1
)

binary_buildout_usage() {
	printf 'error: %s\nhint: %s\n' "$1" 'sh install.sh --into DIR; --help lists the options' >&2
}

binary_buildout_help() {
	cat <<'HELP'
usage: sh install.sh --into DIR [options]

Installs the archive of this release that fits this system.

  --into DIR      the directory: new, or empty, or with the same archive already
  --python PYTHON the interpreter: a path, a name, or a version as 3.13;
                  default is the newest that fits
  --tag TAG       another release
  --from URL      a mirror: a copy of a release's assets, by its URL,
  --from FOLDER   or in a folder
  --label LABEL   which of several archives for one target
  --sha256 DIGEST the digest that the archive must have
  --help          this

exit codes: 0 done, or nothing to do; 1 a check failed; 2 wrong usage, or not
for this system; 3 the surroundings failed (network, disk, rights)
HELP
}

binary_buildout_install "$@"
