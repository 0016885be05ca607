# -*- coding: ascii -*-
"""Holds what target/src/shebang.py writes above a script against the script:
Python has to read the same, and /bin/sh has to start the interpreter.

    python heads.py target/src DIR
"""
import ast
import io
import os
import subprocess
import sys

HEADS = [  # of real scripts, below their first line
    # docutils 0.17.1, rst2html.py
    b'\n# $Id: rst2html.py 4564 2006-05-21 20:44:42Z wiemann $\n# Author: David Goodger <goodger@python.org>\n\n'
    b'"""\nA minimal front end to the Docutils Publisher, producing HTML.\n"""\n\ntry:\n    import locale\nexcept ImportError:\n    pass\n',
    # pip's and virtualenv's console scripts
    b'# -*- coding: utf-8 -*-\nimport re\nimport sys\n',
    # zc.buildout 1.7 to 6.0
    b"\nimport sys\nsys.path[0:0] = [\n  '/srv/app/eggs/v5/docutils-0.20.1-py3.11.egg',\n  ]\n\nimport x.y\n",
    # setuptools' easy_install
    b"# EASY-INSTALL-ENTRY-SCRIPT: 'gunicorn==19.9.0','console_scripts','gunicorn'\n__requires__ = 'gunicorn==19.9.0'\nimport re\n",
    b"# EASY-INSTALL-DEV-SCRIPT: 'paver==1.3.4','paver'\n__requires__ = 'paver==1.3.4'\n__import__('pkg_resources').require('paver==1.3.4')\n",
    # usage in __doc__, and a __future__ after it
    b'"""usage: %(prog)s [--flag] FILE"""\nfrom __future__ import print_function, division\nprint(__doc__, 1 / 2)\n',
    b"# vim: set fileencoding=utf-8 :\n'''Zeigt die Gr\xc3\xb6\xc3\x9fe.\n\n  gr\xc3\xb6\xc3\x9fe DATEI\n'''\nfrom __future__ import absolute_import\nfrom __future__ import print_function\nx = u'\xc3\xa4'\n",
    b'# -*- coding: latin-1 -*-\n"""Zeigt die Gr\xf6\xdfe."""\nfrom __future__ import division\nx = u"\xe4"\n',
    b"# -*- coding: iso-8859-15 -*-\nfrom __future__ import division\nx = u'\xa4'  # the euro\n",
    b"#coding=cp1252\nx = u'\x80'\n",
    b"# -*- coding: us-ascii -*-\nr'''raw \\d'''\nx = 1\n",
    b"# encoding: UTF8\n\n\n'''text'''\n",
    b"  # -*- coding: utf-8 -*-\nx = u'\xc3\xa4'\n",
    b"\x0c# -*- coding: utf-8 -*-\nx = u'\xc3\xa4'\n",
    b"u'''unicode'''\nfrom __future__ import division\n",
    b"b'bytes are no docstring'\nx = 1\n",
    b"'no' ' break' \\\n' here'\nfrom __future__ import division\n",
    b"('in' # a comment\n ' parentheses')\nfrom __future__ import division\n",
    b"from __future__ import division; x = 1\n",
    b"# only a comment\n",
    b"# -*- coding: utf-8 -*-",
    b"",
]


def modules():
    """The heads of the standard library's own scripts, up to their first statement."""
    count = 0
    for folder, folders, names in os.walk(os.path.dirname(os.__file__)):
        folders[:] = sorted(n for n in folders if n not in ("site-packages", "__pycache__"))
        for name in sorted(names):
            if not name.endswith(".py") or count > 250:
                continue
            with open(os.path.join(folder, name), "rb") as f:
                line, rest = f.readline(), f.read(20000)
            if line[:2] != b"#!":
                continue
            try:
                body = ast.parse(line + rest).body
            except (SyntaxError, ValueError, TypeError):
                continue
            first = 0
            while first < len(body) and (isinstance(body[first], ast.ImportFrom) and body[first].module == "__future__"
                                         or first == 0 and isinstance(body[0], ast.Expr)):
                first += 1
            if first < len(body):
                count += 1
                yield b"".join(rest.splitlines(True)[:body[first].lineno - 2]) + b"x = 1\n"


def read(source):
    """What Python reads of a source, or None where it can't."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, TypeError):
        return None


def main(src, work):
    sys.path.insert(0, src)
    import shebang
    write, plain = shebang.shebang, shebang.plain_shebang
    folder = work.encode("utf-8")
    pythons = [os.path.join(folder, *parts) for parts in (
        (b"python",), (b"a b", b"python3"), (b"x" * (125 - len(folder) - 8), b"python"),
        (b"y" * (126 - len(folder) - 8), b"python"), (b"y" * 200, b"python2.7"), (b"\xc3\xbc", b"python3"),
        (b"\xc3\xbc \xc3\xa4\xc2\x81", b"python3"), (b"\xc3\xbc" + b"z" * 150, b"python3"))]
    wrong, count, starts = [], 0, {}
    for rest in HEADS + list(modules()):
        for python in pythons:
            for arguments in (b"", b"-S"):
                count += 1
                line = b"#!" + python + (b" " + arguments if arguments else b"") + b"\n"
                made = write(python, arguments, rest)
                want, have = read(line + rest), read(made)
                if want is None:  # ASCII alone in the first line: as the author ran it
                    want = read(b"#!python\n" + rest)
                if want is not None and have != want:
                    wrong.append(("Python reads something else", made[:400], want[:100], (have or "nothing")[:100]))
                if plain(made).rstrip() != (line + rest.lstrip(b" \f" if b"coding" in rest[:30] and made[:9] == b"#!/bin/sh" else b"")).rstrip():
                    wrong.append(("plain_shebang doesn't undo it", made[:400], plain(made)[:400]))
                head = shebang.SH_HEADS[0].match(made)
                top = head.group() if head else made.partition(b"\n")[0] + b"\n"
                starts.setdefault(top.replace(head and head.group(1) or b"\0", b""), (top, python, arguments))
    for rest in (b"print 1;\n", b"# -*- coding: latin-1 -*-\nprint '\xe4';\n", b"# \xc3\xa4\n"):
        if write(b"/srv/\xc3\xbc/bin/perl", b"-w", rest) != b"#!/srv/\xc3\xbc/bin/perl -w\n" + rest:
            wrong.append(("a script of perl's changed", write(b"/srv/\xc3\xbc/bin/perl", b"-w", rest)))
    wrong += start(work, pythons, starts)
    for found in wrong[:10]:
        print(repr(found))
    print("%d heads, %d starts, %d wrong" % (count, len(starts), len(wrong)))
    return 1 if wrong else 0


def start(work, pythons, starts):
    """Has the kernel and each shell that is here start what was written, with a
    stand-in for Python that prints what it was started with."""
    for python in pythons:
        if not os.path.isdir(os.path.dirname(python)):
            os.makedirs(os.path.dirname(python))
        with open(python, "wb") as f:
            f.write(b"#!/bin/sh\nprintf '%s|' \"$0\" \"$@\"\n")
        os.chmod(python, 0o755)
    wrong, script = [], os.path.join(work, "it")
    shells = [[]] + [s for s in (["dash"], ["bash", "--posix"], ["busybox", "sh"], ["ksh"], ["mksh"], ["zsh"]) if which(s[0])]
    for head, python, arguments in sorted(starts.values()):
        with open(script, "wb") as f:
            f.write(head)
        os.chmod(script, 0o755)
        want = b"|".join([python] + ([arguments] if arguments else []) + [script.encode("utf-8"), b"one two", b"$x", b""])
        for shell in shells if head[:9] == b"#!/bin/sh" else [[]]:
            run = subprocess.Popen(shell + [script, "one two", "$x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out, err = run.communicate()
            if out != want or err:
                wrong.append(("started by %s" % (shell or "the kernel"), head, out, err))
    return wrong


def which(name):
    return any(os.access(os.path.join(p, name), os.X_OK) for p in os.environ["PATH"].split(os.pathsep))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
