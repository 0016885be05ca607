#!/bin/sh
# A compiler as the build's PATH finds it: it calls the real one, and
#   - maps the random parts of temporary directories, and the stage itself, to
#     fixed names in debug information and __FILE__, so that two builds give
#     the same bytes,
#   - maps the interpreter's prefix likewise: the assertions in Python's headers,
#     which CFLAGS without -DNDEBUG leave in, would name it in loaded data,
#   - appends the call to a log: fields end with \037, records with \036; and
#     leaves a mark that this language's compiler was called.
printf '' 2>/dev/null >'@CALLED@' || :
real='@REAL@' log='@LOG@' tmp='@TMP@' root='@ROOT@' prefix='@PREFIX@' map='@MAP@' bin='@BIN@'
log=${BINARY_BUILDOUT_CALLS:-$log} # py/sdists.py builds with a log of its own
maps='' seen=''
add() {
    case $seen in *"|$1|"*) return ;; esac
    seen="$seen|$1|"
    maps="$maps
$map=$1=$2"
}
look() {
    case $1 in *"$tmp/"*) ;; *) return ;; esac
    rest=${1#*"$tmp/"}
    first=${rest%%/*}
    add "$tmp/$first" /build/tmp
    case $rest in
    */*)
        second=${rest#*/}
        second=${second%%/*}
        case $second in # pip: NAME_ and 32 hexadecimal digits
        *_????????????????????????????????) add "$tmp/$first/$second" "/build/tmp/${second%_*}" ;;
        esac ;;
    esac
}
if [ -n "$map" ]; then
    [ -n "$prefix" ] && add "$prefix" /build/python
    [ -n "$root" ] && add "$root" /build
    look "$PWD/"
    for arg do look "$arg"; done
fi
# ccache under a compiler's name takes the next one on PATH: that must not be this.
case $PATH in "$bin:"*) PATH=${PATH#"$bin:"} ;; esac
errors=$tmp/cc.$$
args=$(for arg do printf '%s\037' "$arg"; done)
old=$IFS
IFS='
'
set -f
# The map is last: of two that match, the last counts.
# shellcheck disable=SC2086 # IFS parts it: one option a line
"$real" "$@" $maps 2>"$errors"
code=$?
IFS=$old
said=
if [ -s "$errors" ]; then
    cat "$errors" >&2
    [ $code -ne 0 ] && said=$(tail -n 8 "$errors")
fi
rm -f "$errors"
printf '%s\037%s\037%s\037%s\037%s\036' "$code" "$PWD" "$BINARY_BUILDOUT_BUILD" "$said" "$args" >>"$log"
exit $code
