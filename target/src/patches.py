"""What is changed in zc.buildout on the target: nothing is compiled, fetched or lost."""
import os
import re
import stat
import sys

from compilers import Shims
from documents import read_json
from journal import Journal
from develop import owners_of, package_of
from paths import fs, slashed
from recipes import patch_extensions, print_picked
from scripts import patch_scripts
from sources import BUILD_OPTIONS, SKIPPED, SOURCE
from system import FILES, STATE, digest, native, read_file, text


def wrap(owner, name, function):
    """Replaces a function by ours, which gets the old one first."""
    old = owner.__dict__.get(name) or getattr(owner, name)

    def wrapped(*args, **kw):
        return function(old, *args, **kw)
    wrapped.__name__ = name
    wrapped.__doc__ = old.__doc__
    wrapped.__dict__.update(getattr(old, "__dict__", {}))
    setattr(owner, name, wrapped)


class Run(object):
    """One run of bin/buildout on the target."""

    def __init__(self, root, state, manifest, arguments):
        self.root, self.state, self.manifest = root, state, manifest
        self.arguments = arguments
        self.journal = Journal(root)
        self.part = None          # the part at work
        self.failed = None        # the part, and the error
        self.removed = {}         # parts that were uninstalled, with their old options
        self.develop_directory = None
        self.owned = None         # names in develop-eggs, and who owns them
        self.copied = []          # directories that the journal has copies or lists of
        self.before = {}          # .installed.cfg, as it was
        self.buildout = None
        self.shims = None
        self.files = None
        self.installed = []

    # -- zc.buildout's functions

    def patch(self, buildout):
        module, easy = buildout.buildout, buildout.easy_install
        self.module, self.easy = module, easy
        wrap(module.Buildout, "install", self.install)
        wrap(module.Buildout, "_uninstall", self.uninstall)
        wrap(module.Buildout, "_uninstall_part", self.uninstall_part)
        wrap(module.Options, "_call", self.call)
        wrap(module.Options, "_initialize", self.initialize)
        wrap(module.Buildout, "_develop", self.develop_option)
        wrap(easy, "develop", self.develop)
        patch_scripts(easy, self.root)
        patch_extensions(module)
        if hasattr(module.Buildout, "_print_picked_versions"):  # not in 1.x
            wrap(module.Buildout, "_print_picked_versions", print_picked)
        if hasattr(easy, "_get_system_paths"):  # 1.x asks the interpreter for its site-packages
            plain = [p for p in sys.path if not p.startswith(fs(self.root))]
            easy._get_system_paths = lambda executable: (plain, [])
            easy._has_broken_dash_S = lambda executable: False

    def install(self, old, buildout, *args):
        self.buildout = buildout
        options = buildout["buildout"]
        place = lambda name: self.journal.relative(options[name + "-directory"])
        copies = [place("bin"), place("develop-eggs"), self.journal.relative(options["installed"] or ".installed.cfg")]
        copies += [native(u".mr.developer.cfg"), native(STATE)]
        lists = [p for p in (place("eggs"), place("parts")) if p]
        for path in list(lists[:1]):  # eggs/v5 lies in eggs
            while os.path.dirname(path):
                path = os.path.dirname(path)
                lists.append(path)
        self.develop_directory = place("develop-eggs")
        self.copied = [p for p in (place("bin"), place("develop-eggs"), place("eggs")) if p]
        self.before = buildout._read_installed_part_options()[0]
        self.journal.begin([c for c in copies if c], lists)
        self.shims = Shims(self.journal)
        try:
            result = old(buildout, *args)
        except BaseException as e:
            if self.failed is None:
                self.failed = self.part, e
            raise
        self.installed = installed_paths(buildout)
        return result

    def uninstall(self, old, buildout, installed):
        left = []
        for name in installed.split("\n"):
            path = buildout._buildout_path(name) if name else name
            if not name or not os.path.lexists(path):
                continue
            if not self.journal.move_away(path):
                left.append(name)
        old(buildout, "\n".join(left))

    def uninstall_part(self, old, buildout, part, options):
        self.removed[part] = dict(options[part])
        return self.within(part, old, buildout, part, options)

    def call(self, old, options, function):
        if options.name not in self.removed:
            before = (self.before.get(options.name) or {}).get("__buildout_installed__") or ""
            paths = [options.buildout._buildout_path(p) for p in before.split("\n") if p]
            fronts = tuple(os.path.join(fs(os.path.join(self.root, p)), "") for p in self.copied)
            self.journal.keep_part([p for p in paths if not p.startswith(fronts)])
        return self.within(options.name, old, options, function)

    def initialize(self, old, options):
        if options.name == "buildout":
            return old(options)
        return self.within(options.name, old, options)

    def within(self, part, function, *args):
        """Remembers which part is at work, and which one failed."""
        before, self.part = self.part, part
        os.environ["BINARY_BUILDOUT_PART"] = part
        try:
            return function(*args)
        except Exception as e:
            if self.failed is None:
                self.failed = part, e
            raise
        finally:
            self.part = before
            os.environ["BINARY_BUILDOUT_PART"] = before or ""

    # -- develop

    def develop_option(self, old, buildout):
        """zc.buildout splits this option at spaces, of which the directory's own
        path may have some: ${buildout:directory}/src/x, and all that mr.developer
        puts there. Relative paths mean the same."""
        options = buildout["buildout"]
        value, directory = options.get("develop"), options["directory"]
        if not value or not re.search(r"\s", directory):
            return old(buildout)
        front = r"(?<!\S)" + re.escape(os.path.join(directory, ""))
        options["develop"] = re.sub(front, "", value)
        try:
            return old(buildout)
        finally:
            options["develop"] = value  # parts may ask for it

    def develop(self, old, setup, dest, build_ext=None, *args, **kw):
        """Puts a develop package's links back, instead of building it again."""
        folder = os.path.realpath(setup if os.path.isdir(setup) else os.path.dirname(setup) or ".")
        found = self.develop_files(folder)
        if not found:
            return self.develop_new(old, folder, setup, dest, build_ext, *args, **kw)
        self.check_develop(folder, build_ext)
        link = None
        for number, relative in found:
            if number:
                self.journal.bring_back(number, relative)
            if relative.endswith(native(u".egg-link")):
                link = fs(os.path.join(self.root, relative))
        return link

    def develop_files(self, folder):
        """Gives what belongs to a directory and was moved out of develop-eggs, or
        still lies there: pairs of the number in the journal, or 0, and path.
        What the build left there and no package owns comes with any of them."""
        aside = dict((name, (0, os.path.join(self.develop_directory, name)))
                     for name in os.listdir(os.path.join(self.root, self.develop_directory)))
        aside.update((os.path.basename(relative), (number, relative)) for number, relative in self.journal.moved
                     if os.path.dirname(relative) == self.develop_directory)
        for name in sorted(aside):
            if not name.endswith(native(u".egg-link")):
                continue
            lines = [text(line.strip()) for line in read_file(self.now_at(*aside[name])).split(b"\n")]
            places = [lines[0]]
            if len(lines) > 1 and lines[1]:
                places.insert(0, os.path.normpath(lines[0] + u"/" + lines[1]))
            if text(folder) in [text(os.path.realpath(native(p))) for p in places]:
                package, owners = package_of(text(name)), self.owners(aside)
                return sorted(v for n, v in aside.items() if owners.get(n, v[0] and package) == package)
        return []

    def now_at(self, number, relative):
        """Says where a file of develop-eggs lies now."""
        return self.journal.path("moved", "%d" % number) if number else os.path.join(self.root, relative)

    def owners(self, aside):
        """Gives the package of each file of develop-eggs that has one."""
        if self.owned is None or self.owned[0] != set(aside):
            found = owners_of([text(n) for n in aside], lambda name: self.record_of(aside[native(name)]))
            self.owned = set(aside), dict((native(n), package) for n, package in found.items())
        return self.owned[1]

    def record_of(self, place):
        path = os.path.join(self.now_at(*place), native(u"RECORD"))
        return read_file(path) if os.path.isfile(path) else b""

    def develop_new(self, old, folder, setup, dest, build_ext, *args, **kw):
        """Sets up a package that was added here, which works if it needs no compiler."""
        saved = dict(os.environ)
        os.environ.update(PIP_NO_BUILD_ISOLATION="0", PIP_NO_INDEX="1")
        try:
            return old(setup, dest, build_ext, *args, **kw)
        except (Exception, SystemExit) as e:
            wanted = self.shims.wanted()
            raise self.user_error("the develop package %s can't be set up here%s: %s" % (
                os.path.relpath(folder, fs(self.root)), ": it needs a compiler" if wanted else "", e))
        finally:
            os.environ.clear()
            os.environ.update(saved)

    def user_error(self, message):
        import zc.buildout
        return zc.buildout.UserError(message)

    def check_develop(self, folder, build_ext):
        """Refuses where a develop package would have to be compiled again."""
        relative = slashed(folder)[len(text(self.root)) + 1:]
        extensions = [e for e in self.manifest.get("extensions") or ()
                      if e["path"].startswith(relative + u"/")]
        if not extensions:
            return
        built = None
        for extension in extensions:
            path = os.path.join(self.root, native(extension["path"]))
            if not os.path.exists(path):
                raise self.user_error(fs(u"%s is missing, and making it needs a compiler: package %s"
                                         % (extension["path"], relative)))
            time = os.lstat(path).st_mtime
            if digest(read_file(path)) == extension.get("sha256"):
                time = min(time, built[0]) if built else time
                built = time, extension["path"]
        if built:
            changed = self.changed_source(relative, built[0])
            if changed:
                raise self.user_error(fs(u"%s was changed after %s was compiled, and compiling it needs a compiler: "
                                         u"package %s" % (changed, built[1], relative)))
        old = self.removed.get(self.part)
        if old is not None and build_ext is not None:
            for key in BUILD_OPTIONS:
                if old.get(key) != self.current(self.part).get(key):
                    raise self.user_error("the option %s of %s was changed, and that needs a compiler"
                                          % (key, self.part))

    def current(self, part):
        return self.buildout[part] if part else {}

    def changed_source(self, relative, time):
        """Gives a source file in a package that is newer than what was compiled
        from it, and isn't the one that it was compiled from."""
        if self.files is None:
            listed = read_json(self.root, FILES) or {}
            left = self.state.get("files") or {}
            self.files = dict((e["path"], left.get(e["path"]) or e.get("sha256"))
                              for e in listed.get("files") or () if not e.get("type"))
        base = os.path.join(self.root, native(relative))
        for folder, folders, names in os.walk(base):
            folders[:] = sorted(n for n in folders if text(n) not in SKIPPED)
            for name in sorted(names):
                if not SOURCE.search(text(name)):
                    continue
                path = os.path.join(folder, name)
                found = os.lstat(path)
                if not stat.S_ISREG(found.st_mode) or found.st_mtime <= time:
                    continue
                inside = slashed(path)[len(text(self.root)) + 1:]
                if self.files and self.files.get(inside) != digest(read_file(path)):
                    return inside
        return None


def installed_paths(buildout):
    """Gives what the parts left, by .installed.cfg."""
    found = []
    for options in buildout._read_installed_part_options()[0].values():
        for line in (options.get("__buildout_installed__") or "").split("\n"):
            if line:
                found.append(buildout._buildout_path(line))
    return found
