#!/bin/sh
# zc.buildout takes the compiled wheel of tomli 2.4.0, and the pure one of 2.4.1.
#
# Both releases have two wheels that fit CPython 3.12 on Linux: one compiled by mypyc,
# and py3-none-any. pip ranks them by their tags and takes the compiled one each
# time. zc.buildout 6.0.1 asks whether a wheel fits, and no more; of several it takes
# the one whose URL sorts last, and on the index a URL's path begins with the file's hash.
# So a pin by version doesn't say which code runs, each release draws again, and
# nothing is printed. charset-normalizer, SQLAlchemy and coverage have such wheels too.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"

venv v 3.12 zc.buildout==6.0.1 setuptools==81.0.0 pip==25.3
cat >buildout.cfg <<'CFG'
[buildout]
parts = py
[versions]
tomli = 2.4.0
zc.recipe.egg = 6.0.0
[py]
recipe = zc.recipe.egg
eggs = tomli
interpreter = py
CFG

# url VERSION OPTION...: where pip would get that release from.
url() {
    _version=$1
    shift
    v/bin/pip -q --disable-pip-version-check install --dry-run --ignore-installed --no-deps --report - \
        --only-binary=:all: "$@" "tomli==$_version" | v/bin/python -c '
import json, sys
print(json.load(sys.stdin)["install"][0]["download_info"]["url"])'
}
# kind URL: compiled or pure.
kind() { case $1 in *-none-any.whl) echo pure ;; *) echo compiled ;; esac; }

for version in 2.4.0 2.4.1; do
    {
        url "$version"
        url "$version" --target t --platform any --implementation py --abi none
    } >urls
    sed -i "s/^tomli = .*/tomli = $version/" buildout.cfg
    v/bin/buildout -U >log 2>&1
    ran=$(bin/py -c 'import tomli._parser; print(tomli._parser.__file__.rsplit("/", 1)[1])')
    case $version in
        2.4.0) last=compiled file=_parser.cpython-312-x86_64-linux-gnu.so ;;
        *) last=pure file=_parser.py ;;
    esac
    expect "$version, wheels" "compiled pure" "$(while read -r one; do kind "$one"; done <urls | paste -sd' ')"
    expect "$version, pip takes" compiled "$(kind "$(head -n 1 urls)")"
    expect "$version, the last URL is" "$last" "$(kind "$(LC_ALL=C sort urls | tail -n 1)")"
    expect "$version, zc.buildout took" "$file" "$ran"
done
