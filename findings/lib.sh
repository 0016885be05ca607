# shellcheck shell=sh
# lib.sh: what the findings share. Sourced by each, from any directory.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

# need TOOL PACKAGE: the tool is there, or the script ends with 2.
need() {
    command -v "$1" >/dev/null || {
        echo "$1 is missing: apt-get install $2" >&2
        exit 2
    }
}

# python MINOR: the path of that CPython.
python() { sh "$here/../.ci/python" "$1"; }

# venv DIR MINOR REQUIREMENT...: a virtualenv with these packages.
venv() {
    _dir=$1 _python=$(python "$2")
    shift 2
    "$_python" -m venv "$_dir"
    "$_dir/bin/pip" -q --disable-pip-version-check install "$@"
}

# expect WHAT WANTED SEEN: prints it, and fails where it is something else.
expect() {
    if [ "$2" != "$3" ]; then
        printf 'changed: %s\n  it was: %s\n  now:    %s\n' "$1" "$2" "$3" >&2
        exit 1
    fi
    printf '%s: %s\n' "$1" "$3"
}
