"""Greets, in C."""

import _greeting
from zope.interface import _zope_interface_coptimizations

# zope.interface also works without its extension; this example doesn't.
assert _zope_interface_coptimizations


def main():
    print(_greeting.greet("World"))
