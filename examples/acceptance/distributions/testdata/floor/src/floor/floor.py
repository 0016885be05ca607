import sys

import _floor


def main():
    print(_floor.number(sys.argv[1]))
