"""
>>> answer()
42
"""
import markupsafe


def answer():
    return 42 if markupsafe else 0
