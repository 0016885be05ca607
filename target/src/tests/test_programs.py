"""The programs as they travel, and the modules that they are made of."""
import ast
import os
import re
import sys
import unittest
import warnings

from tests import SRC, TARGET, source

PROGRAMS = ("bootstrap.py", "launcher.py", "install.py")
MODULES = sorted(name for name in os.listdir(SRC) if name.endswith(".py"))


class Programs(unittest.TestCase):

    def test_compile(self):
        """Without a warning, with this Python."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for name in PROGRAMS:
                compile(source(name), os.path.join(TARGET, name), "exec")

    @unittest.skipIf(sys.version_info < (3, 8), "one Python is enough")
    def test_names(self):
        """Each name of a module is bound there or built in, and none is imported for nothing."""
        import builtins
        import symtable
        for name in MODULES:
            top = symtable.symtable(source("src/" + name).decode("utf-8"), name, "exec")
            bound = set(s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace())
            used, scopes = set(), [top]
            while scopes:
                scope = scopes.pop()
                scopes += scope.get_children()
                used.update(s.get_name() for s in scope.get_symbols() if s.is_referenced() and (scope is top or s.is_global()))
            self.assertEqual(used - bound - set(dir(builtins)) - set(["__file__", "OPTIONS"]), set(), name)
            self.assertEqual(set(s.get_name() for s in top.get_symbols() if s.is_imported()) - used, set(), name)

    def test_ends(self):
        """A pattern that is meant to end a text says \\Z: $ is before a newline there, too."""
        wrong = []
        for name in MODULES:
            for node in ast.walk(ast.parse(source("src/" + name))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                    continue
                if getattr(node.func.value, "id", None) != "re":
                    continue
                for part in ast.walk(node.args[0]):
                    value = getattr(part, "value", None) if sys.version_info > (3, 8) else getattr(part, "s", None)
                    value = value.decode("latin-1") if isinstance(value, bytes) else value
                    if isinstance(value, type(u"")) and re.search(u"(?<!\\\\)\\$(\\)|\\||\\Z)", value):
                        wrong.append((name, value))
        self.assertEqual(wrong, [])
