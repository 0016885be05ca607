# Runs in the launcher, in front of zc.buildout's main(). zc.buildout asks the index
# for one egg, downloads it and installs it, and then learns what that egg needs.
# Here the wheels of pinned projects are fetched side by side, as soon as something
# that was fetched needs them, and other processes make eggs of them, on a shelf.
# When zc.buildout then asks for one, it is given that, and goes on as if it had
# just fetched it: what it sees is at no time another tree.
#
# The choice of the file, the download and the egg are zc.buildout's own functions:
# this program decides only when they are called. What isn't pinned exactly, has no
# digest in the index, or fails in any way, is left to zc.buildout. For sdists, see
# sdists.py, which Go puts in front.
# The launcher gives this program buildout and wrap (target/src/launching.py), and Go puts plain_name
# (target/src/names.py) in front.
import atexit
import collections
import copy
import email.parser
import glob
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import zipfile

try:
    from urllib.parse import urlparse
except ImportError:
    from urlparse import urlparse

easy, module, plain = buildout.easy_install, buildout.buildout, plain_name  # noqa: F821
FETCHERS = 8  # they mostly wait
MAKERS = max(1, min(4, os.cpu_count() or 1)) if hasattr(os, 'cpu_count') else 1
PINNED = re.compile(r'=*\s*([0-9A-Za-z][0-9A-Za-z.+!-]*)\s*$')
NAMED = re.compile(r'(?<![\w./-])[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]\n]*\])?')
DIGEST = re.compile('#.*sha(?:224|256|384|512)=[0-9a-f]{56}')
ANCHOR = re.compile(br'<a\s[^>]*?href\s*=\s*["\']?([^"\'>\s]+)[^>]*>.*?</a>', re.I | re.S)
Egg = collections.namedtuple('Egg', 'path precedence wheel folder')  # the wheel or sdist; of an sdist, what its build left
start = []  # what the builds of sdists saw, once
shelf = {}  # project: the Egg that was made of its wheel, until zc.buildout asks for it


# ---- what to fetch ----------------------------------------------------------------

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


# ---- fetching -----------------------------------------------------------------------

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


# ---- making eggs ----------------------------------------------------------------------

class Makers(object):
    """Processes that make eggs, each one at a time."""

    def __init__(self, dest, count):
        self.free, self.all = collections.deque(), []
        self.ready = threading.Semaphore(count)
        for number in range(count):
            self.start(dest)

    def start(self, dest):
        there, ours = os.pipe(), os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            try:
                for maker in self.all:
                    os.close(maker[1].fileno())
                os.close(there[1])
                os.close(ours[0])
                with os.fdopen(there[0], 'rb') as jobs, os.fdopen(ours[1], 'wb') as answers:
                    work(dest, jobs, answers)
            finally:
                os._exit(0)
        os.close(there[0])
        os.close(ours[1])
        maker = child, os.fdopen(there[1], 'wb'), os.fdopen(ours[0], 'rb')
        self.all.append(maker)
        self.free.append(maker)

    def make(self, dist):
        """The egg's path, precedence and folder (see Egg); None if it can't be made so. Waits for a process."""
        with self.ready:
            maker = self.free.popleft()
            try:
                write_line(maker[1], [dist.location, dist.project_name, dist.version, dist.precedence])
                return json.loads(maker[2].readline().decode('utf-8') or 'null')
            except EnvironmentError:
                return None
            finally:
                self.free.append(maker)

    def end(self):
        for child, jobs, answers in self.all:
            try:
                jobs.close()
            except EnvironmentError:
                pass  # it ended before
            answers.close()
            os.waitpid(child, 0)


def write_line(file, value):
    file.write(json.dumps(value).encode('utf-8') + b'\n')
    file.flush()


def work(dest, jobs, answers):
    """Makes eggs until there are no more jobs. Bytecode that names its source is
    made where the egg will be."""
    easy.redo_pyc = lambda egg: None
    for line in jobs:
        location, name, version, precedence = json.loads(line.decode('utf-8'))
        dist = easy.pkg_resources.Distribution(location, project_name=name, version=version, precedence=precedence)
        sys.path_importer_cache.clear()  # as zc.buildout does
        folder = tempfile.mkdtemp(dir=FOLDER) if is_sdist(location) else None  # noqa: F821

        def make():
            return easy._move_to_eggs_dir_and_compile(dist, dest)
        try:
            egg = apart(folder, name + ' ' + version, make) if folder else make()  # noqa: F821
            answer = [egg.location, egg.precedence, folder]
        except (Exception, SystemExit):
            answer = None
        sys.stdout.flush()
        write_line(answers, answer)


# ---- from need to need ---------------------------------------------------------------------

class Ahead(object):
    """Fetches what is pinned and needed, beginning at what the configuration names."""

    def __init__(self, installer, pins, fetcher, makers):
        self.installer, self.pins, self.fetcher, self.makers = installer, pins, fetcher, makers
        self.changed = threading.Condition()
        self.waiting, self.working = collections.deque(), 0
        self.asked = {}               # project: extras that were asked for
        self.needs = {}               # project: what it requires with some extras
        self.eggs = {}                # project: Egg
        self.left = collections.Counter()
        self.sdists = False           # whether they are built

    def need(self, req):
        """Something needs req. The caller holds the lock."""
        name, extras = plain(req.project_name), set(req.extras)
        if name not in self.asked:
            self.asked[name] = extras
            self.waiting.append(req)
            self.changed.notify_all()
        elif extras - self.asked[name]:
            self.asked[name] |= extras
            self.follow(name)

    def follow(self, name):
        for req in self.needs[name](self.asked[name]) if name in self.needs else ():
            self.need(req)

    def run(self, words, sdists=False):
        self.sdists = sdists
        with self.changed:
            for word in words:
                self.need(easy.pkg_resources.Requirement.parse(word))
        threads = [threading.Thread(target=self.take) for n in range(FETCHERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def take(self):
        while True:
            with self.changed:
                while not self.waiting and self.working:
                    self.changed.wait()
                if not self.waiting:
                    return
                req = self.waiting.popleft()
                self.working += 1
            try:
                why = self.one(req)
            except (Exception, SystemExit) as e:
                why = type(e).__name__
            with self.changed:
                self.working -= 1
                if why:
                    self.left[why] += 1
                self.changed.notify_all()

    def one(self, asked):
        """Gets what req asks for; the answer is why it was left, or ''."""
        name = plain(asked.project_name)
        req = asked
        if name in self.pins:
            req = easy.pkg_resources.Requirement.parse('%s==%s' % (asked.project_name, self.pins[name]))
        for dist in self.installer._env[req.project_name]:
            if dist in req:
                self.learn(name, lambda extras: dist.requires(sorted(extras & set(dist.extras))))
                return ''
        if name not in self.pins:
            return 'not pinned'
        dist, why = self.fetcher.fetch(req, self.sdists)
        if dist is None:
            return why
        built = is_sdist(dist.location)  # noqa: F821
        if not built:
            needs = requirements(dist.location)
            self.learn(name, lambda extras: [need for need in needs if applies(need, extras)])
        egg = self.makers.make(dist)
        if not egg:
            return 'no egg'
        if built:
            made = easy._get_matching_dist_in_location(dist, egg[0])
            self.learn(name, lambda extras: made.requires(sorted(extras & set(made.extras))))
        with self.changed:
            self.eggs[name] = Egg(egg[0], egg[1], dist, egg[2])
        easy.logger.info('%s %s %s ahead.', 'Built' if built else 'Fetched', dist.project_name, dist.version)
        return ''

    def learn(self, name, needs):
        with self.changed:
            self.needs[name] = needs
            self.follow(name)


def ahead(b):
    options, versions = b['buildout'], easy.Installer._versions
    pins = exact(versions)
    why = odd(b)
    if why or not pins:
        easy.logger.info('Nothing is fetched ahead: %s.', why or 'nothing is pinned')
        return
    skipped = (options.get('versions'), 'versions', 'sources', 'binary-buildout')
    timeout = socket.getdefaulttimeout()
    installer = easy.Installer(dest=options['eggs-directory'], links=options.get('find-links', '').split(), index=options.get('index'),
                               newest=False, path=[options['develop-eggs-directory']], allow_hosts=b._allow_hosts)
    words = list(roots(b._raw, lambda name: name in pins or installer._env[name], skipped))
    prepare = getattr(getattr(easy, 'get_subprocess_output', None), 'prepare', None)
    if prepare and words:
        prepare()  # once, and not in each of the processes
    makers = Makers(os.path.join(FOLDER, 'eggs'), MAKERS)
    try:
        fetched = Ahead(installer, pins, Fetcher(installer, easy.Installer._download_cache or FOLDER), makers)
        if may_build(options):  # noqa: F821
            start.append(surroundings())  # noqa: F821
            fetched.run(list(roots(b._raw, lambda name: name in pins or installer._env[name], skipped, ('egg', 'eggs'))), sdists=True)
        fetched.run(words)
    finally:
        makers.end()
        socket.setdefaulttimeout(timeout)  # zc.buildout's index sets it for each request
    shelf.update(fetched.eggs)
    left = ', '.join('%s: %d' % item for item in sorted(fetched.left.items()))
    if shelf or left:
        easy.logger.info('%d eggs were fetched ahead%s.', len(shelf), '; left to zc.buildout are ' + left if left else '')


# ---- zc.buildout's functions --------------------------------------------------------------------

def develop(old, self):
    found = old(self)
    try:
        ahead(self)
    except (Exception, SystemExit) as e:
        easy.logger.info('Nothing is fetched ahead: %s.', e)
    return found


def obtain(old, self, requirement, source=None):
    """Of a project on the shelf, the best distribution is known already."""
    egg = None if source else shelf.get(plain(requirement.project_name))
    if egg and egg.wheel in requirement:
        return egg.wheel
    return old(self, requirement, source)


def move(old, dist, dest):
    """Takes the egg from the shelf, if it was made of this very file."""
    name = plain(dist.project_name)
    egg = shelf.get(name)
    if not egg or egg.wheel.location != dist.location:
        return old(dist, dest)
    del shelf[name]
    place = os.path.join(dest, os.path.basename(egg.path))
    if os.path.lexists(place) or egg.folder and start != [surroundings()]:  # noqa: F821
        return old(dist, dest)
    if not os.path.isdir(dest):
        os.makedirs(dest)
    shutil.move(egg.path, place)
    if hasattr(easy, 'redo_pyc'):
        easy.redo_pyc(place)
    found = easy._get_matching_dist_in_location(dist, place)
    if found is None:
        shutil.rmtree(place)
        return old(dist, dest)
    found.precedence = egg.precedence
    if egg.folder:
        pass_on(egg.folder)  # noqa: F821
    return found


def rescan(old, self):
    """Only what is new: zc.buildout reads all eggs after each."""
    names = set(os.listdir(self._dest))
    known, self.known_names = getattr(self, 'known_names', None), names
    if known is None:
        return old(self)
    new = [os.path.join(self._dest, name) for name in names - known]
    self._env.scan([path for path in new if path.endswith('.egg') or glob.glob(os.path.join(glob.escape(path), '*.dist-info'))])
    self._eggify_env_dest_dists(self._env, self._dest)


if sys.platform.startswith('linux') and sys.version_info[0] > 2 and hasattr(easy, '_get_matching_dist_in_location'):
    FOLDER = tempfile.mkdtemp('ahead')
    atexit.register(shutil.rmtree, FOLDER, True)
    wrap(module.Buildout, '_develop', develop)  # noqa: F821
    wrap(easy.Installer, '_obtain', obtain)  # noqa: F821
    wrap(easy, '_move_to_eggs_dir_and_compile', move)  # noqa: F821
    if hasattr(easy.Installer, '_env_rescan_dest'):
        wrap(easy.Installer, '_env_rescan_dest', rescan)  # noqa: F821
