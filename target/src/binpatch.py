"""Files that a delta describes by those that are here: what they have in common, and what is new."""
import binascii
import contextlib
import hashlib
import io
import itertools
import mmap
import os

from documents import each, is_number, row


# In documents/ and in patches/, beside delta.json of format 2, lie three files,
# read from the first byte to the last while one content after the other is made:
#
#   steps   for each step three numbers of seven bits a byte, the lowest first:
#           how many bytes are added, how many are put in, and how far the place
#           in the base moves on then (2n ahead, 2n - 1 back)
#   diff    what is added to the base's bytes, each modulo 256: mostly zeros
#   new     what is put in
#
# Those in documents make manifest.json and files.json, of the base's; delta.json
# has the size of each and the number of its steps. A line of "patches" in
# delta.json is [number of the file in files.json, number of the base's file in its
# files.json, number of steps]; patches/ makes them in that order.

DOCUMENT = row(is_number, is_number)
ROWS = each(row(is_number, is_number, is_number))
CHUNK = 1 << 16


def mask(digits, count):
    return int(digits * count, 16)


LOW, HIGH, ZEROS = mask(b"7f", CHUNK), mask(b"80", CHUNK), b"\0" * CHUNK


def as_number(data):
    return int(binascii.hexlify(data), 16)


def as_bytes(number, count):
    return binascii.unhexlify(("%%0%dx" % (2 * count) % number).encode("ascii"))


if hasattr(int, "from_bytes"):  # ten times as fast
    def as_number(data):  # noqa: F811
        return int.from_bytes(data, "big")

    def as_bytes(number, count):  # noqa: F811
        return number.to_bytes(count, "big")


def add(base, diff):
    """Gives the sums of two strings' bytes, each modulo 256, all of them at once: as
    one number, of which no byte carries into the next one."""
    if ZEROS.startswith(diff):
        return base
    a, b = as_number(base), as_number(diff)
    return as_bytes(((a & LOW) + (b & LOW)) ^ ((a ^ b) & HIGH), len(base))


def mapped(f):
    """Gives the content of an open file, without reading what isn't looked at."""
    if not os.fstat(f.fileno()).st_size:
        return contextlib.closing(io.BytesIO()), b""
    content = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    return contextlib.closing(content), content


class Streams(object):
    """The three files of a directory, and where they have been read to."""

    def __init__(self, incoming, folder):
        self.incoming, self.folder = incoming, folder
        self.files = {}
        self.steps = self.read_steps()

    def close(self):
        for f in self.files.values():
            f.close()

    def content(self, source, steps, size):
        """Gives what the next steps make of a file, piece by piece: so many bytes."""
        with open(source, "rb") as f:
            closing, base = mapped(f)
            with closing:
                for data in self.pieces(base, steps, size):
                    yield data

    def pieces(self, base, steps, size):
        """Makes what many steps make together, in pieces of at most CHUNK bytes: a file
        that was compiled anew has a step for each hundred bytes."""
        at, length = 0, len(base)
        parts, layout, room = [], [], CHUNK
        for added, put, seek in itertools.islice(self.steps, steps):
            size -= added + put
            if size < 0 or at + added > length:
                self.damaged(u"steps")
            while added + put > room:
                if layout:
                    yield self.piece(parts, layout)
                    parts, layout, room = [], [], CHUNK
                    continue
                some = (min(added, CHUNK), 0 if added else CHUNK)
                yield self.piece([base[at:at + some[0]]], [some])
                at, added, put = at + some[0], added - some[0], put - some[1]
            if added or put:  # of others there may be millions
                parts.append(base[at:at + added])
                layout.append((added, put))
                room -= added + put
            at += added + (-(seek + 1) // 2 if seek & 1 else seek // 2)
            if not 0 <= at <= length:
                self.damaged(u"steps")
        if size:
            self.damaged(u"steps")
        yield self.piece(parts, layout)

    def piece(self, base, layout):
        """Gives what steps make, which add to parts of the base and put in as a layout says."""
        base = b"".join(base)
        sums = add(base, self.take(u"diff", len(base))) if base else b""
        put = sum(count for _, count in layout)
        if not put:
            return sums
        new, parts, at, behind = self.take(u"new", put), [], 0, 0
        for added, count in layout:
            parts.append(sums[at:at + added])
            parts.append(new[behind:behind + count])
            at, behind = at + added, behind + count
        return b"".join(parts)

    def opened(self, name):
        if name not in self.files:
            full = self.incoming.full(self.folder + u"/" + name)
            if not os.path.isfile(full):
                self.damaged(name)
            self.files[name] = open(full, "rb")
        return self.files[name]

    def take(self, name, count):
        data = self.opened(name).read(count)
        if len(data) != count:
            self.damaged(name)
        return data

    def read_steps(self):
        """Gives the three numbers of each step, as long as they are asked for."""
        left = []
        for block in iter(lambda: self.opened(u"steps").read(CHUNK >> 2), b""):
            numbers, value, shift = left, 0, 0
            add = numbers.append
            more = b"" if ord(block[-1:]) < 0x80 else self.rest_of_number()
            for byte in bytearray(block + more):
                if byte < 0x80:
                    add(value | byte << shift if shift else byte)
                    value = shift = 0
                    continue
                value |= (byte & 0x7f) << shift
                shift += 7
                if shift > 56:
                    self.damaged(u"steps")
            whole = len(numbers) // 3 * 3
            left = numbers[whole:]
            for row in zip(numbers[0:whole:3], numbers[1:whole:3], numbers[2:whole:3]):
                yield row
        self.damaged(u"steps")

    def rest_of_number(self):
        """Gives the bytes up to the end of the number that is being read."""
        found = b""
        while not found or ord(found[-1:]) >= 0x80:
            found += self.take(u"steps", 1)
            if len(found) > 9:
                self.damaged(u"steps")
        return found

    def damaged(self, name):
        self.incoming.damaged(self.folder + u"/" + name)


class Patches(object):
    """The files that a delta describes by those of the base; each can be made once, in
    their order."""

    def __init__(self, incoming, before):
        self.incoming, self.streams = incoming, Streams(incoming, u"patches")
        self.rows, self.done = {}, 0
        files = incoming.files.get("files") or ()
        for number, (new, base, steps) in enumerate(incoming.delta.get("patches") or ()):
            if new >= len(files) or base >= len(before):
                incoming.damaged(u"delta.json")
            self.rows[files[new]["path"]] = number, before[base]["path"], steps

    def close(self):
        self.streams.close()

    def base(self, path):
        """Gives the path of the base's file that this one is described by, or None."""
        found = self.rows.get(path)
        return found and found[1]

    def chunks(self, path, source, entry):
        """Gives the content of a file, piece by piece; after the last one it has been
        compared with its digest."""
        number, _, steps = self.rows[path]
        if number != self.done:
            self.incoming.damaged(u"delta.json")
        self.done += 1
        have = hashlib.sha256()
        for data in self.streams.content(source, steps, entry.get("size", 0)):
            have.update(data)
            yield data
        if have.hexdigest() != entry["sha256"]:
            self.streams.damaged(u"diff")
