#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# Installs the program binary-buildout for Linux or macOS:
#
#   curl -fsSL RELEASE/get.sh | sh
#   sh get.sh --into DIR --from FOLDER
#
# The program goes into DIR: /usr/local/bin for root, else ~/.local/bin. It comes
# from the release that this script is an asset of, or from FOLDER, a copy of the
# release's assets; its SHA-256 has to be the one below. The attestation is not
# checked: "gh attestation verify FILE --repo binary-buildout/binary-buildout" does that.
#
# All of it is one function that is called on the last line: of a script that
# arrives cut off, nothing runs.

get_binary_buildout() {
	set -eu
	version='@VERSION@' url='@URL@'
	into=${HOME:-}/.local/bin
	if [ "$(id -u)" -eq 0 ]; then into=/usr/local/bin; fi
	while [ $# -gt 0 ]; do
		case $1 in
		--into=?*) into=${1#*=} ;;
		--from=?*) url=${1#*=}/ ;;
		--into | --from)
			if [ -z "${2-}" ]; then get_fail 2 "$1 needs a value" 'usage: get.sh [--into DIR] [--from FOLDER]'; fi
			if [ "$1" = --into ]; then into=$2; else url=$2/; fi
			shift
			;;
		*) get_fail 2 "$1 is no option" 'usage: get.sh [--into DIR] [--from FOLDER]' ;;
		esac
		shift
	done

	system=$(uname -sm) asset='' digest=''
	case $system in
	@BINARIES@) ;;
	*) get_fail 2 "there is no binary for $system" 'with Go: go install github.com/binary-buildout/binary-buildout@latest' ;;
	esac

	mkdir -p "$into" 2>/dev/null || get_fail 3 "$into can't be made" 'name another directory with --into DIR'
	# Beside its place, so that the rename is one step.
	part=$(mktemp "$into/.binary-buildout.XXXXXX" 2>/dev/null) || get_fail 3 "$into can't be written" 'name another directory with --into DIR'
	trap 'rm -f "$part"' EXIT
	trap 'exit 130' INT TERM
	get_fetch "$url$asset" "$part" || get_fail 3 "$url$asset can't be fetched" 'look at the network, and whether a proxy is needed (https_proxy)'
	got=$(get_digest "$part")
	if [ "$got" != "$digest" ]; then
		get_fail 1 "$asset of version $version has SHA-256 $got, not $digest" 'it was altered, or a proxy answered in its place: nothing was installed'
	fi
	chmod 755 "$part"
	if ! "$part" --version >/dev/null; then get_fail 3 "$part doesn't run here" 'a directory that is mounted noexec will not do: name another one with --into DIR'; fi
	mv -f "$part" "$into/binary-buildout"
	trap - EXIT
	echo "binary-buildout $version is installed as $into/binary-buildout"
	case :$PATH: in
	*:"$into":*) ;;
	*) echo "PATH lacks that directory: export PATH=\"$into:\$PATH\"" ;;
	esac
}

# get_fail CODE ERROR HINT
get_fail() {
	printf 'error: %s\nhint: %s\n' "$2" "$3" >&2
	exit "$1"
}

# get_fetch SOURCE FILE
get_fetch() {
	case $1 in
	https://*) only='=https' ;; # of a redirect too
	http://*) only='=http,https' ;;
	*)
		cp "$1" "$2"
		return
		;;
	esac
	if command -v curl >/dev/null; then
		curl -fsSL --proto "$only" --retry 3 -o "$2" "$1"
	elif command -v wget >/dev/null; then
		wget -qO "$2" "$1"
	else
		get_fail 3 'neither curl nor wget is here' 'install one of them'
	fi
}

get_digest() {
	if command -v sha256sum >/dev/null; then
		sha256sum <"$1"
	elif command -v shasum >/dev/null; then
		shasum -a 256 <"$1"
	else
		openssl dgst -sha256 -r <"$1"
	fi | cut -d ' ' -f 1
}

get_binary_buildout "$@"
