# lint.sh: what can be seen without running anything.

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
[ -z "$unformatted" ] || {
    echo "error: these need gofmt -w: $unformatted" >&2
    exit 1
}
for os in linux windows darwin; do
    echo "go vet for $os"
    GOOS=$os go vet ./...
done
staticcheck ./...

git ls-files '*.sh' .ci/run .ci/python try test | while read -r script; do
    # The stages are run by bash -euo pipefail, and have no first line.
    case $script in
    .ci/*.sh) shellcheck -s bash "$script" ;;
    *) shellcheck -x -P SCRIPTDIR "$script" ;;
    esac
done

tools-python .ci/powershell.py target/install.ps1 target/install-nopython.ps1

if [ -d .github/workflows ]; then
    actionlint
    # Not the workflows: its schema doesn't know the permission "attestations".
    action-validator action.yml
    zizmor --offline --persona=pedantic .github action.yml
fi

# The site: each link between pages, and to a heading of one, leads somewhere.
NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

# The collection for Ansible, as an installed one: the role names the module by its whole name.
collections=$(mktemp -d)
trap 'rm -rf "$collections"' EXIT
ansible-galaxy collection build --output-path "$collections" deploy/ansible >/dev/null
ANSIBLE_COLLECTIONS_PATH=$collections ansible-galaxy collection install "$collections"/*.tar.gz >/dev/null
# It wants to be in its own virtualenv.
bin=$(dirname "$(readlink -f "$(command -v ansible-lint)")")
(cd deploy/ansible && PATH=$bin:$PATH ANSIBLE_COLLECTIONS_PATH=$collections ansible-lint --offline --strict -q .)
