def main():
    print("by_flit")
