"""The documents of .binary-buildout: what each has to look like, reading and writing them."""
import json
import os
import re
import sys

from system import FORMAT, Refused, STATE, WINDOWS, native, read_file, replace, sync_dir, write_new


# What each document has to look like. A shape is a function that says whether a
# value fits. None of them lets a text pass that no path can hold.

KIND, NUMBER = type(u""), (int, type(1 << 64))
UNFIT = re.compile(u"[\0\ud800-\udfff]" if sys.maxunicode > 0xffff else u"\0")
RELATIVE = re.compile(u"(?:(?!\\.\\.?/)[^/\0]+/)*(?!\\.\\.?\\Z)[^/\0]+\\Z")


def is_text(value):
    return isinstance(value, KIND) and not UNFIT.search(value)


def is_path(value):
    return is_text(value) and RELATIVE.match(value) is not None


def is_absolute(value):
    return is_text(value) and re.match(u"[A-Za-z]:[/\\\\]." if WINDOWS else u"/.", value) is not None


def is_number(value):
    return isinstance(value, NUMBER) and not isinstance(value, bool) and 0 <= value < 1 << 53


def is_mode(value):
    return is_number(value) and value <= 0o777


def is_time(value):
    return isinstance(value, NUMBER) and not isinstance(value, bool) and abs(value) < 1 << 38


def is_flag(value):
    return isinstance(value, bool)


def is_plain(value):
    """Says whether this is ASCII, as versions and names of libraries are."""
    return isinstance(value, KIND) and re.match(u"[ -~]+\\Z", value) is not None


def either(*shapes):
    return lambda value: any(shape(value) for shape in shapes)


def each(shape):
    return lambda value: isinstance(value, list) and all(shape(v) for v in value)


def row(*shapes):
    return lambda value: isinstance(value, list) and len(value) == len(shapes) and all(s(v) for s, v in zip(shapes, value))


def named(shape, name=is_text):
    return lambda value: isinstance(value, dict) and all(name(k) and shape(v) for k, v in value.items())


def members(needed, optional=None):
    """Gives the shape of an object. An optional name with null is as good as missing, and is removed."""
    def fits(value):
        return isinstance(value, dict) and wrong_key(value, needed, optional or {}) is None
    fits.needed, fits.optional = needed, optional or {}
    return fits


def wrong_key(value, needed, optional):
    """Gives a name of an object whose value is missing or wrong, or None."""
    for key in needed:
        if key not in value or not needed[key](value[key]):
            return key
    for key in optional:
        if value.get(key) is None:
            value.pop(key, None)
        elif not optional[key](value[key]):
            return key
    return None


def is_entry(value):
    """Says whether this is a line of files.json."""
    kind = value.get("type") or u"" if isinstance(value, dict) else None
    needed = {u"": {"mode": is_mode, "sha256": is_text}, u"dir": {"mode": is_mode}, u"link": {"link": is_text}}
    return kind in tuple(needed) and wrong_key(value, needed[kind], ENTRY) is None and is_path(value.get("path"))


ENTRY = {"mode": is_mode, "size": is_number, "sha256": is_text, "link": is_text}
SHAPES = {
    u"manifest.json": members({
        "name": is_text, "version": is_text, "target": is_text,
        "python": members({"version": is_plain, "implementation": is_text, "abi": is_plain}, {"bits": is_number, "libc": is_text}),
    }, {
        "label": is_text, "longest_path": is_text, "files_sha256": is_text,
        "floors": each(members({"kind": is_text, "version": is_text}, {"file": is_text})),
        "system_libraries": each(members({"name": is_plain}, {"needed_by": is_text, "package": is_text})),
        "buildout": is_text,
        "parts": each(members({"name": is_text, "recipe": is_text})),
        "relocations": each(members({"path": is_text}, {
            "class": is_text, "mode": is_mode, "size": is_number, "sha256": is_text, "link": is_text, "splits": named(is_text),
            "cstrings": each(members({"offset": is_number, "old": is_text, "prefix": is_number}))})),
        "signatures": each(members({"name": is_text, "path": is_text, "hash": is_text})),
        "extensions": each(members({"path": is_path}, {"sha256": is_text})),
        "bundled_python": members({"version": is_plain, "directory": is_path, "executable": is_path}),
    }),
    u"files.json": members({"files": each(is_entry)}),
    u"launch.json": members({}, {"path": each(is_path), "virtualenv": is_text, "config": is_text, "options": each(is_text)}),
    u"state.json": members({}, {
        "root": either(is_absolute, lambda value: value == u""), "interpreter": either(is_absolute, lambda value: value == u""),
        "prefix": is_text, "archive": is_text, "config": is_text, "mode": is_text,
        "files": named(is_text, is_path), "fitted": named(is_text), "signatures": named(is_text),
        "pending": lambda value: isinstance(value, dict),  # bootstrap.py's affair
    }),
}


def check_shape(found, name, hint):
    """Refuses a document that isn't of our making, before any of it is used."""
    shape = SHAPES.get(name.rpartition(u"/")[2])
    wrong = shape and wrong_key(found, shape.needed, shape.optional)
    if not wrong and name.endswith(STATE):
        found.setdefault("files", {})
        wrong = u"interpreter" if found.get("root") and not found.get("interpreter") else None
    if wrong:
        raise Refused(u"%s is damaged: %s" % (name, wrong), hint)


def same_archive(_):
    return u"use the bootstrap.py of the same archive"


def read_json(root, name, missing=None, known=FORMAT, newer=same_archive, each_object=None):
    """Gives a JSON document of .binary-buildout, or None if it isn't there. newer says
    of one with a higher format than is known what can be done. each_object gives what
    stands for an object in it."""
    path = os.path.join(root, native(name))
    hint = missing or u"unpack the archive again, and compare its SHA-256"
    if not os.path.lexists(path):
        if missing:
            raise Refused(u"%s is missing" % name, missing, 2)
        return None
    try:
        found = json.loads(read_file(path).decode("utf-8"), object_hook=each_object)
    except (ValueError, RuntimeError):  # no JSON, or nested without an end
        raise Refused(u"%s is damaged" % name, hint)
    if not isinstance(found, dict) or not is_number(found.get("format")):
        raise Refused(u"%s is damaged: it has no format number" % name, hint)
    if found["format"] > known:
        raise Refused(u"%s has format %d, and this program knows %d" % (name, found["format"], known),
                      newer(found), 2)
    check_shape(found, name, hint)
    return found


def write_json(root, name, value):
    """Writes a JSON document: the same value gives the same bytes."""
    data = json.dumps(value, sort_keys=True, indent=1, separators=(",", ": ")).encode("ascii") + b"\n"
    path = os.path.join(root, native(name))
    new = path + native(u".new")
    write_new(new, data, 0o644)
    replace(new, path)
    sync_dir(os.path.dirname(path))
