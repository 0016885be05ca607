"""Texts, paths and commands of others, for Python 2 and 3 alike."""
import json
import os
import re
import signal
import subprocess
import sys
import threading


PY2 = sys.version_info[0] == 2
WINDOWS = os.name == "nt"

# What a path of Python 2 is encoded in.
LOCAL = "mbcs" if WINDOWS else "utf-8"


class Stop(Exception):
    """A failure: exit code, what it is, and what a person can do."""

    def __init__(self, code, text, hint=""):
        Exception.__init__(self, text)
        self.code, self.text, self.hint = code, text, hint


def raw(s):
    return s if isinstance(s, bytes) else s.encode("utf-8", "surrogateescape")


def native(v):
    """JSON for Python 2: texts as bytes, like all others there."""
    if PY2 and isinstance(v, dict):
        return dict((native(k), native(x)) for k, x in v.items())
    if PY2 and isinstance(v, list):
        return [native(x) for x in v]
    return v.encode(LOCAL) if PY2 and isinstance(v, type(u"")) else v


def read_json(path):
    with open(path, "rb") as f:
        return native(json.loads(f.read().decode("utf-8")))


# What steers a terminal, or turns the direction of a text.
CONTROL = re.compile(br"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def plain(s):
    """Bytes for a person: what others wrote, as an answer of a server, steers nothing."""
    return CONTROL.sub(lambda m: raw("".join("\\x%02x" % c for c in bytearray(m.group()))), raw(s))


def say(text, stream=None):
    stream = stream or sys.stderr
    stream.flush()
    if WINDOWS and not PY2:  # a console has an encoding of its own
        encoding = stream.encoding or "ascii"
        stream.write(plain(text).decode("utf-8", "surrogateescape").encode(encoding, "backslashreplace").decode(encoding) + "\n")
    else:
        stream = getattr(stream, "buffer", stream)
        stream.write(plain(text) + b"\n")
    stream.flush()


def word(s):
    """A word for a shell: on Windows for PowerShell."""
    if re.match(r"[\w@%+=:,./\\-]+\Z" if WINDOWS else r"[\w@%+=:,./-]+\Z", s):
        return s
    return "\x27" + s.replace("\x27", "\x27\x27" if WINDOWS else "\x27\\\x27\x27") + "\x27"


def command(*words):
    """A command as a person types it; PowerShell runs a quoted one by an ampersand."""
    words = [word(w) for w in words]
    return ("& " if WINDOWS and words[0].startswith("\x27") else "") + " ".join(words)


def fs(path):
    """A path for calls of the system: on Windows without the limit of 259 characters."""
    if not WINDOWS:
        return path
    path = os.path.abspath(path if isinstance(path, type(u"")) else path.decode(LOCAL))
    if path.startswith(u"\\\\?\\"):
        return path
    return u"\\\\?\\UNC" + path[1:] if path.startswith(u"\\\\") else u"\\\\?\\" + path


def run(args, limit=None, told=None, **more):
    """Exit code, standard output and, unless it goes there too, standard error.
    With a limit, in seconds, what hangs is ended. What is told it is its input:
    everybody here can read a command line."""
    more.setdefault("stderr", subprocess.PIPE)
    if limit and not WINDOWS:  # with what it has started, which holds the pipe
        more["preexec_fn"] = os.setsid
    try:
        with open(os.devnull, "rb") as nothing:  # not what this program itself is read from
            p = subprocess.Popen(args, stdin=nothing if told is None else subprocess.PIPE, stdout=subprocess.PIPE, **more)
    except EnvironmentError as e:
        return 127, b"", raw(str(e))
    timer = threading.Timer(limit or 0, p.kill if WINDOWS else lambda: os.killpg(p.pid, signal.SIGKILL))
    if limit:
        timer.start()
    try:
        out, err = p.communicate(told)
    except BaseException:  # a signal: it must not work on in what is removed
        p.kill()
        p.wait()
        raise
    finally:
        timer.cancel()
    return p.returncode, out, err or b""


def text(b):
    return b if PY2 else b.decode("utf-8", "replace" if WINDOWS else "surrogateescape")


def which(name):
    for d in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(d, name + (".exe" if WINDOWS else ""))
        if os.path.isabs(d) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None
