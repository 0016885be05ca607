"""Three ways of cffi: the limited API, which is its default, the whole API, and the ABI."""
from cffi import FFI


def api(name, limited):
    ffi = FFI()
    ffi.cdef("int twice(int x);")
    ffi.set_source(name, "static int twice(int x) { return 2 * x; }", py_limited_api=limited)
    return ffi


limited = api("by_cffi._limited", True)
full = api("by_cffi._full", False)

abi = FFI()
abi.cdef("int abs(int x);")
abi.set_source("by_cffi._abi", None)
