from by_pybind11._native import twice


def main():
    print("by_pybind11", twice(21))
