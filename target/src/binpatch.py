"""Files that a delta says by those that are here: what they have in common, and what is new."""
import binascii
import hashlib
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


def masks(count):
    return int(b"7f" * count, 16), int(b"80" * count, 16)


LOW, HIGH = masks(CHUNK)


def add(base, diff):
    """The sums of two strings' bytes, each modulo 256, all of them at once: as
    one number, of which no byte carries into the next one."""
    if not diff.strip(b"\0"):
        return base
    low, high = (LOW, HIGH) if len(base) == CHUNK else masks(len(base))
    a, b = int(binascii.hexlify(base), 16), int(binascii.hexlify(diff), 16)
    total = ((a & low) + (b & low)) ^ ((a ^ b) & high)
    return binascii.unhexlify(("%%0%dx" % (2 * len(base)) % total).encode("ascii"))


class Streams(object):
    """The three files of a directory, and where they have been read to."""

    def __init__(self, incoming, folder):
        self.incoming, self.folder = incoming, folder
        self.files = {}

    def close(self):
        for f in self.files.values():
            f.close()

    def content(self, source, steps, size):
        """What the next steps make of a file, piece by piece: so many bytes."""
        with open(source, "rb") as base:
            at, length = 0, os.fstat(base.fileno()).st_size
            while steps:
                steps -= 1
                added, put, seek = self.number(), self.number(), self.number()
                size -= added + put
                if size < 0:
                    self.damaged(u"steps")
                for data in self.step(base, at, added, put):
                    yield data
                at += added + (-(seek + 1) // 2 if seek & 1 else seek // 2)
                if not 0 <= at <= length:
                    self.damaged(u"steps")
        if size:
            self.damaged(u"steps")

    def step(self, base, at, added, put):
        base.seek(at)
        while added:
            data = base.read(min(added, CHUNK))
            if not data:
                self.damaged(u"steps")
            added -= len(data)
            yield add(data, self.take(u"diff", len(data)))
        while put:
            data = self.take(u"new", min(put, CHUNK))
            put -= len(data)
            yield data

    def take(self, name, count):
        if name not in self.files:
            full = self.incoming.full(self.folder + u"/" + name)
            if not os.path.isfile(full):
                self.damaged(name)
            self.files[name] = open(full, "rb")
        data = self.files[name].read(count)
        if len(data) != count:
            self.damaged(name)
        return data

    def number(self):
        value = shift = 0
        while True:
            byte = ord(self.take(u"steps", 1))
            value |= (byte & 0x7f) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 56:
                self.damaged(u"steps")

    def damaged(self, name):
        self.incoming.damaged(self.folder + u"/" + name)


class Patches(object):
    """The files that a delta says by those of the base; each can be made once, in
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
        """The path of the base's file that this one is said by, or None."""
        found = self.rows.get(path)
        return found and found[1]

    def chunks(self, path, source, entry):
        """The content of a file, piece by piece; after the last one it has been
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
