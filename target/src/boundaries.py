"""Where a path is found in bytes, and where the same bytes are part of a longer one."""
import re

from placeholders import FORMS, LOWER, percent, spell
from shebang import plain_shebang, shebang
from system import WINDOWS


# Path boundaries: pack/internal/place/boundary.go in Python, rule by rule. cases/boundaries.json
# has the cases that both are tested with.

NAME = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+~@" + bytes(bytearray(range(0x80, 0x100)))
FILE_URL = re.compile(b"(?:[Ff][Ii][Ll][Ee]://(?:/|localhost)?|(?<![" + re.escape(NAME) + b"])[Ff][Ii][Ll][Ee]:)\\Z")
ESCAPED = re.compile(br"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
BEFORE, AHEAD = 1024, 16  # bytes that are looked at


def is_name(data):
    """Says whether this is one byte, and goes on with a file's name."""
    return len(data) == 1 and data in NAME


def byte_of(digits):
    return bytes(bytearray([int(digits, 16)]))


def goes_on(after, form, url):
    """Says whether the name that a path ends with goes on."""
    if is_name(after[:1]):
        return True
    if after[:1] == b".":
        return is_name(after[1:2])
    if after[:1] == b"%" and (url or form == u"+url"):
        found = re.match(b"%([0-9a-fA-F]{2})", after)
        return bool(found) and (is_name(byte_of(found.group(1))) or byte_of(found.group(1)) in b" .")
    found = ESCAPED.match(after) if not WINDOWS and form != u"+sh" else None
    if found and found.group(1):
        return is_name(byte_of(found.group(1)))
    return bool(found) and (found.group(2) != b"00" or is_name(byte_of(found.group(3))))


def ends_path(before):
    """Says whether a path that starts with a slash is the end of a longer one."""
    if FILE_URL.search(before):
        return False
    rest = before.rstrip(b"/")
    if len(rest) < len(before):  # doubled slash
        return is_name(rest[-1:]) or rest[-1:] == b"."
    rest = before.rstrip(NAME + b".")
    run = before[len(rest):]
    if run and (not run.strip(b".") or run == b"~"):
        return True  # ./srv/app, ../srv/app, ~/srv/app
    if len(rest) > 1 and rest[-1:] == b":" and re.match(b"[0-9]+\\Z", run):
        return rest[:-1].rstrip(NAME + b".")[-2:] == b"//"  # a port: http://localhost:8080/srv/app
    return bool(run) and rest[-1:] == b"/"


def bounded(before, after, form=u""):
    """Says whether a path that stands between these bytes isn't a part of a longer one."""
    return not goes_on(after, form, FILE_URL.search(before)) and (WINDOWS or not ends_path(before))


def variants(value):
    """Gives each way in which a path is looked for, always in the same order: its
    bytes, and the form of a placeholder that it is nearest to. None: it can't
    be written that way."""
    found = [(spell(value, form), form) for form in FORMS + (tuple(f + LOWER for f in FORMS) if WINDOWS else ())]
    for keep in ("/", "/:", ":", ""):
        text = percent(value, "~" + keep)
        found += [(text, u"+url"), (re.sub(b"%..", lambda m: m.group().lower(), text), u"+url")]
    text = spell(value, u"+json")
    for text in (text, re.sub(br"\\u....", lambda m: b"\\u" + m.group()[2:].upper(), text)):
        found += [(text, u"+json"), (text.replace(b"/", b"\\/"), u"+json")]
    found.append((value.replace(u"\\", u"\\\\").encode("ascii", "backslashreplace"), u"+python"))
    try:
        found.append((value.encode("latin-1"), u""))
    except UnicodeError:
        found.append((None, u""))
    return found


def replacer(old, new, has_urls=True):
    """Gives a function that replaces old root and interpreter by the new ones, in
    each form and encoding, longest first, at path boundaries."""
    pairs, wide, urls = {}, {}, {}
    known = [key for key in (u"root", u"python") if old[key]]  # an empty path is found everywhere
    for key in known:
        urls[spell(old[key], u"+url")] = spell(new[key], u"+url")
        for (was, form), (now, _) in zip(variants(old[key]), variants(new[key])):
            if was is not None:
                pairs.setdefault(was, (now if now is not None else spell(new[key], u""), form))
        for form in [f + lower for lower in (u"", LOWER) for f in (u"", u"+slash", u"+double")] if WINDOWS else [u""]:
            was, now = (spell(values[key], form).decode("utf-8") for values in (old, new))
            for name in ("utf-16-le", "utf-16-be"):
                wide.setdefault(was.encode(name), (now.encode(name), name))
    pattern, wide_pattern = longest_first(pairs), longest_first(wide)

    def narrow(found):
        data, start, end = found.string, found.start(), found.end()
        before, after = data[max(0, start - BEFORE):start], data[end:end + AHEAD]
        value, form = pairs[found.group()]
        if not bounded(before, after, form):
            return found.group()
        if has_urls and found.group() in urls and FILE_URL.search(before):
            return urls[found.group()]
        return value

    def broad(found):
        data, start, end = found.string, found.start(), found.end()
        value, name = wide[found.group()]
        plain = lambda part: part.decode(name, "ignore").encode("utf-8")
        before, after = data[max(0, start - BEFORE):start], data[end:end + 2 * AHEAD]
        if bounded(plain(before[len(before) % 2:]), plain(after)):
            return value
        return found.group()

    def in_utf16(data):
        parts, at, found = [], 0, wide_pattern.search(data)
        while found:
            again = wide_pattern.match(data, found.start() + 1) if found.start() % 2 else None
            if again and again.end() == found.end() + 1:
                found = again  # the first was the same in the other byte order, a byte off
            parts += [data[at:found.start()], broad(found)]
            at = found.end()
            found = wide_pattern.search(data, at)
        return b"".join(parts + [data[at:]])

    def run(data):
        change = lambda part: in_utf16(pattern.sub(narrow, part))
        script = plain_shebang(data)
        line, _, rest = script.partition(b"\n")
        for key in reversed(known):
            start = b"#!" + old[key].encode("utf-8")
            if line.startswith(start) and not goes_on(line[len(start):], u"", False):
                more, _, arguments = line[len(start):].partition(b" ")
                return shebang(new[key].encode("utf-8") + more, change(arguments.strip()), change(rest))
        return change(data)
    return run


def longest_first(pairs):
    return re.compile(b"|".join(re.escape(o) for o in sorted(pairs, key=lambda o: (-len(o), o))))
