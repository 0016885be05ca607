"""The one reading of a zip: the header of each file says what the directory
says, and they follow each other from the first byte to the directory, which
ends where the one end record begins. As archive/readzip.go has it."""
import struct
import zlib


# They bound the directory, bytes, and the files in it.
MAX_DIRECTORY, MAX_ENTRIES = 96 << 20, 600000

# The flags that there may be: the sizes follow the content, names are UTF-8.
SIZES_FOLLOW, UTF8 = 1 << 3, 1 << 11
STORED, DEFLATED = 0, 8
FULL16, FULL32 = 0xffff, 0xffffffff


class NotOne(ValueError):
    """A zip that another program may read otherwise."""


def read_at(f, at, size):
    f.seek(at)
    data = f.read(size) if at >= 0 else b""
    return data if len(data) == size else b""


def directory_of(f):
    """Where the directory begins, its size, and the number of its entries."""
    f.seek(0, 2)
    at = f.tell() - 22
    end = read_at(f, at, 22)
    if end[:4] != b"PK\x05\x06" or end[20:] != b"\0\0":
        raise NotOne("something follows its end")
    count, size, offset = struct.unpack("<HII", end[10:20])
    if count == FULL16 or FULL32 in (size, offset):
        at -= 76
        more = read_at(f, at, 76)
        if more[:4] != b"PK\x06\x06" or more[56:60] != b"PK\x06\x07" or struct.unpack("<Q", more[64:72])[0] != at:
            raise NotOne("its end is not where it says")
        count, size, offset = struct.unpack("<QQQ", more[32:56])
    if size > MAX_DIRECTORY or count > MAX_ENTRIES:
        raise NotOne("its directory is larger than any can be")
    if offset + size != at:
        raise NotOne("its directory is not where its end says")
    return offset, size, count


class Entry(object):
    """A file, directory or link, as the directory has it."""

    def __init__(self, data, at):
        fields = struct.unpack("<4s4x4H3I5H2I", data[at:at + 46])
        self.flags, self.method, self.time, self.date, self.sum, self.packed, self.size = fields[1:8]
        lengths, self.mode, self.offset = fields[8:11], fields[13] >> 16, fields[14]
        if fields[0] != b"PK\x01\x02":
            raise NotOne("its directory is damaged")
        self.end = at + 46 + sum(lengths)
        if self.end > len(data):
            raise NotOne("its directory is damaged")
        self.name = data[at + 46:at + 46 + lengths[0]]
        self.extra = data[at + 46 + lengths[0]:self.end - lengths[2]]
        self.comment = lengths[2]
        self.large()

    def extras(self):
        extra = self.extra
        while len(extra) >= 4:
            tag, size = struct.unpack("<HH", extra[:4])
            yield tag, extra[4:4 + size]
            extra = extra[4 + size:]

    def large(self):
        """The sizes that need more than 32 bits."""
        names = [name for name in ("size", "packed", "offset") if getattr(self, name) == FULL32]
        for tag, value in self.extras():
            if tag == 1 and names:
                if len(value) < 8 * len(names):
                    raise NotOne("its directory is damaged")
                for i, name in enumerate(names):
                    setattr(self, name, struct.unpack("<Q", value[8 * i:8 * i + 8])[0])
                return

    def check(self, f, at):
        """Compares the header of the file, at an offset, with this, and gives where the next one begins."""
        def same(small, large):
            return small == FULL32 or small == large

        head = read_at(f, at, 30 + len(self.name))
        if head[:4] != b"PK\x03\x04":
            raise NotOne("its header is not where the file before it ends")
        flags, method, _, _, crc, packed, size, name, extra = struct.unpack("<4H3I2H", head[6:30])
        self.start = at + 30 + name + extra
        if self.offset != at:
            raise NotOne("its content is not where the directory says")
        if name != len(self.name) or head[30:] != self.name:
            raise NotOne("it has another name in its own header")
        if (flags, method) != (self.flags, self.method):
            raise NotOne("it has other flags or another method in its own header")
        if flags & ~(SIZES_FOLLOW | UTF8):
            raise NotOne("it is encrypted, or has flags that no archive of ours has")
        if self.comment:
            raise NotOne("its entry in the directory is none of ours")
        if method not in (STORED, DEFLATED):
            raise NotOne("it is compressed by method %d" % method)
        end = self.start + self.packed
        if not flags & SIZES_FOLLOW:
            if crc != self.sum or not same(packed, self.packed) or not same(size, self.size):
                raise NotOne("it has another size or sum in its own header")
            return end
        sizes = "<QQ" if max(self.packed, self.size) >= FULL32 else "<II"
        tail = b"PK\x07\x08" + struct.pack("<I", self.sum) + struct.pack(sizes, self.packed, self.size)
        if read_at(f, end, len(tail)) != tail:
            raise NotOne("it has another size or sum after its content")
        return end + len(tail)


def entries(f):
    """The files of a zip in their order."""
    offset, size, count = directory_of(f)
    data, at, end, found = read_at(f, offset, size), 0, 0, []
    while at < len(data):
        if len(data) - at < 46:
            raise NotOne("its directory is damaged")
        entry = Entry(data, at)
        end = entry.check(f, end)
        found.append(entry)
        at = entry.end
    if end != offset or len(found) != count:
        raise NotOne("something stands between its files and its end")
    return found


class Content(object):
    """What is in a file, to be read once: its size and its sum have to be right."""

    def __init__(self, f, entry):
        self.f, self.entry, self.at, self.left = f, entry, entry.start, entry.packed
        self.unpacker = zlib.decompressobj(-15) if entry.method == DEFLATED else None
        self.rest, self.size, self.sum = b"", 0, 0

    def packed(self):
        self.f.seek(self.at)
        data = self.f.read(min(1 << 16, self.left))
        if not data and self.left:
            raise NotOne("it ends before its end")
        self.at, self.left = self.at + len(data), self.left - len(data)
        return data

    def piece(self, most):
        """Some bytes; none at the end."""
        if not self.unpacker:
            return self.packed()
        while self.rest or self.left:
            data = self.unpacker.decompress(self.rest or self.packed(), most)
            self.rest = self.unpacker.unconsumed_tail
            if self.unpacker.unused_data:
                raise NotOne("something follows its content")
            if data:
                return data
        return self.unpacker.flush()

    def read(self, most=1 << 20):
        data = self.piece(max(most, 1))
        self.size += len(data)
        self.sum = zlib.crc32(data, self.sum) & FULL32
        if self.size > self.entry.size or not data and (self.size, self.sum) != (self.entry.size, self.entry.sum):
            raise NotOne("its content has another size or sum than it says")
        return data
