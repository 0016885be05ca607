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
# It needs sh and Python (2.7 or 3). curl or wget downloads; without them Python
# does.
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
	if [ -n "$partial" ]; then
		printf 'error: %s\nhint: %s\n' "$partial has not the whole of Python's standard library (hashlib, json, subprocess, tarfile, zlib)" \
			"install the rest (the package python3, where this is python3-minimal), or name another one with --python PATH" >&2
		return 2
	fi
	printf 'error: %s\nhint: %s\n' "there is no Python here (this system is $(uname -sm 2>/dev/null || echo unknown))" \
		'install the version that the application was made for (cp313 in the names of the archives is Python 3.13), or name one with --python PATH' >&2
	return 2
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
