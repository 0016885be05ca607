from by_limited import _export, _limited


def main():
    print("by_limited", _limited.twice(21), _export.twice(21))
