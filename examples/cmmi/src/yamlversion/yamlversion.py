"""Says which libyaml is in use: its version, and the file that is mapped."""

import _yamlversion
import yaml


def mapped(name):
    """Return the files with this name in their name that the kernel mapped."""
    with open("/proc/self/maps") as maps:
        paths = {line.rstrip("\n").split(None, 5)[5] for line in maps if name in line}
    return sorted(paths)


def main():
    assert yaml.load("- 1\n- 2\n", Loader=yaml.CSafeLoader) == [1, 2]
    print("libyaml", _yamlversion.version())
    for path in mapped("libyaml"):
        print(path)
