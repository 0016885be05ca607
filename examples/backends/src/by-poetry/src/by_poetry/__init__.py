def main():
    print("by_poetry")
