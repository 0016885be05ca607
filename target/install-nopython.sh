# shellcheck shell=sh disable=SC2154 # of install.sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# What install.sh goes on with where there is no Python; it has the SHA-256 of this.
# It fetches an archive that has one in it, compares its digest with index.json, and
# has that Python run install.py, which looks at everything again and goes on with
# what was fetched. Where there is no index.json, the names in SHA256SUMS say what is
# for this system. 9 if there is no such archive.

binary_buildout_bring() {
	wanted=$(printf '%s\n' "${sha256#[Ss][Hh][Aa]256:}" | tr A-F a-f)
	list=index.json
	if (binary_buildout_get index.json "${tag:-$release}") 2>"$work/why"; then
		binary_buildout_archives <"$work/index.json" >"$work/archives"
	else
		code=$?
		if ! (binary_buildout_get SHA256SUMS "${tag:-$release}") 2>/dev/null; then
			cat "$work/why" >&2
			exit $code
		fi
		list=SHA256SUMS
		# Of several, the one that --sha256 names.
		binary_buildout_named <"$work/SHA256SUMS" | awk -v wanted="$wanted" '
			{ all = all $0 "\n" }
			$4 == wanted { found = found $0 "\n" }
			END { printf "%s", found == "" ? all : found }' >"$work/archives"
	fi
	while :; do
		binary_buildout_bring_chosen
		# shellcheck disable=SC2046 # its words
		set -- $(binary_buildout_interpreter)
		if [ $# -ge 3 ]; then
			rm -rf "$work/tree"
			mkdir "$work/tree"
			tar -xf "$work/tar" -C "$work/tree" "$@" || binary_buildout_fail "unpacking $archive" 'make room on that disk'
			set -- "$work"/tree/*/bootstrap
			sh "$1" --help >/dev/null && break
			code=$?
			[ $list = SHA256SUMS ] || exit $code
		elif [ $list = index.json ]; then
			binary_buildout_fail "unpacking $archive: it is no archive of binary-buildout" 'fetch or make it again' 1
		fi
		# Its name didn't tell that it has no Python in it, or a floor that is too high here.
		awk -v name="$archive" '$3 != name' <"$work/archives" >"$work/others"
		mv "$work/others" "$work/archives"
		rm -f "$work/$archive"
	done
	rm -f "$work/tar"
	driver=$(sed -n 's/^PYTHON=\([A-Za-z0-9._+/-]*\)$/\1/p' "$1")
	# shellcheck disable=SC2034 # install.sh hands it on
	brought=$work/$archive
	binary_buildout_own install.py
	(exec 3<"$work/install.py" && binary_buildout_run "${1%/*}/$driver" -BsSE)
}

# Fetches the archive that runs here, compares its digest, and leaves what tar reads of it.
binary_buildout_bring_chosen() {
	chosen=$(binary_buildout_fits <"$work/archives")
	[ -n "$chosen" ] || exit 9
	archive=${chosen%% *} volumes=${chosen##* } listed=${chosen#* }
	listed=${listed% *}
	[ -z "$wanted" ] || [ "$wanted" = "$listed" ] || binary_buildout_fail "$archive has SHA-256 $listed, and --sha256 says $wanted" 'it is not the archive that you mean: ask who made it' 1
	printf '%s\n' "no Python here can run this: fetching $archive" >&2
	binary_buildout_bring_archive
	have=$(binary_buildout_sum "$work/$archive") || exit
	[ "$have" = "$listed" ] || binary_buildout_fail "$archive has SHA-256 $have, and $list says $listed" 'it was damaged on the way: run the command again' 1
	case $archive in
	*.tar.gz) gzip -dc <"$work/$archive" ;;
	*.tar.zst) zstd -dc <"$work/$archive" ;;
	*) binary_buildout_fail "unpacking $archive: sh reads no zip" 'install a Python' 2 ;;
	esac >"$work/tar" || binary_buildout_fail "unpacking $archive" 'make room on that disk, and install gzip or zstd'
}

# Of the archive only its interpreter, if none of its names climbs, and what else
# begins as that does. BusyBox has no -T.
binary_buildout_interpreter() {
	tar -tf "$work/tar" | awk -F / '
		$2 !~ /^(python-[0-9][A-Za-z0-9._+-]*|bootstrap(\.py)?)$/ { next }
		/(^|\/)\.\.(\/|$)/ || ($1 "/" $2) !~ /^[A-Za-z0-9._+-]+\/[A-Za-z0-9._+-]+$/ { bad = 1 }
		!seen[$1 "/" $2]++ { names = names " " $1 "/" $2 }
		END { if (!bad) print names }'
}

# Fetches the archive, or the volumes that it is on the release, one after the other.
# A folder may have it put together.
binary_buildout_bring_archive() {
	case $from in
	'' | http://* | https://*) ;;
	*) [ ! -f "$from/$archive" ] || volumes=0 ;;
	esac
	if [ "$volumes" = 0 ]; then
		binary_buildout_get "$archive" "${tag:-$release}"
		return
	fi
	n=1
	while [ "$n" -le "$volumes" ]; do
		binary_buildout_get "$archive.part$n" "${tag:-$release}"
		cat "$work/$archive.part$n" >>"$work/$archive" || binary_buildout_fail "putting $archive together" 'make room on that disk'
		rm -f "$work/$archive.part$n"
		n=$((n + 1))
	done
}

# Of index.json each archive with a Python in it: target, label, archive, digest,
# Python, how many volumes it has, and the floors as KIND VERSION. A value with a character that no name has
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
			if (token == "{" && depth == 3) { split("", entry); floors = ""; volumes = 0 }
			name = ""
		} else if (token == "}" || token == "]") {
			if (token == "}" && depth == 3 && entry["python_bundled"] == "true")
				print entry["target"], (entry["label"] == "" ? "-" : entry["label"]), entry["archive"], entry["sha256"], entry["python"], volumes, floors
			if (token == "}" && depth == 5 && list == "floors") floors = floors kind " " version " "
			if (token == "}" && depth == 5 && list == "volumes") volumes++
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

# The same of SHA256SUMS, by the names: APP-VERSION-ABI-PLATFORM[-LABEL].tar.gz, and
# .part1 and so on behind it. Whether a Python lies in it, and its floors, only the
# archive itself tells.
binary_buildout_named() {
	awk '
NF == 2 && length($1) == 64 && $1 !~ /[^0-9a-f]/ {
	name = $2
	sub(/^\*/, "", name)
	if (name !~ /^[A-Za-z0-9][A-Za-z0-9._+-]*$/) next
	there[name] = 1
	if (name ~ /\.delta\.tar\.gz$/ || !match(name, /-cp[0-9][0-9]+[a-z]*-(manylinux|musllinux|linux|macosx)[a-z0-9_]*(-[A-Za-z0-9._+-]+)?\.tar\.(gz|zst)$/)) next
	rest = substr(name, RSTART + 1)
	sub(/\.tar\.(gz|zst)$/, "", rest)
	abi = platform = rest
	sub(/-.*/, "", abi)
	sub(/^[^-]*-/, "", platform)
	label = platform
	if (!sub(/^[^-]*-/, "", label)) label = "-"
	sub(/-.*/, "", platform)
	minor = substr(abi, 4)
	sub(/[a-z]+$/, "", minor)
	names[++n] = name
	row[n] = abi "-" platform " " label " " name " " $1 " " substr(abi, 3, 1) "." minor
}
END {
	for (i = 1; i <= n; i++) {
		volumes = 0
		while ((names[i] ".part" (volumes + 1)) in there) volumes++
		print row[i], volumes
	}
}'
}

# Of these the one that runs here, with the newest Python and of these the highest
# floor: its name, its digest, and how many volumes it has. The program chooses again, by all its rules.
binary_buildout_fits() {
	system=$(uname -s) machine=$(uname -m) here='' best='' most=''
	case $system in
	Linux) here=$(libc_here) ;;
	Darwin) here="macos $(sw_vers -productVersion)" ;;
	esac
	while read -r target its archive digest version volumes floors; do
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
		# The newest Python, then without a label, then the highest floor, as install.py has it.
		plain=0
		[ "$its" != - ] || plain=1
		# shellcheck disable=SC2086 # its words
		set -- $most
		if [ -z "$best" ] || older "$1" "$version" || { [ "$1" = "$version" ] && { [ "$2" -lt "$plain" ] || { [ "$2" = "$plain" ] && older "$3" "$highest"; }; }; }; then
			best="$archive $digest $volumes" most="$version $plain $highest"
		fi
	done
	printf '%s\n' "$best"
}

@SYSTEM@
