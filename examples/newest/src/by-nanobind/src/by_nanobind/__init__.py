from by_nanobind._native import twice


def main():
    print("by_nanobind", twice(21))
