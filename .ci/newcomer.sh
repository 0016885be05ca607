# newcomer.sh: the README's first ten minutes, as a stranger has them: a fresh
# Debian with git, curl and nothing else, in which the commands under "Try it"
# are run in their order, each as it stands there. Where one names what is
# missing, the command that it prints is run, and it again; it may do so once.
#
#   bash -euo pipefail .ci/newcomer.sh                Debian 12 the first two commands, 13 all of them
#   bash -euo pipefail .ci/newcomer.sh trixie=9       so many commands in that one
#
# Ubuntu and Fedora aren't here: debootstrap makes only what Debian's mirrors
# hold. The clone is of this checkout's HEAD. The surroundings (proxies,
# certificates, indexes) are this machine's own.

here=$PWD
work=$(mktemp -d /var/tmp/newcomer.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT

fail() {
    echo "error: $1" >&2
    exit 1
}

# surroundings SUITE gives the root what this machine needs to reach anything.
surroundings() {
    local root=$work/$1 name value
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    for name in /etc/pip.conf ~/.config/pip/pip.conf; do
        [ ! -e "$name" ] || cp -L "$name" "$root/etc/pip.conf"
    done
    grep -l '^Acquire' /etc/apt/apt.conf.d/* 2>/dev/null | grep -v docker | while read -r name; do cp "$name" "$root/etc/apt/apt.conf.d/"; done
    while IFS='=' read -r name value; do
        case $name in
        *_proxy | *_PROXY | PIP_INDEX_URL | PIP_EXTRA_INDEX_URL | PIP_CERT | PIP_DEFAULT_TIMEOUT | SSL_CERT_FILE | SSL_CERT_DIR | UV_*) echo "$name=$value" ;;
        esac
    done < <(env) >"$work/$1.env"
    for name in GOPROXY GOSUMDB GONOSUMDB GOPRIVATE; do
        value=$(go env "$name")
        [ -z "$value" ] || echo "$name=$value" >>"$work/$1.env"
    done
    git clone -q --bare "$here" "$root/srv/source"
    # What the README clones is this checkout.
    git config --file "$root/etc/gitconfig" url./srv/source.insteadOf https://github.com/binary-buildout/binary-buildout
    echo /root >"$root/srv/where"
}

# inside SUITE COMMAND runs it in the root, in the directory where the last one ended.
inside() {
    local root=$work/$1 environment
    mapfile -t environment <"$work/$1.env"
    # shellcheck disable=SC2016 # for the shell inside
    # Not chroot: in one, no program may make namespaces, which the proof does.
    bwrap --bind "$root" / --dev /dev --proc /proc --unshare-pid --die-with-parent --cap-add ALL \
        env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb "${environment[@]}" \
        sh -c 'cd "$(cat /srv/where)" || exit; eval "$1"; code=$?; pwd >/srv/where; exit $code' - "$2" \
        >"$work/$1.log" 2>&1 </dev/null
}

# timed SUITE COMMAND prints it with its time and the end of what it says.
timed() {
    local begin=$SECONDS code=0
    inside "$1" "$2" || code=$?
    echo "$1 \$ $2"
    tail -n "${3:-8}" "$work/$1.log" | sed 's/^/  | /'
    echo "$1   exit $code after $((SECONDS - begin)) s"
    return $code
}

# newcomer SUITE COUNT runs the first COUNT commands of the README.
newcomer() {
    local suite=$1 line
    bash -euo pipefail .ci/debian-root.sh "$suite" "newcomer-$suite" git curl ca-certificates >"$work/root"
    cp -a --one-file-system "$(cat "$work/root")" "$work/$suite"
    surroundings "$suite"
    while read -r -u 3 line; do
        if ! timed "$suite" "$line"; then
            # The one command after "This installs it:".
            local installs
            installs=$(sed -n '/^This installs it:$/,$s/^    //p' "$work/$suite.log")
            [ -n "$installs" ] || {
                grep -a -A 8 -e '^--- FAIL' -e '^FAIL' "$work/$suite.log" | head -n 80 >&2 || true
                fail "it failed, and named nothing that is missing"
            }
            timed "$suite" "$installs" 2 || fail "what it named can't be installed"
            timed "$suite" "$line" 20 || fail "it failed with all that it had named"
        fi
        case $line in
        ./try*) two_lines "$suite" ;;
        esac
    done 3< <(commands | head -n "$2")
    rm -rf --one-file-system "${work:?}/$suite"
}

# two_lines runs the last lines of ./try in a directory of their own, as somebody would who pastes them.
two_lines() {
    local pasted
    pasted=$(grep '^    ' "$work/$1.log" | tail -n 2 | sed 's/^    //')
    cp "$work/$1/srv/where" "$work/where"
    timed "$1" "$pasted" 4 || fail 'the two lines that pack ends with fail'
    grep -q '^Updating ' "$work/$1.log" || fail "bin/buildout didn't run"
    cp "$work/where" "$work/$1/srv/where"
}

# commands are those of the README's "Try it".
commands() { sed -n '/^## Try it$/,/^## [^T]/s/^    //p' README.md; }

[ "$(commands | wc -l)" -ge 3 ] || fail 'README.md has no commands under "Try it"'
if [ $# -eq 0 ]; then set -- bookworm=2 trixie=9; fi
for entry; do
    newcomer "${entry%=*}" "${entry#*=}"
done
