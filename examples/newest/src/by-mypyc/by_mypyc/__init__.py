from by_mypyc.native import twice


def main() -> None:
    print("by_mypyc", twice(21))
