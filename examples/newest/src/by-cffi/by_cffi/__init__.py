from by_cffi import _abi, _full, _limited


def main():
    c = _abi.ffi.dlopen(None)
    print("by_cffi", _limited.lib.twice(21), _full.lib.twice(21), c.abs(-42))
