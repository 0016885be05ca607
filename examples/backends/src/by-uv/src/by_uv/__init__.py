def main():
    print("by_uv")
