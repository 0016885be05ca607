"""Compile Python sources for an archive. Python 2.7 and 3.6 to the newest.

Reads requests from standard input and answers each on standard output, in
frames of a 4-byte little-endian length and that many bytes:

    hello:    magic number, cache tag, major version, minor version
    request:  path of the source, the name to compile it under
    answer:   "1" or "0" (not compiled), code (marshal), hash of the source

The caller makes the .pyc files, and brings the marshalled code into a
canonical form: marshal's own depends on what else this process did.
"""
import marshal
import os
import struct
import sys
import warnings


def main():
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed meanwhile is no answer
    warnings.simplefilter("ignore")
    if sys.version_info[0] == 2:
        import imp
        magic, tag, source_hash = imp.get_magic(), "", None
    else:
        import importlib.util
        magic, tag = importlib.util.MAGIC_NUMBER, sys.implementation.cache_tag or ""
        source_hash = getattr(importlib.util, "source_hash", None)
    for value in (magic, tag.encode("ascii"), str(sys.version_info[0]).encode("ascii"), str(sys.version_info[1]).encode("ascii")):
        send(answers, value)
    answers.flush()
    while True:
        path = receive(requests)
        if path is None:
            return
        name = receive(requests)
        code, digest = translate(path, name, source_hash)
        send(answers, b"0" if code is None else b"1")
        send(answers, code or b"")
        send(answers, digest)
        answers.flush()


def translate(path, name, source_hash):
    try:
        with open(path, "rb") as f:
            source = f.read()
        if sys.version_info[0] != 2:
            name = name.decode("utf-8")
        code = compile(source, name, "exec", 0, True)
        return marshal.dumps(code), source_hash(source) if source_hash else b""
    except (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RuntimeError, SystemError):
        # Templates, and sources for another Python. RuntimeError: nested too deeply.
        return None, b""


def receive(f):
    head = f.read(4)
    if len(head) < 4:
        return None
    return f.read(struct.unpack("<I", head)[0])


def send(f, value):
    f.write(struct.pack("<I", len(value)))
    f.write(value)


if __name__ == "__main__":
    main()
