# readme.sh: the README's first command, as it stands there.

command=$(sed -n 's/^    \(go build && .*\)$/\1/p' README.md)
[ -n "$command" ] || {
    echo "error: README.md has no command that starts with go build" >&2
    exit 1
}
echo "$command"
sh -ec "$command"
