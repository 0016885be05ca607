from by_meson._native import twice


def main():
    print("by_meson", twice(21))
