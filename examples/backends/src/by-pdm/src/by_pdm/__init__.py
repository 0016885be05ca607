def main():
    print("by_pdm")
