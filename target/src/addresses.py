"""Addresses: which are taken, what may be shown of them, and where one may lead on to."""
import re
import time

from words import Stop, raw, text


# Where archives come from.

def without_password(address):
    """An address as it may be shown: without user and password, a token is
    either, and without a query, which signs those of object stores. Of what is
    hardly an address all up to the last @ may be a password."""
    m = re.match(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)(.*)\Z", address, re.S)
    if not m:
        before, at, after = address.rpartition("@")
        m = re.match(r"([A-Za-z][A-Za-z0-9+.-]*:/*)?", before)
        return (m.group(1) or "") + "...@" + after if at and ":" in before else address
    scheme, host, path = m.groups()
    if "@" in path and re.search("[@:]", host):
        return scheme + "...@" + path.rpartition("@")[2].partition("?")[0]
    path, query, _ = path.partition("?")
    return scheme + host.rpartition("@")[2] + path + (query and "?...")


# What each tool takes for the same address.
ADDRESS = re.compile(r"https?://(?:[^\s/?#@\\]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::[0-9]*)?(?:[/?#][^\s\\]*)?\Z")


def quote(s, safe="/"):
    """As urllib has it, which needs socket on Python 2."""
    return "".join(chr(c) if re.match(r"[A-Za-z0-9._~-]", chr(c)) or chr(c) in safe else "%%%02X" % c for c in bytearray(raw(s)))


def secure():
    """Whether this Python can check certificates."""
    try:
        import ssl
    except ImportError:
        return False
    return hasattr(ssl, "create_default_context")


# What to do about an answer that is not that of the server.
IN_BETWEEN = "check the address; if it is right, something answers in the place of the server: a proxy, or the login page of a network"


def led_on(err):
    """Where wget was led to, as it notes the headers of an answer; "" of any other."""
    answer = re.split(br"(?m)^ *HTTP/[0-9.]+ ", err)[-1]
    m = re.search(br"(?mi)^ *Location: *(\S+)", answer) if re.match(br"30[12378]\b", answer) else None
    return text(m.group(1)) if m else ""


def on_to(url, location):
    try:
        from urllib.parse import urljoin
    except ImportError:
        from urlparse import urljoin
    after = urljoin(url, location)
    if url.startswith("https:") and not after.startswith("https:") or not ADDRESS.match(after):
        raise downgraded(url)
    return after


def downgraded(url):
    return Stop(3, "fetching %s: it is redirected from https to http, which anybody on the way can change" % without_password(url), IN_BETWEEN)


def retry_after(header):
    """Seconds: the header is their number, or a date."""
    import email.utils
    if re.match(r"[0-9]+\Z", header):
        return min(int(header), 300)
    date = email.utils.parsedate_tz(header)
    return min(max(int(email.utils.mktime_tz(date) - time.time()), 0), 300) if date else 0
