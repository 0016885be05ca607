#!/bin/sh
# next.sh PYTHON [TABLE]: what a CPython to come has that binary-buildout doesn't know.
#
# It asks the interpreter (next.py) beside internal/cpython/pythons.json, or beside TABLE, and has
# the program, built with that table, pack and prove examples/hello by it. It prints one line for each
# thing that is unknown, and the line that the table needs. The exit code is 1 if anything is
# unknown or the example can't be packed, 0 if only the version is new.
set -eu

python=${1:?the path of a Python}
here=$(cd "$(dirname "$0")/.." && pwd)
table=${2:-$here/internal/cpython/pythons.json}
table=$(cd "$(dirname "$table")" && pwd)/$(basename "$table")
work=$(mktemp -d "${TMPDIR:-/var/tmp}/next.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

code=0
cat "$here/internal/cpython/marshaltypes.py" "$here/bench/next.py" >"$work/next.py"
"$python" -sSE "$work/next.py" "$table" || code=$?

cd "$here"
printf '{"Replace": {"%s": "%s"}}\n' "$here/internal/cpython/pythons.json" "$table" >"$work/overlay.json"
CGO_ENABLED=0 go build -overlay "$work/overlay.json" -o "$work/binary-buildout" .
cp -R examples/hello "$work/hello"
if "$work/binary-buildout" pack "$work/hello" --name hello --version 1 --python "$python" --stage "$work/stage" --out "$work/dist" >"$work/log" 2>&1; then
    echo "as builder: $(basename "$work"/dist/*.tar.gz) is packed and proved"
else
    code=1
    echo "as builder: examples/hello can't be packed"
    tail -n 25 "$work/log"
fi
exit $code
