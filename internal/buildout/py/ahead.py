# Runs in the launcher, in front of zc.buildout's main(). zc.buildout asks the index
# for one egg, downloads it and installs it, and then learns what that egg needs.
# Here the wheels of pinned projects are fetched side by side, as soon as something
# that was fetched needs them, and other processes make eggs of them, on a shelf.
# When zc.buildout then asks for one, it is given that, and goes on as if it had
# just fetched it: what it sees is at no time another tree.
#
# The choice of the file, the download and the egg are zc.buildout's own functions:
# this program decides only when they are called. What isn't pinned exactly, has no
# digest in the index, or fails in any way, is left to zc.buildout. Go puts
# sdists.py, fetcher.py and makers.py in front.
# flake8: noqa: F821
import atexit
import collections
import glob
import os
import shutil
import socket
import sys
import tempfile
import threading

module = buildout.buildout
FETCHERS = 8  # they mostly wait
STACK = 8 << 20  # of each, bytes: musl gives a thread 128 KiB, and setuptools overflows them
Egg = collections.namedtuple('Egg', 'path precedence wheel folder')  # the wheel or sdist; of an sdist, what its build left
start = []  # what the builds of sdists saw, once
shelf = {}  # project: the Egg that was made of its wheel, until zc.buildout asks for it


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
        usual = threading.stack_size(STACK)
        for thread in threads:
            thread.start()
        threading.stack_size(usual)
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
        built = is_sdist(dist.location)
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
        if may_build(options):
            start.append(surroundings())
            fetched.run(list(roots(b._raw, lambda name: name in pins or installer._env[name], skipped, ('egg', 'eggs'))), sdists=True)
        fetched.run(words)
    finally:
        makers.end()
        socket.setdefaulttimeout(timeout)  # zc.buildout's index sets it for each request
    shelf.update(fetched.eggs)
    left = ', '.join('%s: %d' % item for item in sorted(fetched.left.items()))
    if shelf or left:
        easy.logger.info('%d eggs were fetched ahead%s.', len(shelf), '; left to zc.buildout are ' + left if left else '')


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
    if os.path.lexists(place) or egg.folder and start != [surroundings()]:
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
        pass_on(egg.folder)
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
    wrap(module.Buildout, '_develop', develop)
    wrap(easy.Installer, '_obtain', obtain)
    wrap(easy, '_move_to_eggs_dir_and_compile', move)
    if hasattr(easy.Installer, '_env_rescan_dest'):
        wrap(easy.Installer, '_env_rescan_dest', rescan)
