from demo import _speed


def main():
    print("the answer is %d" % _speed.answer())
