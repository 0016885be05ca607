from by_cython._native import twice


def main():
    print("by_cython", twice(21))
