from . import _native


def main():
    print(_native.name())
