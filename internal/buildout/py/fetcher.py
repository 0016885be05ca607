# Stands in front of makers.py and ahead.py: what of a buildout is fetched ahead, and
# from where. The choice of the file and the download are zc.buildout's own functions.
# The launcher gives these programs buildout and wrap (target/src/launching.py), and Go
# puts plain_name (target/src/names.py) in front.
import copy
import email.parser
import re
import zipfile

try:
    from urllib.parse import urlparse
except ImportError:
    from urlparse import urlparse

easy, plain = buildout.easy_install, plain_name  # noqa: F821
PINNED = re.compile(r'=*\s*([0-9A-Za-z][0-9A-Za-z.+!-]*)\s*$')
NAMED = re.compile(r'(?<![\w./-])[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]\n]*\])?')
DIGEST = re.compile('#.*sha(?:224|256|384|512)=[0-9a-f]{56}')
ANCHOR = re.compile(br'<a\s[^>]*?href\s*=\s*["\']?([^"\'>\s]+)[^>]*>.*?</a>', re.I | re.S)


def exact(versions):
    """The projects that have one version."""
    return dict((plain(name), PINNED.match(value).group(1)) for name, value in versions.items() if PINNED.match(value or ''))


def roots(sections, known, skipped, names=()):
    """The known projects that any option names (or one of names), with their extras:
    those that a part asks for, and perhaps some that nobody asks for. What is built
    from source (zc.recipe.egg:custom) has no wheel before that."""
    built = set()
    for section, options in sections.items():
        if ':' in options.get('recipe', '') and not options['recipe'].endswith(':scripts'):
            built.update(plain(word.split('[')[0]) for word in NAMED.findall(options.get('egg', section)))
    for section, options in sections.items():
        for option, value in options.items() if section not in skipped else ():
            for word in NAMED.findall(value) if not names or option in names else ():
                name = plain(word.split('[')[0])
                if name not in built and known(name):
                    yield word


def odd(b):
    """Why all is left to zc.buildout, or ''."""
    options = b['buildout']
    if options.get('offline') == 'true' or options.get('install-from-cache') == 'true':
        return 'nothing is fetched'
    for name, section in b._raw.items():
        if name != 'buildout' and set(section) & set(('index', 'find-links', 'allow-hosts')):
            return '[%s] has an index of its own' % name
    return ''


def requirements(wheel):
    """What a wheel's metadata requires."""
    with zipfile.ZipFile(wheel) as z:
        name, = [n for n in z.namelist() if re.match(r'[^/]+\.dist-info/METADATA$', n)]
        text = z.read(name).decode('utf-8', 'replace')
    return list(easy.pkg_resources.parse_requirements(email.parser.Parser().parsestr(text, headersonly=True).get_all('Requires-Dist') or ()))


def applies(req, extras):
    return not req.marker or any(req.marker.evaluate({'extra': extra}) for extra in ('',) + tuple(extras))


def release_of(version):
    """The release segment of a version, without the zeros at its end."""
    found = re.match(r'v?(\d+(?:\.\d+)*)(?!!)', version)
    return found and re.sub(r'(\.0+)+$', '', '.'.join(str(int(n)) for n in found.group(1).split('.')))


def of_release(page, project, version):
    """An index page without the links of other releases: most have hundreds, and
    zc.buildout takes each apart."""
    wanted = release_of(version)
    name = '[-_.]+'.join(re.escape(word) for word in plain(project).split('-'))
    other = re.compile(r'[^?#]*/%s-(v?\d[0-9.]*?)(?:\.(?:tar|zip|tgz)|[^0-9.!]|\.[^0-9])' % name, re.I)

    def keep(match):
        found = other.match('/' + match.group(1).decode('latin-1'))
        release = release_of(found.group(1)) if found else None
        return b'' if wanted and release and release != wanted else match.group(0)
    return ANCHOR.sub(keep, page)


class Page(object):
    """A response with another body."""

    def __init__(self, response, body):
        self.response, self.body = response, body

    def read(self):
        return self.body

    def __getattr__(self, name):
        return getattr(self.response, name)


class Fetcher(object):
    """Fetches what zc.buildout would, of one project a call, in any thread."""

    def __init__(self, installer, folder):
        self.installer, self.folder = installer, folder
        self.index = installer._index
        self.index.prescan()

    def index_of(self, req):
        """The index as zc.buildout has it before it asks for a project."""
        index = copy.copy(self.index)
        index._distmap = {}
        index.scanned_urls, index.fetched_urls, index.package_pages = {}, {}, {}
        for dist in self.index[req.project_name]:
            index.add(dist)
        version = req.specs[0][1]

        def open_url(url, warning=None):
            response = type(index).open_url(index, url, warning)
            if response is None or getattr(response, 'code', 200) >= 400:
                return response
            return Page(response, of_release(response.read(), req.project_name, version))
        index.open_url = open_url
        index.scan_all = lambda *args: None
        if hasattr(easy, '_Monkey'):
            # To keep a warning quiet, zc.buildout before 4 empties setuptools.package_index
            # while url_ok runs, and fills it again: other threads find nothing in it meanwhile.
            index.url_ok = lambda url, fatal=False: bool(easy.FILE_SCHEME(url) or index.allows(urlparse(url)[1]))
        return index

    def fetch(self, req, sdists=False):
        """The best distribution for a requirement, as a wheel (or an sdist) that lies here; or why not."""
        index = self.index_of(req)
        installer = copy.copy(self.installer)
        installer._index = index
        dist = installer._obtain(req)
        if dist is None:
            return None, 'not found'
        remote = '://' in dist.location
        if not re.sub('[?#].*', '', dist.location).endswith('.whl') and not (sdists and is_sdist(dist.location)):  # noqa: F821
            return None, 'no wheel'
        if remote and not DIGEST.search(dist.location):
            return None, 'no digest in the index'
        if remote:  # a page may have been read in part; a file may not
            del index.open_url
        return dist.clone(location=index.download(dist.location, self.folder)), ''
