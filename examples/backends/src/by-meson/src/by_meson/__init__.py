def main():
    print("by_meson")
