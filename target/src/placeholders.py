"""Placeholders, and the forms in which a value stands in the place of one."""
import json
import re

from shebang import shebang
from starter import for_starter
from system import PY2, Refused, WINDOWS, text


FORMS = (u"", u"+slash", u"+double", u"+url", u"+json", u"+python", u"+bytes", u"+unicode", u"+sh")
LOWER = u"+lower"


def percent(value, safe):
    """Gives a path as URLs have it, percent-encoded but for some characters."""
    try:
        from urllib.parse import quote
    except ImportError:
        from urllib import quote
    return quote((value.replace(u"\\", u"/") if WINDOWS else value).encode("utf-8"), safe=safe).encode("ascii")


def spell(value, form, two=PY2):
    """Gives a value in a placeholder's form, as bytes. two: for Python 2 to read."""
    if form.endswith(LOWER):  # os.path.normcase, on Windows
        return spell(value.replace(u"/", u"\\").lower(), form[:-len(LOWER)], two)
    if form == u"+url":
        return percent(value, "/:" if WINDOWS else "/")
    if form == u"+slash":
        return value.replace(u"\\", u"/").encode("utf-8")
    if form == u"+double":
        return value.replace(u"\\", u"\\\\").encode("utf-8")
    if form == u"+json":
        return json.dumps(value)[1:-1].encode("ascii")
    if form == u"+unicode":
        return repr(value).lstrip("u")[1:-1].encode("ascii" if PY2 else "utf-8")
    if form in (u"+python", u"+bytes"):
        if two or form == u"+bytes":
            return repr(value.encode("utf-8")).lstrip("b")[1:-1].encode("ascii")
        return repr(value)[1:-1].encode("utf-8")
    if form == u"+sh":
        return re.sub(br"([^A-Za-z0-9/._+=@:\x80-\xff-])", br"\\\1", value.encode("utf-8"))
    return value.encode("utf-8")


MARK = u"@binary-buildout-"
PLACEHOLDER = re.compile(br"@binary-buildout-(root|python|prefix)((?:\+url|\+json|\+python|\+bytes|\+unicode|\+sh|\+slash|\+double)?(?:\+lower)?)@")
WIDE = dict((name, re.compile(b"".join(
    b"(" + b"|".join(re.escape(o.encode(name)) for o in part) + b")" + (b"?" if i in (2, 3) else b"")
    for i, part in enumerate(((MARK,), (u"root", u"python", u"prefix"), FORMS[1:], (LOWER,), (u"@",))))))
    for name in ("utf-16-le", "utf-16-be"))


# The modules of a Python 2 that a part compiled, whatever runs this.
TWO = re.compile(u"(^|/)lib(64)?/python2[0-9.]*/")


# A source's own encoding, in its first two lines, and an XML file's.
DECLARED = re.compile(br"(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
DECLARED_XML = re.compile(br"<\?xml[^>]*?encoding=[\"']([-\w.]+)")
UTF8 = (b"utf-8", b"utf8")


def escape_of(data):
    """Says how a character that isn't ASCII has to be written in a file that says
    that it isn't in UTF-8, as Python names it: None if it may stand as it is."""
    for pattern, escape in ((DECLARED_XML, "xmlcharrefreplace"), (DECLARED, "backslashreplace")):
        found = pattern.match(data)
        if found:
            return None if found.group(1).lower().replace(b"_", b"-") in UTF8 else escape
    return None


def substitute(data, values, path):
    """Puts the values in the place of the placeholders."""
    if data[:2] == b"#!" and MARK.encode("ascii") in data.split(b"\n", 1)[0]:
        line, _, rest = data[2:].partition(b"\n")
        interpreter, _, arguments = line.strip().partition(b" ")
        fill = lambda part: PLACEHOLDER.sub(lambda m: spell(values[text(m.group(1))], u""), part)
        data = shebang(fill(interpreter), fill(arguments.strip()), substitute(rest, values, path))
    two = PY2 or bool(TWO.search(path))
    escape = escape_of(data)

    def value(found):
        form = text(found.group(2) or b"")
        spelled = spell(values[text(found.group(1))], form, two)
        if escape and form in ((u"+python", u"+unicode") if escape == "backslashreplace" else (u"",)):
            spelled = spelled.decode("utf-8").encode("ascii", escape)
        return spelled
    data = PLACEHOLDER.sub(value, data)
    for name, pattern in WIDE.items():
        if MARK.encode(name) in data:
            data = pattern.sub(lambda m: spell(values[m.group(2).decode(name)], (
                (m.group(3) or b"") + (m.group(4) or b"")).decode(name)).decode("utf-8").encode(name), data)
    for name in ("ascii", "utf-16-le", "utf-16-be"):
        if MARK.encode(name) in data:
            raise Refused(u"%s holds a placeholder that this program doesn't know" % path,
                          u"use the bootstrap.py of the same archive")
    return for_starter(path, data)
