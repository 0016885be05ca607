"""Strings that were compiled in, and the signature of a file that holds them."""
import subprocess

from system import Refused, WINDOWS, text


def put_strings(data, item, root):
    """Replaces compiled-in strings in place. The tail stays where it is, since
    linkers let other strings begin in it; the front is filled with slashes."""
    new_root = root.encode("utf-8")
    parts, at = [], 0
    for string in sorted(item["cstrings"], key=lambda s: s["offset"]):
        old, offset = string["old"].encode("utf-8"), string["offset"]
        if data[offset:offset + len(old)] != old:
            raise Refused(u"%s doesn't hold what the manifest says at %d" % (item["path"], offset),
                          u"unpack the archive again")
        if offset < at:  # the same string, seen twice
            continue
        room = string["prefix"] - len(new_root)
        if WINDOWS:
            new = new_root[:2] + b"\\" * room + new_root[2:]
        else:
            new = b"/" * room + new_root
        parts += [data[at:offset], new, old[string["prefix"]:]]
        at = offset + len(old)
    return b"".join(parts + [data[at:]])


def sign(path):
    """Signs a Mach-O file (ad hoc), which any change makes necessary."""
    run = subprocess.Popen(["/usr/bin/codesign", "-s", "-", "-f", path],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = run.communicate()[0]
    if run.returncode:
        raise Refused(u"signing %s: %s" % (text(path), text(out).strip()), u"", 3)


MACHO = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
         b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
