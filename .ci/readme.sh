# readme.sh: the README's first command, as it stands there, with the python3
# that a new user has: the system's own.

command=$(sed -n 's/^    \(go build && .*\)$/\1/p' README.md)
[ -n "$command" ] || {
    echo "error: README.md has no command that starts with go build" >&2
    exit 1
}
echo "$command"
PATH=/usr/bin:$PATH sh -ec "$command"
