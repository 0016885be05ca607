def main():
    print("pure and simple")
