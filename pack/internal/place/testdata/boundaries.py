"""Holds bootstrap.py's replacer against rows from standard input, each
[old root, new root, text, what becomes of it] in hexadecimal digits.

    python boundaries.py bootstrap.py < rows
"""
import binascii
import sys

found = {"__name__": "loaded", "__file__": sys.argv[1]}
with open(sys.argv[1], "rb") as f:
    exec(compile(f.read(), sys.argv[1], "exec"), found)
replacers, wrong, rows = {}, 0, 0
for line in sys.stdin:
    old, new, text, want = [binascii.unhexlify(part.strip().encode("ascii")) for part in line.split(",")]
    if (old, new) not in replacers:
        values = [{u"root": root.decode("utf-8"), u"python": u"/nowhere/python"} for root in (old, new)]
        replacers[old, new] = found["replacer"](*values)
    have = replacers[old, new](text)
    rows += 1
    if have != want:
        wrong += 1
        if wrong < 20:
            print("%r\n got %r\nwant %r" % (text, have, want))
print("%d rows, %d wrong" % (rows, wrong))
