# -*- coding: ascii -*-
"""The first lines of real scripts, below their #! line."""
import ast
import os

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
