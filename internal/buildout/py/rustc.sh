#!/bin/sh
# cargo's RUSTC_WRAPPER: it is called with rustc's path and arguments, and maps
# the stage, the random parts of temporary directories and cargo's own directory
# to fixed names. A panic's message names its source by path, in loaded data.
tmp='@TMP@' root='@ROOT@' next='@NEXT@'
printf '' 2>/dev/null >'@CALLED@' || :
cargo=${CARGO_HOME:-$HOME/.cargo}
set -- "$@" "--remap-path-prefix=$root=/build" "--remap-path-prefix=$cargo=/build/cargo"
for place in "$PWD/" "${CARGO_MANIFEST_DIR:-}/"; do
    case $place in
    "$tmp/"*)
        rest=${place#"$tmp/"}
        first=${rest%%/*}
        second=${rest#*/}
        second=${second%%/*}
        # The last that matches counts.
        set -- "$@" "--remap-path-prefix=$tmp/$first=/build/tmp"
        case $second in # pip: NAME_ and 32 hexadecimal digits
        *_????????????????????????????????) set -- "$@" "--remap-path-prefix=$tmp/$first/$second=/build/tmp/${second%_*}" ;;
        esac ;;
    esac
done
exec ${next:+"$next"} "$@"
