"""Where archives come from."""
import errno
import os
import re
import shutil

from addresses import ADDRESS, IN_BETWEEN, quote, without_password
from index import parsed
from server import Site
from words import Stop, say


class Folder(object):
    """A copy of a release on disk."""

    def __init__(self, path):
        self.path = self.source = os.path.abspath(path)
        self.name = without_password(self.path)

    def index(self):
        try:
            with open(os.path.join(self.path, "index.json"), "rb") as f:
                return f.read()
        except EnvironmentError as e:
            raise Stop(2, "reading index.json of the mirror %s: %s" % (self.name, e.strerror), "a mirror is a copy of all assets of a release, index.json among them")

    def sums(self):
        try:
            with open(os.path.join(self.path, "SHA256SUMS"), "rb") as f:
                return f.read()
        except EnvironmentError as e:
            raise Stop(2, "reading SHA256SUMS of the mirror %s: %s" % (self.name, e.strerror))

    def put_together(self, name):
        """Where an archive lies, if it does, and not only its volumes."""
        path = os.path.join(self.path, name)
        return path if os.path.isfile(path) else None

    def fetch(self, name, to):
        try:
            shutil.copyfile(os.path.join(self.path, name), to)
        except EnvironmentError as e:
            if e.errno != errno.ENOENT:
                raise
            raise Stop(2, "looking for %s: the mirror %s does not have it, though its SHA256SUMS names it" % (name, self.name),
                       "copy it there too: a mirror is a copy of all assets of a release")

    def local(self, asset):
        """Where an archive lies; None where it has only volumes."""
        path = os.path.join(self.path, asset["archive"])
        if not os.path.isfile(path) and asset.get("volumes"):
            return None
        if not os.path.isfile(path):
            raise Stop(2, "looking for %s: the mirror %s does not have it, though its index.json names it" % (asset["archive"], self.name),
                       "copy it there too: a mirror is a copy of all assets of a release")
        return path

    def get(self, asset, to):
        with open(self.local(asset), "rb") as f, open(to, "wb") as copy:
            shutil.copyfileobj(f, copy, 1 << 20)

    def where(self, name):
        return os.path.join(self.path, name)


class Release(Site):
    """A release of a repository; of a private one by the API, which the token
    in GH_TOKEN or GITHUB_TOKEN opens. No other address is sent it."""
    refused = "check the token in GH_TOKEN"
    missing = "check the name, and that the release is published; for a private repository set GH_TOKEN, or copy the release here and name it with --from"

    def __init__(self, server, repo, tag, source, helper):
        Site.__init__(self, "%s/%s/releases/download/%s" % (server, repo, quote(tag, safe="")), repo + "@" + tag, source, helper)
        self.server, self.repo = server, repo
        host = server.partition("://")[2]
        api = "https://api." + host if host == "github.com" or host.endswith(".ghe.com") else server + "/api/v3"
        self.api = os.environ.get("GITHUB_API_URL", "").rstrip("/") or api
        self.release = "%s/repos/%s/releases/tags/%s" % (self.api, repo, quote(tag, safe=""))
        self.assets = None

    def where(self, name):
        if self.assets is None:
            return Site.where(self, name)
        if name not in self.assets:
            raise Stop(2, "fetching %s: %s does not have it" % (name, self.name), "the release was not made by binary-buildout, or is not complete")
        return self.assets[name]

    def fetch(self, name, to="", more=False):
        if self.assets is None:
            return Site.fetch(self, name, to, more)
        return self.by_python(self.where(name), to, more)

    def index(self):
        token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN")
        try:
            return Site.index(self)
        except Stop as e:
            if e.code != 2 or not token:  # it is there, or nothing else can be tried
                raise
        headers = {"Authorization": "Bearer " + token, "Accept": "application/vnd.github+json"}
        try:
            self.headers = headers
            answer = parsed(self.by_python(self.release, "", False), self.name)
            self.assets = dict((a["name"], a["url"]) for a in answer["assets"] if a["url"].startswith(self.api + "/"))
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            raise Stop(3, "reading %s: it is no release (%s)" % (self.release, e), IN_BETWEEN)
        finally:  # no other address is sent the token, where this fails
            self.headers = {} if self.assets is None else dict(headers, Accept="application/octet-stream")
        return Site.index(self)


class Latest(Release):
    """The latest release of a repository, until its tag is known: one that is
    published meanwhile does not mix in."""

    def __init__(self, server, repo, helper):
        Release.__init__(self, server, repo, "latest", repo, helper)
        self.base, self.name = "%s/%s/releases/latest/download" % (server, repo), "the latest release of " + repo
        self.release = "%s/repos/%s/releases/latest" % (self.api, repo)

    def settle(self, tag):
        if tag:
            self.base = "%s/%s/releases/download/%s" % (self.server, self.repo, quote(tag, safe=""))


def source(origin, server, repo, release, tag, helper):
    if re.match(r"https?:", origin, re.I) or "://" in origin:
        if not ADDRESS.match(origin):
            raise Stop(2, "reading the address of the mirror %s: it is not one" % without_password(origin),
                       "https://HOST/... or https://USER:PASSWORD@HOST/...; special characters of a password as %40")
        if origin.startswith("http:"):
            say("warning: the archive and its digest come over http, which anybody on the way can change")
        return Site(origin, without_password(origin), origin, helper)
    if origin:
        return Folder(origin)
    if not repo or not (tag or release):
        raise Stop(2, "it is not known which release this script is of", "name a mirror with --from")
    # Without --tag, an update later takes what is the latest then.
    return Release(server, repo, tag or release, repo + "@" + tag if tag else repo, helper)
