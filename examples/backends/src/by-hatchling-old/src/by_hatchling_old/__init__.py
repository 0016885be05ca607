def main():
    print("by_hatchling_old")
