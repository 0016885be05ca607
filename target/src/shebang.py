"""The first lines of a script: what the kernel can't start, /bin/sh does."""
import re
import sys

from system import PY2, Refused, WINDOWS, text


CODING = re.compile(br"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
ADDED = b"# coding: utf-8, for the paths in this file\n"
NOT_ASCII = re.compile(br"[\x80-\xff]")
LOCALE = (b"case \"${LC_ALL:-${LC_CTYPE:-$LANG}}\" in *[Uu][Tt][Ff]*) ;; "
          b"*) LC_ALL=C.UTF-8; export LC_ALL;; esac")

# The start of a line for /bin/sh that is a comment to Python, which skips a form
# feed. So what has to stand at a source's top may: its encoding, its docstring,
# "from __future__". To sh it is a command that fails: no file's name ends with a slash.
HIDDEN = b"\f#/ 2>/dev/null || "


def shebang(interpreter, arguments, rest):
    """Gives a script's first lines. The kernel takes 127 bytes and no space: what it
    can't run becomes a line for /bin/sh.
    Where something isn't ASCII, Python 2 wants the encoding named, and Python
    before 3.7 can't open such paths in the locale "C"."""
    tail = b" " + arguments if arguments else b""
    if WINDOWS and re.search(br"\s", interpreter) and not interpreter.startswith(b'"'):
        interpreter = b'"' + interpreter + b'"'  # as setuptools' NAME.exe reads it
    line = b"#!" + interpreter + tail
    coding, wide = b"", NOT_ASCII.search(line + rest) and not WINDOWS
    name = interpreter.rpartition(b"/")[2]
    python = re.match(br"(python|pypy)[^/]*\Z", name)  # else a part's perl, or the like
    two = PY2 and python or re.match(br"python2", name)  # or that of a part
    declared = CODING.match(rest.split(b"\n", 1)[0])
    if declared:
        coding, _, rest = rest.partition(b"\n")
        coding += b"\n"
    elif two and wide:
        coding = ADDED
    # UTF-8 may be no text in the encoding that the script has.
    octal = declared and python and NOT_ASCII.search(line) and not re.match(br"(?i)utf[-_]?8\Z", declared.group(1))
    old = wide and python and not PY2 and sys.version_info < (3, 7)
    if WINDOWS or not (len(line) > 127 or re.search(br"\s", interpreter) or old or octal):
        return line + b"\n" + coding + rest
    if not python:
        raise Refused(u"a script can't be started by %s: the path is too long, or has a space"
                      % text(interpreter), u"use a directory with a shorter path, without spaces", 2)
    word = b"'" + interpreter + b"'"
    if octal:
        word = b"\"$(printf " + NOT_ASCII.sub(lambda m: b"\\%03o" % ord(m.group()), word) + b")\""
    return (b"#!/bin/sh\n" + coding.lstrip(b" \t\f") + HIDDEN + (LOCALE + b"; " if old else b"")
            + b"exec " + word + tail + b" \"$0\" \"$@\"\n" + rest)


# What shebang() writes for /bin/sh; then what it wrote before, and what pip,
# virtualenv, uv, conda and mamba write: a string, which hides a docstring from Python.
SH_WORD = br"(?:'([^'\n]*)'|\"\$\(printf '([^'\n]*)'\)\"|\"([^\"$`\\\n]*)\"|([^\s'\"$`\\]+))(?: ([^\n]*?))? \"\$0\" \"\$@\""
SH_HEADS = (re.compile(br"#!/bin/sh\n(#[^\n]*\n)?" + re.escape(HIDDEN) + b"(?:" + re.escape(LOCALE) + b"; )?exec " + SH_WORD + b"\n"),
            re.compile(br"#!/bin/sh\n(#[^\n]*\n)?(?:'''exec'|''':'\n" + re.escape(LOCALE) + br"\nexec) " + SH_WORD + br"(?:\n' '''| #''')\n"))


def plain_shebang(data):
    """Gives a script that has lines for /bin/sh, with one #! line again."""
    for number, pattern in enumerate(SH_HEADS):
        found = pattern.match(data)
        if found:
            coding, single, octal, double, bare, arguments = found.groups()
            path = re.sub(br"\\([0-7]{3})", lambda m: bytes(bytearray([int(m.group(1), 8)])), octal or b"")
            kept = coding if coding and (not number or coding != b"# -*- coding: utf-8 -*-\n") else b""  # that was added
            data = (b"#!" + (single or path or double or bare) + (b" " + arguments if arguments else b"")
                    + b"\n" + kept + data[found.end():])
    line, end, rest = data.partition(b"\n")
    return line + end + rest[len(ADDED):] if rest.startswith(ADDED) else data
