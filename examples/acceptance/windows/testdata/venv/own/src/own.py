import importlib.metadata
import sys


def main():
    print("own of %s" % __file__)
    print("prefix %s" % sys.prefix)
    print("base %s" % sys.base_prefix)
    print(importlib.metadata.distribution("own").read_text("direct_url.json"))
