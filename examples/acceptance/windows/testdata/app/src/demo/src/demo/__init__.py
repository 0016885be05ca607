import sys


def main():
    import markupsafe._speedups
    print("demo of %s" % __file__)
    print("markupsafe of %s" % markupsafe._speedups.__file__)
    print("python of %s" % sys.executable)
