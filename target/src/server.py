"""A server that has the files of a release."""
import base64
import errno
import os
import re
import time

from addresses import IN_BETWEEN, downgraded, led_on, on_to, quote, retry_after, secure, without_password
from digests import right
from network import Network, download
from words import Stop, WINDOWS, raw, run, say, text, which


class Site(object):
    """A release, or a copy of one behind a URL. curl or wget fetches, as the
    system is used to, else this Python; where that cannot, PowerShell."""
    headers = {}
    refused = "if the mirror wants a password, put it into the address: https://USER:PASSWORD@HOST/... (special characters as %40)"
    missing = "check the address: a mirror is a copy of all assets of a release, index.json among them"

    def __init__(self, base, name, source, helper):
        self.base, self.name, self.source, self.helper = base.rstrip("/"), name, source, helper
        self.curl, self.wget = (None, None) if WINDOWS else (which("curl"), which("wget"))
        self.gnu = self.wget and not self.curl and b"GNU Wget" in run([self.wget, "--version"])[1]
        if not self.gnu and re.match(r"https:|.*@", self.base):
            self.wget = None  # that of busybox checks no certificate, follows to http, and takes the address as an argument
        if self.base.startswith("https:") and not self.curl and not self.wget and not helper and not secure():
            raise Stop(2, "fetching from %s: there is neither curl nor GNU Wget, and this Python checks no certificates" % name,
                        "install one of them, or copy the release here and name it with --from")

    def where(self, name):
        return self.base + "/" + quote(name)

    def fetch(self, name, to="", more=False):
        """Into a file, or without one as bytes."""
        url = self.where(name)
        if self.curl or self.wget:
            return self.by_tool(url, to, more)
        return self.by_python(url, to, more)

    def by_tool(self, url, to, more):
        """The address is told by standard input: a password may be in it."""
        hops = 0
        for wait in (1, 2, 4, 8, None):
            code, out, err = self.by_curl(url, to, more) if self.curl else self.by_wget(url, to, more)
            while code and self.gnu and hops < 10 and led_on(err):
                url, hops = on_to(url, led_on(err)), hops + 1
                code, out, err = self.by_wget(url, to, more)
            if code == 0:
                return out
            lines = text(err).strip().split("\n")
            why = ([line for line in lines if line.startswith("curl: (")] or [line for line in lines if "ERROR" in line] or lines)[-1] or "exit code %d" % code
            # curl tries again by itself, wget only where nothing answered.
            if self.curl or wait is None or not re.search(r"\b(?:408|429|5\d\d)\b", why):
                break
            say("%s; trying again in %d s" % (why.rstrip("."), wait))
            time.sleep(wait)
        if self.curl and re.search(r"curl: \(1\)", why) and url.startswith("https:"):
            raise downgraded(url)
        raise self.unfetched(url, why)

    def by_curl(self, url, to, more):
        args = [self.curl, "-fsSL", "--connect-timeout", "30", "--retry", "4", "--speed-limit", "1", "--speed-time", "60"]
        args += ["--proto", "=https" if url.startswith("https:") else "=http,https"]  # of a redirect too
        args += (["-C", "-"] if more else []) + ["-o", to or "-", "-K", "-"]
        return run(args, told=raw("url = \"%s\"\n" % url.replace("\"", "%22")))

    def by_wget(self, url, to, more):
        # Not -T for busybox: with it, 1.35 dies of SIGSEGV.
        args = [self.wget] + (["-nv", "--tries=5", "--timeout=60"] if self.gnu else ["-q"]) + (["-c"] if more else [])
        if not self.gnu:  # which reads no addresses from a file
            return run(args + ["-O", to or "-", url])
        if os.environ.get("SSL_CERT_FILE"):  # which the others heed by themselves
            args.append("--ca-certificate=" + os.environ["SSL_CERT_FILE"])
        # It would follow from https to http.
        return run(args + ["-S", "--max-redirect=0", "-O", to or "-", "-i", "-"], told=raw(url + "\n"))

    def by_python(self, url, to, more):
        for wait in (1, 2, 4, 8, None):
            try:
                net = Network()
            except ImportError as e:
                why = "this Python cannot (%s)" % e
                break
            if url.startswith("https:") and not secure():
                why = "this Python checks no certificates"
                break
            try:
                return download(net, url, to, more, self.headers)
            except net.HTTPError as e:
                why, again = "HTTP status %d %s" % (e.code, e.msg), e.code in (408, 429) or e.code >= 500
                if not again and e.code != 407:
                    raise self.unfetched(url, why)
                wait = wait and max(wait, retry_after(e.headers.get("Retry-After") or ""))
            except (EnvironmentError, net.HTTPException, ValueError) as e:  # Python 2 has a wrong certificate among the last
                if getattr(e, "filename", None) or getattr(e, "errno", None) == errno.ENOSPC:
                    raise  # the disk, not the network
                why = str(getattr(e, "reason", None) or e) or type(e).__name__
                again = "CERTIFICATE_VERIFY" not in why and " 407 " not in why and not isinstance(e, ValueError)
            if not again or wait is None:
                break
            say("%s; trying again in %d s" % (why, wait))
            time.sleep(wait)
            more = bool(to)
        if self.helper and not self.headers:
            return self.by_helper(url, to, more, why)
        raise self.unfetched(url, why)

    def by_helper(self, url, to, more, why):
        """Windows knows proxies, their passwords, and certificates that Python does not."""
        have = os.path.getsize(to) if to and more and os.path.exists(to) else 0
        program, script = self.helper
        code, out, err = run([program, "-NoProfile", "-NonInteractive", "-Command", script], env=dict(
            os.environ, BINARY_BUILDOUT_URL=url, BINARY_BUILDOUT_TO=to, BINARY_BUILDOUT_HAVE=str(have)))
        if code:
            raise self.unfetched(url, "%s; by PowerShell: %s" % (why, text(err).strip().split("\n")[-1].strip() or "exit code %d" % code))
        return base64.b64decode(out) if not to else None

    def index(self):
        return self.fetch("index.json")

    def sums(self):
        return self.fetch("SHA256SUMS")

    def put_together(self, name):
        return None

    def local(self, asset):
        return None

    def get(self, asset, to):
        """Goes on where an earlier run ended, and where this one breaks off, as
        long as something comes. What it went on with must be of the same archive."""
        have = os.path.getsize(to) if os.path.exists(to) else 0
        if have > asset["size"]:
            os.remove(to)
            have = 0
        resumed, begun = False, 0
        while have != asset["size"]:
            began, resumed = have, resumed or have > 0
            try:
                self.fetch(asset["archive"], to, have > 0)
            except Stop as e:
                have = os.path.getsize(to) if os.path.exists(to) else 0
                if began and re.search(r"416|range|resume", e.text):  # a server that cannot: from the start
                    os.remove(to)
                    have, resumed = 0, False
                elif have <= began:
                    raise
                continue
            have = os.path.getsize(to)
            if resumed and not begun and (have != asset["size"] or not right(to, asset)):
                os.remove(to)
                have, resumed, begun = 0, False, 1
            elif have != asset["size"]:
                os.remove(to)  # nothing for the next run to go on from
                raise Stop(3, "fetching %s: the answer has %d bytes, and the archive has %d" % (
                    without_password(self.where(asset["archive"])), have, asset["size"]), IN_BETWEEN)

    def unfetched(self, url, why):
        url = without_password(url)
        if re.search(r"\b404\b", why):
            return Stop(2, "fetching %s: it is not there (%s)" % (url, why), self.missing)
        hint = "check the network, and https_proxy if there is a proxy; running this again resumes the download"
        if re.search(r"curl: \(23\)|No space left|annot write", why):
            hint = "make room on that disk; running this again resumes the download"
        elif re.search(r"\b407\b", why):
            hint = "give the proxy its user and password, as in https_proxy=http://USER:PASSWORD@proxy.example.com:3128 (special characters as %40)"
        elif re.search(r"\b40[13]\b|Authentication Failed", why):
            hint = self.refused
        elif why.startswith("this Python c"):
            hint = "take a Python that has the modules ssl and socket, or copy the release here and name it with --from"
        elif re.search(r"certificate", why, re.I):
            hint = "name the file of your certificate authority in SSL_CERT_FILE"
        return Stop(3, "fetching %s: %s" % (url, why), hint)
