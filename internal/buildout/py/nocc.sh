#!/bin/sh
# Stands for a compiler that isn't there, so that the log has each call of it:
# a setup.py that tries a compiler first, and goes on without, says nothing.
name='@NAME@' log='@LOG@'
log=${BINARY_BUILDOUT_CALLS:-$log} # py/sdists.py builds with a log of its own
printf '' 2>/dev/null >'@CALLED@' || :
said="unable to execute '$name': No such file or directory: '$name'"
args=$(for arg do printf '%s\037' "$arg"; done)
printf '127\037%s\037%s\037%s\037%s\036' "$PWD" "$BINARY_BUILDOUT_BUILD" "$said" "$args" >>"$log"
printf '%s\n' "$said" >&2
exit 127
