"""Reads a Mach-O file by Apple's headers (mach-o/loader.h, kern/cs_blobs.h), and
nothing else: prints its install name, run paths and libraries, and whether the
hashes of its code directories are those of its pages. Each line is
ARCH WHAT VALUE."""
import hashlib
import struct
import sys

HASHES = {1: hashlib.sha1, 2: hashlib.sha256, 3: hashlib.sha256}
ARCHS = {0x0100000c: "arm64", 0x01000007: "x86_64"}


def slices(data):
    if data[:4] == b"\xca\xfe\xba\xbe":
        for i in range(struct.unpack_from(">I", data, 4)[0]):
            _, _, offset, size, _ = struct.unpack_from(">IIIII", data, 8 + 20 * i)
            yield data[offset:offset + size]
    else:
        yield data


def signature(data, offset, size):
    """What of a signature doesn't fit, or "signed"."""
    blob = data[offset:offset + size]
    magic, length, count = struct.unpack_from(">III", blob)
    if magic != 0xfade0cc0 or length > size:
        return "no signature"
    directories = 0
    for i in range(count):
        kind, at = struct.unpack_from(">II", blob, 12 + 8 * i)
        magic, length = struct.unpack_from(">II", blob, at)
        if magic != 0xfade0c02:
            continue
        directories += 1
        directory = blob[at:at + length]
        (flags, hash_offset, _, _, slots, limit) = struct.unpack_from(">IIIIII", directory, 12)
        hash_size, hash_type, _, page = struct.unpack_from("BBBB", directory, 36)
        if limit != offset:
            return "%d bytes are signed, and %d stand before the signature" % (limit, offset)
        if not flags & 2:
            return "not ad hoc"
        if slots != (limit + (1 << page) - 1) >> page:
            return "%d pages" % slots
        for slot in range(slots):
            code = data[slot << page:min((slot + 1) << page, limit)]
            want = directory[hash_offset + slot * hash_size:][:hash_size]
            if HASHES[hash_type](code).digest()[:hash_size] != want:
                return "page %d has another hash" % slot
    return "signed" if directories else "no directory"


def show(data):
    assert data[:4] == b"\xcf\xfa\xed\xfe", "no 64-bit Mach-O"
    _, cpu, _, _, count, size, _, _ = struct.unpack_from("<IIIIIIII", data)
    arch, at, found = ARCHS[cpu], 32, "no signature"
    for _ in range(count):
        command, length = struct.unpack_from("<II", data, at)
        body = data[at:at + length]
        text = lambda: body[struct.unpack_from("<I", body, 8)[0]:].split(b"\0")[0].decode()
        if command == 0xd:
            print(arch, "name", text())
        elif command in (0xc, 0x80000018, 0x8000001f, 0x80000023):
            print(arch, "library", text())
        elif command == 0x8000001c:
            print(arch, "rpath", text())
        elif command == 0x1d:
            found = signature(data, *struct.unpack_from("<II", body, 8))
        at += length
    assert at == 32 + size, "the commands have %d bytes, not %d" % (at - 32, size)
    print(arch, "signature", found)


with open(sys.argv[1], "rb") as f:
    for part in slices(f.read()):
        show(part)
