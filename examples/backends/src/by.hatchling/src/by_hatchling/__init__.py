def main():
    print("by_hatchling")
