"""Greets: the greeting is put together in C, and escaped in C."""

import sys

from hello import _greet
from markupsafe import _speedups, escape

# MarkupSafe also works without its extension; this example doesn't.
assert _speedups


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "World"
    print(escape(_greet.greet(name)))
