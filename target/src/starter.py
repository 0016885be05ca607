"""NAME-script.py for setuptools' NAME.exe, which reads it in the code page of Windows."""
import os
import re

from shebang import NOT_ASCII
from system import WINDOWS, text


STARTED = re.compile(u"-script\\.pyw?\\Z")
PAGE = re.compile(br"(#![^\n]*?) -X coding=(cp[0-9]+)(?=\r?\n)")


def code_page():
    """Gives the encoding of paths for programs of Windows that know no Unicode."""
    import ctypes
    return u"cp%d" % ctypes.windll.kernel32.GetACP()


def for_starter(path, data):
    """Gives NAME-script.py for setuptools' NAME.exe, which takes the interpreter's
    path in Windows' code page. Python wants the encoding of a file's first line
    named in that line: an option that says nothing else does it."""
    line = data.split(b"\n", 1)[0]
    if not WINDOWS or not STARTED.search(path) or data[:2] != b"#!" or not NOT_ASCII.search(line):
        return data
    if os.environ.get("BINARY_BUILDOUT_STAGE") == "1":
        return data  # in a build, it will be started elsewhere
    page = code_page()
    try:
        first, _, rest = data.decode("utf-8").partition(u"\n")
        if page == u"cp65001":
            return data
        end = u"\r\n" if first.endswith(u"\r") else u"\n"
        return ((first.rstrip(u"\r") + u" -X coding=" + page + end).encode(page)
                + rest.encode(page, "backslashreplace"))
    except (UnicodeError, LookupError):
        return data


def from_starter(data):
    """Undoes for_starter(): gives the script in UTF-8."""
    found = PAGE.match(data)
    if not found or not NOT_ASCII.search(found.group(1)):
        return data
    try:
        return (found.group(1) + data[found.end():]).decode(text(found.group(2))).encode("utf-8")
    except (UnicodeError, LookupError):
        return data
