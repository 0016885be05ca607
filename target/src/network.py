"""What needs ssl and socket, which a Python may have been built without."""
import base64
import contextlib
import os
import re
import shutil

from addresses import downgraded, secure
from words import raw, text


class Network(object):
    """What this Python downloads by. ImportError: it was built without."""

    def __init__(self):
        try:
            from urllib2 import HTTPError, HTTPRedirectHandler, Request, build_opener
            from httplib import HTTPException
        except ImportError:
            from http.client import HTTPException
            from urllib.error import HTTPError
            from urllib.request import HTTPRedirectHandler, Request, build_opener

        class Redirects(HTTPRedirectHandler):
            def redirect_request(self, req, fp, code, msg, headers, newurl):
                if req.get_full_url().startswith("https:") and not newurl.startswith("https:"):
                    raise downgraded(req.get_full_url())
                return HTTPRedirectHandler.redirect_request(self, req, fp, code, msg, headers, newurl)

        handlers = [Redirects()]
        if secure():
            import ssl
            try:
                from urllib2 import HTTPSHandler
            except ImportError:
                from urllib.request import HTTPSHandler
            context = ssl.create_default_context()
            # Authorities of a company seldom have all that 3.13 asks for.
            context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
            handlers.append(HTTPSHandler(context=context))
        self.HTTPError, self.HTTPException, self.Request = HTTPError, HTTPException, Request
        self.open = build_opener(*handlers).open


def download(net, url, to, more, headers):
    """One attempt of this Python itself, by the proxies that urllib knows. The
    headers are for this address alone, not for where it leads to."""
    user = re.match(r"(https?://)([^/?#@]*)@(.*)", url)
    request = net.Request((user.group(1) + user.group(3)) if user else url, headers={"User-Agent": "binary-buildout", "Accept-Encoding": "identity"})
    if user:
        password = re.sub(b"%([0-9A-Fa-f]{2})", lambda m: bytes(bytearray([int(m.group(1), 16)])), raw(user.group(2)))
        request.add_unredirected_header("Authorization", "Basic " + text(base64.b64encode(password)))
    for name in headers:
        request.add_unredirected_header(name, headers[name])
    have = os.path.getsize(to) if to and more and os.path.exists(to) else 0
    if have:
        request.add_header("Range", "bytes=%d-" % have)
    with contextlib.closing(net.open(request, timeout=60)) as answer:
        if not to:
            return answer.read()
        part = answer.getcode() == 206
        want = answer.headers.get("Content-Length")
        with open(to, "ab" if part else "wb") as f:
            begin = f.tell() if part else 0
            shutil.copyfileobj(answer, f, 1 << 16)
            got = f.tell() - begin
    if want and got != int(want):
        raise EnvironmentError("it ends after %d of %s bytes" % (got, want))
