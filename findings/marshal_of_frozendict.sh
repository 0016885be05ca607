#!/bin/sh
# CPython 3.15 can't read what its own marshal wrote, if a frozendict is in it twice.
#
# marshal 6 got a type code for frozendict, "}". The writer takes note of the
# first one, as of any object that has more than one reference, and writes a
# back reference for the second. The reader doesn't take note: loads() ends with
# "bad marshal data (invalid reference)". Once is fine, and so is a tuple twice.
# The compiler makes no such constant yet; whoever writes .pyc files or caches
# with marshal, and thinks that loads(dumps(x)) gives x, has to keep it apart.
#
# Seen 2026-11-30, CPython 3.15.0 of Debian forky. Needs root and debootstrap.
. "$(dirname "$0")/lib.sh"
need debootstrap debootstrap

root=$(bash -euo pipefail "$here/../.ci/debian-root.sh" forky forky python3.14 python3.14-dev python3.14-venv \
    python3.15 python3.15-dev python3.15-venv gcc libc6-dev g++ zlib1g-dev)

# again EXPRESSION: whether loads(dumps()) gives the object again.
again() {
    chroot "$root" python3.15 -c "
import marshal
x = $1
try:
    print(marshal.loads(marshal.dumps(x)) == x)
except ValueError as e:
    print(e)
"
}
expect "Python, marshal" "3.15.0 6" "$(chroot "$root" python3.15 -c 'import marshal, platform; print(platform.python_version(), marshal.version)')"
expect "one frozendict" True "$(again '(frozendict(a=1),)')"
expect "one tuple twice" True "$(again '((1, 2),) * 2')"
expect "one frozendict twice" "bad marshal data (invalid reference)" "$(again '(frozendict(a=1),) * 2')"
