# -*- coding: ascii -*-
"""What shebang.py writes above a script: Python has to read the same below it,
and the kernel and each shell have to start the interpreter.
"""
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import shebang
from tests.heads import HEADS, modules

# What is written above a script differs before 3 and before 3.7.
STARTS = sys.version_info[:2] in ((2, 7), (3, 6), (3, 13))


def read(source):
    """What Python reads of a source, or None where it can't."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, TypeError):
        return None


def which(name):
    return any(os.access(os.path.join(p, name), os.X_OK) for p in os.environ["PATH"].split(os.pathsep))


class Heads(unittest.TestCase):

    def setUp(self):
        self.work = os.path.realpath(tempfile.mkdtemp())
        folder = self.work.encode("utf-8")
        self.pythons = [os.path.join(folder, *parts) for parts in (
            (b"python",), (b"a b", b"python3"), (b"x" * (125 - len(folder) - 8), b"python"),
            (b"y" * (126 - len(folder) - 8), b"python"), (b"y" * 200, b"python2.7"), (b"\xc3\xbc", b"python3"),
            (b"\xc3\xbc \xc3\xa4\xc2\x81", b"python3"), (b"\xc3\xbc" + b"z" * 150, b"python3"))]

    def tearDown(self):
        shutil.rmtree(self.work.encode("utf-8"))

    def cases(self):
        for rest in HEADS + list(modules()):
            for python in self.pythons:
                for arguments in (b"", b"-S"):
                    line = b"#!" + python + (b" " + arguments if arguments else b"") + b"\n"
                    yield rest, python, arguments, line, shebang.shebang(python, arguments, rest)

    def test_read(self):
        wrong, count = [], 0
        for rest, _, _, line, made in self.cases():
            count += 1
            want, have = read(line + rest), read(made)
            if want is None:  # ASCII alone in the first line: as the author ran it
                want = read(b"#!python\n" + rest)
            if want is not None and have != want:
                wrong.append(("Python reads something else", made[:400], want[:100], (have or "nothing")[:100]))
            kept = rest.lstrip(b" \f") if b"coding" in rest[:30] and made[:9] == b"#!/bin/sh" else rest
            if shebang.plain_shebang(made).rstrip() != (line + kept).rstrip():
                wrong.append(("plain_shebang doesn't undo it", made[:400], shebang.plain_shebang(made)[:400]))
        self.assertTrue(count > 300, count)
        self.assertEqual(wrong[:10], [])

    def test_others(self):
        """A script of perl's stays as it is."""
        for rest in (b"print 1;\n", b"# -*- coding: latin-1 -*-\nprint '\xe4';\n", b"# \xc3\xa4\n"):
            self.assertEqual(shebang.shebang(b"/srv/\xc3\xbc/bin/perl", b"-w", rest), b"#!/srv/\xc3\xbc/bin/perl -w\n" + rest)

    @unittest.skipUnless(STARTS, "the same is written with another Python")
    def test_start(self):
        """The kernel and each shell that is here start what was written, with a
        stand-in for Python that prints what it was started with."""
        starts, wrong = {}, []
        for _, python, arguments, _, made in self.cases():
            head = shebang.SH_HEADS[0].match(made)
            top = head.group() if head else made.partition(b"\n")[0] + b"\n"
            starts.setdefault(top.replace(head and head.group(1) or b"\0", b""), (top, python, arguments))
        for python in self.pythons:
            if not os.path.isdir(os.path.dirname(python)):
                os.makedirs(os.path.dirname(python))
            with open(python, "wb") as f:
                f.write(b"#!/bin/sh\nprintf '%s|' \"$0\" \"$@\"\n")
            os.chmod(python, 0o755)
        script = os.path.join(self.work, "it")
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
        self.assertTrue(len(starts) > 20, len(starts))
        self.assertEqual(wrong[:10], [])
